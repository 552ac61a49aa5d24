/** Charts and table of a supervised training, which the reward model's training shares. */
import { formatCount, formatSmall } from '../format';
import { strings } from '../strings';
import type { ChartForm, LogColumn } from './logChart';

const words = strings.distil;

export const lossChart: ChartForm = {
  step: words.step,
  height: 15,
  curves: [
    { metric: 'loss', label: words.train, colour: '--line-strong', width: 1 },
    { metric: 'loss', label: words.smooth, colour: '--accent', width: 2.5, smoothed: true },
    {
      metric: 'eval_loss',
      label: words.heldOut,
      colour: '--arm-ensemble',
      width: 2,
      dashed: true,
      sparse: true,
    },
  ],
};

export const rateChart: ChartForm = {
  step: words.step,
  height: 7,
  legend: false,
  curves: [{ metric: 'learning_rate', label: words.learningRate, colour: '--accent', width: 1.5 }],
};

export const trainColumns: readonly LogColumn[] = [
  { metric: 'loss', label: words.train, show: formatSmall },
  { metric: 'eval_loss', label: words.heldOut, show: formatSmall, sparse: true },
  { metric: 'eval_auc', label: words.heldOutAuc, show: (value) => value.toFixed(3), optional: true },
  { metric: 'learning_rate', label: words.learningRate, show: formatSmall },
  { metric: 'grad_norm', label: words.gradNorm, show: formatSmall },
  { metric: 'num_tokens', label: words.tokens, show: formatCount },
];
