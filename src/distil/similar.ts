/**
 * Which texts work like a given one: by the operations and intermediate results of distance.ts, wording second. No
 * gradient is taken, so this is a likeness of steps and no claim about what taught what.
 */
import { equationsIn, splitSteps } from '../tasks/stepChecker';
import { compareDistances, distance, operations, shapeOf } from './distance';

/** A text beside which another one works alike. */
export interface SimilarText {
  /** Place in the list that was searched. */
  readonly index: number;
  /** 1 - edit distance of the operations with their results, as a share of the longer sequence. */
  readonly similarity: number;
  /** Spans [start, end) of the steps that both have: in the text found, and in the text asked about. */
  readonly here: readonly (readonly [number, number])[];
  readonly there: readonly (readonly [number, number])[];
}

type Span = readonly [start: number, end: number];

/** Spans of the steps with an operation (operators and result) that `common` holds. */
function spansOf(text: string, common: ReadonlySet<string>): Span[] {
  return splitSteps(text).flatMap((step): Span[] =>
    equationsIn(step.text).length > 0 && operations(step.text).some((operation) => common.has(operation))
      ? [[step.start, step.end]]
      : [],
  );
}

/** The `count` nearest texts, the most alike first; those that share no operation are left out. */
export function mostSimilar(text: string, texts: readonly string[], count: number): SimilarText[] {
  const shape = shapeOf(text);
  const known = new Set(shape.operations);
  return texts
    .map((other, index) => ({ other, index, shape: shapeOf(other) }))
    .filter((one) => one.shape.operations.some((operation) => known.has(operation)))
    .map((one) => ({ ...one, distance: distance(shape, one.shape) }))
    .sort((a, b) => compareDistances(a.distance, b.distance) || a.index - b.index)
    .slice(0, count)
    .map(({ other, index, shape: found, distance: { structure } }) => {
      const common = new Set(found.operations.filter((operation) => known.has(operation)));
      return { index, similarity: 1 - structure, here: spansOf(other, common), there: spansOf(text, common) };
    });
}
