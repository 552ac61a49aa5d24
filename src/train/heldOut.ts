/** Held-out loss during training. */
import type { Tensor } from '../compute/ops';
import { throwIfAborted } from '../core/errors';
import type { LanguageModel } from '../lm/types';
import type { Backprop } from './backprop';
import { packExamples, totalWeight, weightedSum } from './batch';
import type { Example } from './batch';

/** Weighted mean of the held-out loss over all target tokens of the examples, `batch` documents at a time. */
export async function heldOutLoss(
  backprop: Backprop,
  model: LanguageModel,
  examples: readonly Example[],
  options: { batch: number; nll: Tensor; signal?: AbortSignal | undefined },
): Promise<number> {
  let sum = 0;
  for (let start = 0; start < examples.length; start += options.batch) {
    throwIfAborted(options.signal);
    const documents = examples.slice(start, start + options.batch);
    const batch = packExamples(documents);
    backprop.forward(batch);
    backprop.losses({ nll: options.nll });
    const losses = await model.backend.read(options.nll, 0, batch.targets.length);
    sum = weightedSum(sum, documents, losses);
  }
  return sum / totalWeight(examples);
}
