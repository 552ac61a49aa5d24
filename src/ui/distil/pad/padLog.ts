/** The log of a group RL as curves. Names are TRL's. */
import type uPlot from 'uplot';
import type { StrategyLog } from '../../../records/runRecords';
import type { TrainLog } from '../../../records/trainLog';
import { rewardModelName } from '../../../records/trainings';
import { stagesOf } from '../../../settings/strategy';
import { padStrings } from '../../strings/pad';

export type PadChartKind = keyof typeof padStrings.charts;

export interface Curve {
  readonly metric: string;
  readonly label: string;
  /** Name of a CSS variable. */
  readonly colour: string;
  readonly dashed?: boolean;
  /** Shown as dots joined over gaps: measured now and then. */
  readonly sparse?: boolean;
}

const { series } = padStrings;

export const curves: Readonly<Record<PadChartKind, readonly Curve[]>> = {
  reward: [
    { metric: 'reward', label: series.reward, colour: '--accent' },
    { metric: 'rewards/verifiable/mean', label: series.verifiable, colour: '--arm-single', dashed: true },
    { metric: 'rewards/process/mean', label: series.process, colour: '--arm-ensemble', dashed: true },
  ],
  accuracy: [
    { metric: 'rewards/verifiable/mean', label: series.sampled, colour: '--line-strong' },
    { metric: 'eval_accuracy', label: series.heldOut, colour: '--accent', sparse: true },
  ],
  length: [
    { metric: 'completions/mean_length', label: series.mean, colour: '--accent' },
    { metric: 'completions/max_length', label: series.longest, colour: '--line-strong', dashed: true },
  ],
  kl: [
    { metric: 'kl', label: series.kl, colour: '--accent' },
    { metric: 'entropy', label: series.entropy, colour: '--arm-ensemble', dashed: true },
  ],
  loss: [{ metric: 'loss', label: series.loss, colour: '--accent' }],
  rate: [{ metric: 'learning_rate', label: series.rate, colour: '--accent' }],
  judge: [
    { metric: 'accuracy', label: series.judged, colour: '--line-strong' },
    { metric: 'eval_auc', label: series.auc, colour: '--accent', sparse: true },
  ],
};

/** Charts of a group RL, in order; the reward model has `judge` alone. */
export const rlCharts: readonly PadChartKind[] = ['reward', 'accuracy', 'length', 'kl', 'loss', 'rate'];

/** A group RL's log, told from a supervised training's by its reward. */
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

/** Name of the dataset behind a strategy: PAD has its reward model's, RL on the second answer that of the stage before. */
export function taughtBy(strategy: string | null): string | null {
  const last = strategy === null ? undefined : stagesOf(strategy).at(-1);
  if (last?.kind === 'pad') return rewardModelName;
  return last?.kind === 'rl' ? last.after : strategy;
}

/** Curves of a chart that the log has values for. */
export function present(steps: readonly TrainLog[], kind: PadChartKind): readonly Curve[] {
  return curves[kind].filter(({ metric }) => steps.some((log) => log[metric] !== undefined));
}

/** uPlot's columns: update first. */
export function columns(steps: readonly TrainLog[], shown: readonly Curve[]): uPlot.AlignedData {
  return [
    steps.map((log) => log.step),
    ...shown.map(({ metric }) => steps.map((log) => log[metric] ?? null)),
  ];
}
