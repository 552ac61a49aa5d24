/** The evaluation sets that the generator of word problems makes, by name. */

import { ConfigError } from '../core/errors';
import type { EvalSetSpec } from '../settings/evalSets';

/** In the order of tables. A further family is added here and to the wordings of the generator. */
export const generatedSets = ['ood', 'robust', 'steps', 'vehicles', 'money'] as const;
export type GeneratedSet = (typeof generatedSets)[number];

/** What the generator is asked for. */
export type GeneratedSplit = 'train' | 'validation' | 'test' | GeneratedSet;

export function isGeneratedSet(name: string): name is GeneratedSet {
  return generatedSets.some((one) => one === name);
}

/** Throws ConfigError for a set without a file that is not built in, and for a file under a built-in name. */
export function checkSet({ name, file }: EvalSetSpec): void {
  if ((file === null) === isGeneratedSet(name)) return;
  if (file !== null) {
    throw new ConfigError(
      `"${name}" is the name of a built-in evaluation set.`,
      `Give the set of ${file} another name.`,
    );
  }
  throw new ConfigError(
    `There is no built-in evaluation set "${name}".`,
    `The built-in sets are ${generatedSets.join(', ')}; another one needs a file.`,
  );
}
