/** Which kind of training a log is of. */
import type { StrategyLog } from '../../../records/runRecords';
import type { TrainLog } from '../../../records/trainLog';
import { rewardModelName } from '../../../records/trainings';
import { endsInPad } from '../../../settings/strategy';

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

/** Name of the dataset behind a strategy: group RL has its reward model's. */
export function taughtBy(strategy: string | null): string | null {
  return strategy !== null && endsInPad(strategy) ? rewardModelName : strategy;
}
