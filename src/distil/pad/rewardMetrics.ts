/** Metrics of a reward model on held-out traces, and baselines that read no text. */
import type { PadBaselines, PadRewardModel } from '../../records/padRecords';
import { majority } from '../../debate/vote';
import { equationsIn } from '../../tasks/stepChecker';
import { softMinimum } from './credit';
import type { LabelledTrace } from './rewardData';
import { splitReply, type Splitter } from './textSteps';

export interface CalibrationBin {
  readonly lo: number;
  readonly hi: number;
  readonly n: number;
  /** Mean p(good) and share of good steps in the interval; null when it is empty. */
  readonly predicted: number | null;
  readonly observed: number | null;
}

export interface RewardMetrics {
  /** Judged steps and traces that were measured. */
  readonly steps: number;
  readonly traces: number;
  readonly good: number;
  /** Areas under the ROC curve; null without both classes. */
  readonly stepAuc: number | null;
  readonly traceAuc: number | null;
  /** Mean two-class cross-entropy (unweighted, nats) and Brier score of the steps. */
  readonly loss: number;
  readonly brier: number;
  readonly calibration: readonly CalibrationBin[];
  /** Accuracy when one trace of each question is chosen; null where no question has two traces. */
  readonly bestOfN: PadRewardModel['bestOfN'];
}

/** Area under the ROC curve with ties at half (Mann-Whitney); null without both classes. */
export function auc(scores: readonly number[], labels: readonly boolean[]): number | null {
  const order = scores.map((_, i) => i).sort((a, b) => scores[a]! - scores[b]!);
  const positives = labels.filter(Boolean).length;
  const negatives = labels.length - positives;
  if (positives === 0 || negatives === 0) return null;
  let ranks = 0;
  for (let i = 0; i < order.length;) {
    let end = i;
    while (end < order.length && scores[order[end]!] === scores[order[i]!]) end++;
    const rank = (i + 1 + end) / 2;
    for (; i < end; i++) if (labels[order[i]!] === true) ranks += rank;
  }
  return (ranks - (positives * (positives + 1)) / 2) / (positives * negatives);
}

/** A trace's score: the soft minimum of its steps' rewards 2 p - 1; -1 without steps. */
export function traceScore(good: readonly number[], temperature = 0.1): number {
  if (good.length === 0) return -1;
  return softMinimum(
    good.map((p) => 2 * p - 1),
    temperature,
  ).reduce((sum, credit) => sum + credit, 0);
}

interface Judged {
  readonly p: number;
  readonly label: number;
  readonly trace: LabelledTrace;
  readonly index: number;
  readonly text: string;
}

function judgedSteps(
  traces: readonly LabelledTrace[],
  splitter: Splitter,
  scores?: readonly (readonly number[])[],
): Judged[] {
  return traces.flatMap((trace, t) =>
    splitReply(trace.reply, splitter).flatMap(({ text }, index) => {
      const label = trace.labels[index] ?? null;
      const p = scores ? scores[t]?.[index] : 0;
      return label === null || p === undefined ? [] : [{ p, label, trace, index, text }];
    }),
  );
}

const operatorOf = (text: string): string =>
  equationsIn(text)[0]?.terms[1] ?? (text.includes('####') ? '#' : '');

/** Mean label of each kind of step in the training traces, as a score for held-out ones. */
function rateOf(training: readonly Judged[], kind: (step: Judged) => string): (step: Judged) => number {
  const sums = new Map<string, { total: number; count: number }>();
  for (const step of training) {
    const own = sums.get(kind(step)) ?? { total: 0, count: 0 };
    sums.set(kind(step), { total: own.total + step.label, count: own.count + 1 });
  }
  return (step) => {
    const own = sums.get(kind(step));
    return own ? own.total / own.count : 0.5;
  };
}

/** Metrics of baselines that read no arithmetic; their rates come from `training`. */
export function baselinesFrom(
  training: readonly LabelledTrace[],
  splitter: Splitter,
): (heldOut: readonly LabelledTrace[]) => PadBaselines {
  const seen = judgedSteps(training, splitter);
  const position = rateOf(seen, ({ index }) => String(index));
  const operator = rateOf(seen, ({ text }) => operatorOf(text));
  return (heldOut) => {
    const steps = judgedSteps(heldOut, splitter);
    const labels = steps.map(({ label }) => label >= 0.5);
    const of = (score: (step: Judged) => number): number | null => auc(steps.map(score), labels);
    return {
      position: of(position),
      operator: of(operator),
      answerOnly: of(({ trace }) => Number(trace.correct)),
    };
  };
}

/** `scores` holds p(good) of every step of every held-out trace, in the splitter's order. */
export function rewardMetrics(
  heldOut: readonly LabelledTrace[],
  scores: readonly (readonly number[])[],
  splitter: Splitter,
): RewardMetrics {
  const steps = judgedSteps(heldOut, splitter, scores);
  const labels = steps.map(({ label }) => label >= 0.5);
  const mean = (value: (step: Judged) => number): number =>
    steps.length === 0 ? 0 : steps.reduce((sum, step) => sum + value(step), 0) / steps.length;
  const log = (p: number): number => Math.log(Math.max(p, 1e-12));
  return {
    steps: steps.length,
    traces: heldOut.length,
    good: labels.filter(Boolean).length,
    stepAuc: auc(
      steps.map(({ p }) => p),
      labels,
    ),
    traceAuc: auc(
      heldOut.map((_, t) => traceScore(scores[t] ?? [])),
      heldOut.map(({ correct }) => correct),
    ),
    loss: mean(({ p, label }) => -label * log(p) - (1 - label) * log(1 - p)),
    brier: mean(({ p, label }) => (p - label) ** 2),
    calibration: calibrationOf(steps),
    bestOfN: bestOfN(heldOut, scores),
  };
}

function calibrationOf(steps: readonly Judged[], bins = 10): CalibrationBin[] {
  return Array.from({ length: bins }, (_, bin) => {
    const own = steps.filter(({ p }) => Math.min(bins - 1, Math.floor(p * bins)) === bin);
    const share = (value: (step: Judged) => number): number | null =>
      own.length === 0 ? null : own.reduce((sum, step) => sum + value(step), 0) / own.length;
    return {
      lo: bin / bins,
      hi: (bin + 1) / bins,
      n: own.length,
      predicted: share(({ p }) => p),
      observed: share(({ label }) => label),
    };
  });
}

function bestOfN(
  traces: readonly LabelledTrace[],
  scores: readonly (readonly number[])[],
): RewardMetrics['bestOfN'] {
  const groups = new Map<string, number[]>();
  traces.forEach(({ questionId }, t) => groups.set(questionId, [...(groups.get(questionId) ?? []), t]));
  const several = [...groups.values()].filter((group) => group.length > 1);
  if (several.length === 0) return null;
  const right = (t: number | undefined): number => Number(t !== undefined && traces[t]?.correct === true);
  const share = (value: (group: readonly number[]) => number): number =>
    several.reduce((sum, group) => sum + value(group), 0) / several.length;
  const ranked = (group: readonly number[]): number =>
    group.reduce((best, t) => (traceScore(scores[t] ?? []) > traceScore(scores[best] ?? []) ? t : best));
  const voted = (group: readonly number[]): number | undefined => {
    const ballots = group.map((t) => ({
      t,
      answer: traces[t]?.answer ?? null,
      model: '',
      logprobKind: null,
    }));
    return majority(ballots).winner?.t;
  };
  return {
    n: Math.max(...several.map((group) => group.length)),
    questions: several.length,
    rewardModel: share((group) => right(ranked(group))),
    vote: share((group) => right(voted(group))),
    oracle: share((group) => Math.max(...group.map(right))),
    single: share((group) => group.reduce((sum, t) => sum + right(t), 0) / group.length),
  };
}
