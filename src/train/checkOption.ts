/** Checks that the options of every training share. */
import { ConfigError } from '../core/errors';

/** Throws ConfigError naming the option, its value and its range. */
export function checkOption(name: string, value: number, good: boolean, range: string): void {
  if (!good) throw new ConfigError(`${name} is ${value}, outside ${range}.`, `Give ${name} within ${range}.`);
}

/** Each of these options has to be an integer of at least this. */
export function checkCounts<K extends string>(
  options: Readonly<Record<NoInfer<K>, number>>,
  least: Readonly<Record<K, number>>,
): void {
  for (const name of Object.keys(least) as K[]) {
    const value = options[name];
    const good = Number.isSafeInteger(value) && value >= least[name];
    checkOption(name, value, good, `the integers from ${least[name]}`);
  }
}
