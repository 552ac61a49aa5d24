/** How many steps a training takes on the traces it has. */
import type { RunConfig } from './config';

/** `steps`, or fewer where they would show each trace more often than the settings allow. */
export function boundedSteps(
  steps: number,
  { batch, maxEpochs }: Pick<RunConfig, 'batch' | 'maxEpochs'>,
  traces: number,
): number {
  return maxEpochs === 0 ? steps : Math.max(1, Math.min(steps, Math.ceil((maxEpochs * traces) / batch)));
}
