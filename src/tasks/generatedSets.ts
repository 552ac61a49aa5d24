/** The evaluation sets that the generator of word problems makes, by name. */

/** In the order of tables. A further family is added here and to the wordings of the generator. */
export const generatedSets = ['ood', 'robust'] as const;
export type GeneratedSet = (typeof generatedSets)[number];

/** What the generator is asked for. */
export type GeneratedSplit = 'train' | 'validation' | 'test' | GeneratedSet;

export function isGeneratedSet(name: string): name is GeneratedSet {
  return generatedSets.some((one) => one === name);
}
