/** Records of process-aware distillation (PAD): units as in records.ts. */
import type { TrainLog } from './trainLog';

/** Result of the continuations of one step, as stored. */
export interface ContinuationRecord {
  readonly traceKey: string;
  readonly step: number;
  readonly right: number;
  readonly total: number;
  /** Tokens that were generated for it. */
  readonly tokens: number;
}

/** What is rewarded: the answer, the steps, or both. */
export type PadRewardMode = 'both' | 'verifiable' | 'process';

/** A step of a reply, with the reward model's probability that it is right and its label (null: not judged). */
export interface PadStep {
  readonly text: string;
  /** Character span [start, end) in the reply. */
  readonly start: number;
  readonly end: number;
  readonly good: number;
  readonly label?: number | null;
}

/** A reply with its step scores; `by` is who wrote it. */
export interface PadTrace {
  readonly questionId: string;
  readonly by: string;
  readonly reply: string;
  readonly answer: string | null;
  readonly correct: boolean;
  readonly steps: readonly PadStep[];
}

/** Judges that read no arithmetic: the step's place and its operator (as rates in the training traces), whether the answer is right. */
export const baselineNames = ['position', 'operator', 'answerOnly'] as const;
/** Their step AUCs. */
export type PadBaselines = Readonly<Record<(typeof baselineNames)[number], number | null>>;

/** Held-out quality of a process reward model; an AUC is null where all steps have one label. */
export interface PadRewardModel {
  readonly seed: number;
  /** AUC of steps on held-out questions, and the judged steps that it is of. */
  readonly auc: number | null;
  readonly n: number;
  readonly traceAuc: number | null;
  readonly brier: number;
  /** Ten bins of p(good): what was predicted and what was so. */
  readonly calibration: readonly {
    readonly lo: number;
    readonly hi: number;
    readonly n: number;
    readonly predicted: number | null;
    readonly observed: number | null;
  }[];
  /** Accuracy on questions with several traces: the reward model's pick, vote, any right, one drawn. */
  readonly bestOfN: {
    /** Most traces of a question. */
    readonly n: number;
    readonly questions: number;
    readonly rewardModel: number;
    readonly vote: number;
    readonly oracle: number;
    readonly single: number;
  } | null;
  readonly baselines: PadBaselines;
  /**
   * Step AUC by who wrote the trace; `trained`: whether the reward model was trained on that agent's traces. `baselines` on the same
   * steps; absent in older reports.
   */
  readonly byAgent: readonly {
    readonly agent: string;
    readonly trained: boolean;
    readonly auc: number | null;
    readonly n: number;
    readonly baselines?: PadBaselines;
  }[];
  /** Steps it was trained on, by where their labels came from. */
  readonly labels: {
    readonly kind: 'exact' | 'monte-carlo';
    readonly judged: number;
    readonly skipped: number;
    /** What steps after the first error counted as; absent in older reports: each in itself. */
    readonly afterError?: 'own' | 'bad';
    /** The judged ones by label; soft is between 0 and 1. Absent in older reports, as what follows. */
    readonly good?: number;
    readonly bad?: number;
    readonly soft?: number;
    /** Tokens generated for continuations, and for the student's own samples (training and held-out questions). */
    readonly continuationTokens?: number;
    readonly ownSampleTokens?: number;
  };
}

/** The reward rose while accuracy fell: when, by how much, and samples with a high reward and a wrong answer. */
export interface PadHacking {
  readonly step: number;
  readonly reward: { readonly from: number; readonly to: number };
  readonly accuracy: { readonly from: number; readonly to: number };
  /** Mean tokens of a completion, and mean share of its sentences that repeat an earlier one; absent in older reports. */
  readonly length?: { readonly from: number; readonly to: number };
  readonly repetition?: { readonly from: number; readonly to: number };
  readonly samples: readonly (PadTrace & { readonly reward: number; readonly gold: string })[];
}

/** One group RL training. `evaluations` is the curve of greedy held-out accuracy against generated tokens. */
export interface PadRun {
  readonly strategy: string;
  readonly seed: number;
  readonly reward: PadRewardMode;
  readonly samples: number;
  readonly generatedTokens: number;
  readonly evaluations: readonly {
    readonly step: number;
    readonly accuracy: number;
    readonly n: number;
    readonly generatedTokens: number;
    /** Questions lost and gained since the first evaluation; absent in older reports. */
    readonly lost?: number;
    readonly gained?: number;
  }[];
  readonly stopped: PadHacking | null;
  /** Peak learning rate, and the rates that it was chosen from by short trainings; absent in older reports. */
  readonly lr?: number;
  readonly sweep?: PadSweep | null;
  /** Mean reward of the first and the last third of the rollouts, with the interval of the difference; null where they are few. */
  readonly trend?: PadTrend | null;
  /** Training questions that it practised on, and those of them that an earlier stage had trained on. */
  readonly questions?: { readonly practised: number; readonly learnt: number };
}

/** Short trainings from the same start, `updates` each: greedy accuracy on `n` held-out questions at their end. */
export interface PadSweep {
  readonly updates: number;
  readonly n: number;
  readonly rates: readonly { readonly lr: number; readonly accuracy: number }[];
}

export interface PadTrend {
  readonly from: number;
  readonly to: number;
  readonly ci: readonly [number, number];
}

export interface PadReport {
  /** The first seed's; null when only the verifiable reward was used. */
  readonly rewardModel: PadRewardModel | null;
  readonly rewardModels: readonly PadRewardModel[];
  /** The first PAD strategy's, first seed. */
  readonly log: readonly TrainLog[];
  readonly runs: readonly PadRun[];
  /** Held-out traces with their scores, for reading. */
  readonly traces: readonly PadTrace[];
}
