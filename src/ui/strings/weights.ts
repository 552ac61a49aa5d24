/** Words about the weights of a loaded model; fetched when there is something to say. */
import type { Requantised } from '../../records/requantised';

export const weightStrings = {
  requantised: (name: string, { types, tensors, of, mean }: Requantised): string =>
    `${name}: ${tensors} of ${of} weight matrices (${types.join(', ')}) were quantised again to be loaded, which changed their weights by ${Number((100 * mean).toPrecision(2))} % on average.`,
  requantisedHint:
    'This is less than the file itself lost. For the exact weights take its Q8_0 or F16 file, which needs more memory.',
} as const;
