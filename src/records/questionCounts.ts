/** How many questions of a file a run asks for, and how a file that holds fewer is split. */
import type { Question } from './records';
import type { RunConfig } from '../settings/config';

/** The splits that a file is parted into; the others come from the generator alone. */
export const fileCounts = ['trainQuestions', 'validationQuestions', 'testQuestions'] as const;
export type FileCounts = Pick<RunConfig, (typeof fileCounts)[number]>;

export function askedOf(counts: FileCounts): number {
  return fileCounts.reduce((sum, name) => sum + counts[name], 0);
}

/** Different questions among those that were read. */
export function heldBy(questions: readonly Pick<Question, 'id'>[]): number {
  return new Set(questions.map(({ id }) => id)).size;
}

/**
 * All of `held` questions in the proportions of `counts` (which ask for more), at least one for each split that asks for any;
 * null where there is not one for each.
 */
export function splitOf(counts: FileCounts, held: number): FileCounts | null {
  const asking = fileCounts.filter((name) => counts[name] > 0);
  if (asking.length > held) return null;
  const asked = askedOf(counts);
  const parts = asking.map((name) => {
    const ideal = (held * counts[name]) / asked;
    return { name, ideal, count: Math.max(1, Math.floor(ideal)) };
  });
  // One question at a time to or from the split that is farthest from its proportion.
  const left = (): number => held - parts.reduce((sum, { count }) => sum + count, 0);
  const farthest = (over: (part: (typeof parts)[number]) => number) =>
    parts.reduce((most, part) => (over(part) > over(most) ? part : most));
  while (left() > 0) farthest(({ ideal, count }) => ideal - count).count += 1;
  while (left() < 0) farthest(({ ideal, count }) => (count > 1 ? count - ideal : -Infinity)).count -= 1;
  const found = new Map(parts.map(({ name, count }) => [name, count]));
  return {
    trainQuestions: found.get('trainQuestions') ?? 0,
    validationQuestions: found.get('validationQuestions') ?? 0,
    testQuestions: found.get('testQuestions') ?? 0,
  };
}
