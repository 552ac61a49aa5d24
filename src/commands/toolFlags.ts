/** Flags of a command as typed values; a value that does not parse is a ConfigError naming it. */
import { ConfigError } from '../core/errors';

export class Flags {
  readonly #given: Readonly<Record<string, string>>;

  constructor(given: Readonly<Record<string, string>>) {
    this.#given = given;
  }

  has(name: string): boolean {
    return this.#given[name] !== undefined;
  }

  text(name: string): string {
    const value = this.#given[name];
    if (value === undefined) throw new ConfigError(`--${name} is missing.`, `Give --${name} a value.`);
    return value;
  }

  number(name: string, fallback: number): number {
    const text = this.#given[name];
    if (text === undefined) return fallback;
    const value = Number(text);
    if (text.trim() === '' || !Number.isFinite(value))
      throw new ConfigError(`--${name} is "${text}"; it must be a number.`, `Give --${name} a number.`);
    return value;
  }

  integer(name: string, fallback: number): number {
    const value = this.number(name, fallback);
    if (!Number.isSafeInteger(value))
      throw new ConfigError(
        `--${name} is ${value}; it must be a whole number.`,
        `Give --${name} a whole number.`,
      );
    return value;
  }

  boolean(name: string): boolean {
    return this.choice(name, ['true', 'false'], 'false') === 'true';
  }

  choice<T extends string>(name: string, choices: readonly T[], fallback: T): T {
    const text = this.#given[name];
    if (text === undefined) return fallback;
    const found = choices.find((choice) => choice === text);
    if (found === undefined)
      throw new ConfigError(
        `--${name} is "${text}"; it must be one of ${choices.join(', ')}.`,
        'Pick one of these.',
      );
    return found;
  }

  /** Comma-separated words out of the given choices. */
  list<T extends string>(name: string, choices: readonly T[]): readonly T[] {
    const text = this.#given[name];
    if (text === undefined) return choices;
    return text.split(',').map((word) => {
      const found = choices.find((choice) => choice === word.trim());
      if (found === undefined)
        throw new ConfigError(
          `--${name} names "${word}"; known are ${choices.join(', ')}.`,
          'Pick some of these.',
        );
      return found;
    });
  }

  /** Comma-separated numbers. */
  numbers(name: string, fallback: readonly number[]): readonly number[] {
    const text = this.#given[name];
    if (text === undefined) return fallback;
    return text.split(',').map((word) => {
      const value = Number(word);
      if (word.trim() === '' || !Number.isFinite(value))
        throw new ConfigError(
          `--${name} holds "${word}", which is not a number.`,
          'Separate numbers by commas.',
        );
      return value;
    });
  }
}
