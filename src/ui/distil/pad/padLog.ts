/** Which kind of training a log is of. */
import type { StrategyLog } from '../../../records/runRecords';
import type { TrainLog } from '../../../records/trainLog';
import { rewardModelName } from '../../../records/trainings';
import { stagesOf } from '../../../settings/strategy';

/** A log of group RL has a reward, which a supervised training's has not. */
export function isRlLog(steps: readonly TrainLog[]): boolean {
  return steps.some((log) => log['reward'] !== undefined);
}

/** A log of PAD: of a group RL, or of its reward model. */
export function isPadLog(log: Pick<StrategyLog, 'strategy' | 'steps'>): boolean {
  return isRewardLog(log) || isRlLog(log.steps);
}

export function isRewardLog({ strategy }: Pick<StrategyLog, 'strategy'>): boolean {
  return strategy === rewardModelName;
}

/**
 * The dataset of a training or stage. Runs of older versions keep that of a stack under the name of its last stage.
 */
export function datasetOf<T extends { readonly strategy: string }>(
  datasets: readonly T[],
  strategy: string | null,
): T | undefined {
  const last = strategy === null ? undefined : stagesOf(strategy).at(-1);
  return [strategy, last?.kind]
    .map((name) => datasets.find((set) => set.strategy === name))
    .find((set) => set !== undefined);
}

/** Name of the dataset behind a strategy: PAD has its reward model's, RL on the second answer that of the stage before. */
export function taughtBy(strategy: string | null): string | null {
  const last = strategy === null ? undefined : stagesOf(strategy).at(-1);
  if (last?.kind === 'pad') return rewardModelName;
  return last?.kind === 'rl' ? last.after : strategy;
}
