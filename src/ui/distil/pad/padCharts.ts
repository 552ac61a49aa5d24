/** Charts and table of a group RL, and the chart of how well a reward model judges. Metrics are TRL's names. */
import { formatPercent, formatSmall } from '../../format';
import { strings } from '../../strings';
import { padStrings } from '../../strings/pad';
import type { ChartForm, Curve, LogColumn } from '../logChart';

export type PadChartKind = keyof typeof padStrings.charts;

const { series, table } = padStrings;

const byUpdate = (...curves: readonly Curve[]): ChartForm => ({ step: series.step, height: 9, curves });

export const padCharts: Readonly<Record<PadChartKind, ChartForm>> = {
  reward: byUpdate(
    { metric: 'reward', label: series.reward, colour: '--accent' },
    { metric: 'rewards/verifiable/mean', label: series.verifiable, colour: '--arm-single', dashed: true },
    { metric: 'rewards/process/mean', label: series.process, colour: '--arm-ensemble', dashed: true },
  ),
  accuracy: {
    ...byUpdate(
      { metric: 'rewards/verifiable/mean', label: series.sampled, colour: '--line-strong' },
      { metric: 'eval_accuracy', label: series.heldOut, colour: '--accent', sparse: true },
    ),
    share: true,
  },
  length: byUpdate(
    { metric: 'completions/mean_length', label: series.mean, colour: '--accent' },
    { metric: 'completions/max_length', label: series.longest, colour: '--line-strong', dashed: true },
  ),
  kl: byUpdate(
    { metric: 'kl', label: series.kl, colour: '--accent' },
    { metric: 'entropy', label: series.entropy, colour: '--arm-ensemble', dashed: true },
  ),
  loss: byUpdate({ metric: 'loss', label: series.loss, colour: '--accent' }),
  rate: byUpdate({ metric: 'learning_rate', label: series.rate, colour: '--accent' }),
  judge: {
    ...byUpdate(
      { metric: 'accuracy', label: series.judged, colour: '--line-strong' },
      { metric: 'eval_auc', label: series.auc, colour: '--accent', sparse: true },
    ),
    step: strings.distil.step,
    share: true,
  },
};

/** Charts of a group RL, in order; the reward model has `judge` alone. */
export const rlCharts: readonly PadChartKind[] = ['reward', 'accuracy', 'length', 'kl', 'loss', 'rate'];

export const rlColumns: readonly LogColumn[] = [
  { metric: 'reward', label: table.columns.reward, show: formatSmall },
  { metric: 'rewards/verifiable/mean', label: table.columns.verifiable, show: formatSmall },
  { metric: 'rewards/process/mean', label: table.columns.process, show: formatSmall },
  { metric: 'eval_accuracy', label: table.columns.heldOut, show: formatPercent, sparse: true },
  { metric: 'completions/mean_length', label: table.columns.length, show: formatSmall },
  { metric: 'kl', label: table.columns.kl, show: formatSmall },
  { metric: 'entropy', label: table.columns.entropy, show: formatSmall },
  { metric: 'clip_ratio/region_mean', label: table.columns.clip, show: formatPercent },
  { metric: 'frac_reward_zero_std', label: table.columns.flat, show: formatPercent },
  { metric: 'completions/repetition', label: table.columns.repetition, show: formatPercent },
  { metric: 'loss', label: table.columns.loss, show: formatSmall },
  { metric: 'learning_rate', label: table.columns.rate, show: formatSmall },
];
