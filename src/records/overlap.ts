/** Training questions that are near questions of another set: what the guard found when a run was planned. */
import * as v from 'valibot';

/**
 * Why two questions count as near. same: one normalised text; phrases: at least half of the 13-word phrases of the shorter one;
 * numbers: the same numbers in whatever order, and at least half of the other words.
 */
export type OverlapRule = 'same' | 'phrases' | 'numbers';

export interface OverlapExample {
  readonly rule: OverlapRule;
  readonly train: string;
  readonly other: string;
  /** Split of the other one. */
  readonly split: string;
}

export interface TrainOverlap {
  readonly policy: 'drop' | 'refuse' | 'keep';
  /** Training questions that were looked at. */
  readonly looked: number;
  /** Those that are near a question of another set, and how many of them were left out of training. */
  readonly found: number;
  readonly dropped: number;
  /** `found` by the set of the other question. */
  readonly bySet: Readonly<Record<string, number>>;
  /** Questions that another set asks already, left out of the set named here. */
  readonly repeated: Readonly<Record<string, number>>;
  /** On a debate that is used again: questions near its training questions, left out of the set named here. Absent where none were. */
  readonly near?: Readonly<Record<string, number>>;
  readonly examples: readonly OverlapExample[];
}

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

export const overlapSchema = v.object({
  policy: v.picklist(['drop', 'refuse', 'keep']),
  looked: count,
  found: count,
  dropped: count,
  bySet: v.record(v.string(), count),
  repeated: v.record(v.string(), count),
  near: v.exactOptional(v.record(v.string(), count)),
  examples: v.array(
    v.object({
      rule: v.picklist(['same', 'phrases', 'numbers']),
      train: v.string(),
      other: v.string(),
      split: v.string(),
    }),
  ),
}) satisfies v.GenericSchema<unknown, TrainOverlap>;
