/** What of a layer training computes again during backward instead of keeping it. The bytes of a training are the same. */

/**
 * off: everything is kept. selective: norms and the activation are computed again from what products and attention gave, at little
 * cost. full: all but each layer's input is, for about a third more time.
 */
export const recomputations = ['off', 'selective', 'full'] as const;
export type Recomputation = (typeof recomputations)[number];

/** Automatic: the first of them with which the training fits. */
export type RecomputeSetting = 'auto' | Recomputation;

/** Rows and loss rows of the largest pass. */
export interface PassSize {
  readonly rows: number;
  readonly targets: number;
}

/** This one and those that keep less, in their order. */
export function sparing(first: Recomputation): readonly Recomputation[] {
  return recomputations.slice(recomputations.indexOf(first));
}
