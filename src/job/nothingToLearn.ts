import { NothingToLearnError } from '../core/errors';
import { emptyReason } from '../eval/emptyDataset';
import type { Dataset } from '../records/records';

/** For a training without a trace. `questions`: how many there were to learn from. */
export function nothingToLearn(
  strategy: string,
  dataset: Pick<Dataset, 'dropped'>,
  questions: number,
): NothingToLearnError {
  const { message, hint, settings } = emptyReason(strategy, dataset, questions);
  return new NothingToLearnError(message, hint, { details: { strategy, questions, settings } });
}
