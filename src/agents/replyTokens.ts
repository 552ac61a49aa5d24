/** Room for a reply where the runtime counts thoughts and answer together. */
import type { Sampling } from '../records/records';
import { thinkingBudgetOf } from '../records/thoughts';

/** `thinks`: the model thinks though it is asked not to. */
export function replyTokens(sampling: Sampling, thinks: boolean): number {
  const { thinking, maxTokens } = sampling;
  return thinking !== undefined || thinks ? maxTokens + thinkingBudgetOf(sampling) : maxTokens;
}
