/**
 * The records that cross every boundary: what is stored, exported, and shown. Shapes as in the trajectories.jsonl and
 * report.json contracts. Units: seconds, bytes, fractions 0-1, natural log, tokens.
 */

import type { RunConfig } from '../settings/config';
import type { DropCounts } from './dropped';
import type { PadReport } from './padRecords';

export interface Message {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
}

export type Split = 'train' | 'validation' | 'test' | 'ood' | 'robust';
export type FinishReason = 'stop' | 'length' | 'aborted' | 'error';
/**
 * How an agent is prompted. natural: for language models that read English. compact: for the bundled word-level models, whose
 * chat template adds <q>, <a> and <eos>; they were trained on the question, their last turn and the peers' replies.
 */
export type PromptStyle = 'natural' | 'compact';
export type AnswerType = 'number' | 'choice' | 'text';

/** One question. `id` is a hash of the normalised text; `gold` is the right answer in normal form. */
export interface Question {
  readonly id: string;
  readonly split: Split;
  readonly text: string;
  readonly gold: string;
  /** The right answer as its file writes it, where that is not `gold`. */
  readonly goldWritten?: string;
  readonly answerType: AnswerType;
  /** A worked solution, where the source has one (generator, GSM8K). */
  readonly solution?: string;
  /** Answer options A, B, C..., for `choice`. */
  readonly options?: readonly string[];
  /** Where it came from: generator template, file name and line. */
  readonly origin?: string;
}

export interface Sampling {
  readonly temperature: number;
  readonly topP: number;
  readonly topK?: number;
  readonly minP?: number;
  readonly seed: number;
  readonly maxTokens: number;
  readonly stop?: readonly string[];
}

export interface Usage {
  readonly prompt: number;
  readonly completion: number;
}

/** One turn: an agent speaks once. A line of trajectories.jsonl (no clock values: those are a TurnTiming). */
export interface Turn {
  readonly runId: string;
  readonly questionId: string;
  readonly split: Split;
  readonly protocol: string;
  readonly round: number;
  readonly agent: number;
  readonly model: string;
  readonly backend: string;
  /** Absent in turns of older versions and of other programs. */
  readonly style?: PromptStyle;
  readonly messages: readonly Message[];
  /** Earlier replies that were shortened in the messages, so that they fit the agent's context; absent = none. */
  readonly shortened?: number;
  /**
   * From the second round of a debate on: the agents whose replies of the round before stand in the messages, whole or their
   * ends. Absent in turns of older versions and of other programs (debate/readPrompt.ts fills it).
   */
  readonly read?: readonly number[];
  readonly reply: string;
  /** Parsed answer in normal form, null when unparsable (counts as wrong). */
  readonly answer: string | null;
  readonly correct: boolean;
  readonly strictCorrect: boolean;
  readonly finishReason: FinishReason;
  readonly usage: Usage;
  readonly sampling: Sampling;
  readonly promptIds?: readonly number[];
  readonly replyIds?: readonly number[];
  readonly logprobs?: readonly number[];
  readonly logprobKind: 'raw' | 'tempered' | null;
}

/** Clock values of a turn: a line of timings.jsonl. */
export interface TurnTiming {
  readonly questionId: string;
  readonly protocol: string;
  readonly round: number;
  readonly agent: number;
  readonly startedAt: number;
  readonly seconds: number;
}

/** One training example: the prompt as messages, the reply as the target, and where it came from. */
export interface Trace {
  readonly questionId: string;
  readonly messages: readonly Message[];
  readonly target: string;
  /** Turns that taught it: [round, agent]; empty for generator solutions. */
  readonly source: readonly { readonly round: number; readonly agent: number }[];
  readonly corrective: boolean;
}

/** What a strategy made of the turns, and what each filter removed. */
export interface Dataset {
  readonly strategy: string;
  readonly traces: readonly Trace[];
  readonly kept: number;
  readonly dropped: DropCounts;
  /** Of self-correction: what its rows are. Absent elsewhere. */
  readonly parts?: CorrectionParts;
}

/** Rows that lead from a wrong answer to a right trace, from a right answer to one, and RSFT's own. */
export interface CorrectionParts {
  readonly corrected: number;
  readonly confirmed: number;
  readonly plain: number;
}

export interface Interval {
  readonly lo: number;
  readonly hi: number;
}

/** An arm's answer to one item. */
export interface Verdict {
  readonly answer: string | null;
  readonly correct: boolean;
  readonly strictCorrect?: boolean;
  /** By lm-eval's flexible-extract; absent in reports of older versions. */
  readonly flexibleCorrect?: boolean;
  readonly tokens: number;
}

export interface ArmResult {
  readonly name: string;
  readonly n: number;
  readonly correct: number;
  /** By the verdict, which reads answers as a careful person would. */
  readonly accuracy: number;
  readonly ci: readonly [number, number];
  /** lm-eval's strict-match (the first "#### number") and flexible-extract (the last number); the latter absent in reports of older versions. */
  readonly strict: { readonly correct: number; readonly accuracy: number };
  readonly flexible?: { readonly correct: number; readonly accuracy: number };
  readonly tokensPerQuestion: number;
  readonly promptTokensPerQuestion: number;
  readonly secondsPerQuestion: number;
}

export interface PairResult {
  readonly a: string;
  readonly b: string;
  readonly difference: number;
  readonly ci: readonly [number, number];
  readonly mcnemarP: number;
  /** Items right in a only, and in b only. */
  readonly aOnly: number;
  readonly bOnly: number;
  /** Smallest difference that n items detect with 80 % power at 5 %: 2.8 sqrt(discordant share / n). */
  readonly detectable: number;
}

export interface GainKept {
  readonly strategy: string;
  readonly ensemble: string;
  readonly value: number;
  readonly ci: readonly [number, number];
}

export interface ReportItem {
  readonly id: string;
  readonly question: string;
  readonly answer: string;
  readonly verdicts: Readonly<Record<string, Verdict>>;
}

/** Self-correction: the student sees its own answer and is asked to check it. The second answer is greedy. */
export interface SelfCorrection {
  readonly arm: string;
  /** Of the first answer; absent = 0, as in reports of older versions. */
  readonly temperature?: number;
  readonly n: number;
  readonly before: number;
  readonly after: number;
  readonly wrongToRight: number;
  readonly rightToWrong: number;
  /** after - before as a share, its paired-bootstrap interval, and McNemar's mid-p; absent in reports of older versions. */
  readonly difference?: number;
  readonly ci?: readonly [number, number];
  readonly mcnemarP?: number;
  /** Share of the wrong first answers that were corrected, and of the right ones that were spoilt, with Wilson's intervals. */
  readonly corrected?: ShareOf;
  readonly spoilt?: ShareOf;
}

/** A share of `n`, null where there is none to take it of. */
export interface ShareOf {
  readonly n: number;
  readonly share: number | null;
  readonly ci: readonly [number, number] | null;
}

export interface Environment {
  readonly arklet: string;
  readonly device: string;
  readonly backend: string;
  readonly userAgent: string;
  readonly threads: number;
}

export interface Report {
  readonly config: RunConfig;
  readonly seed: number;
  readonly environment: Environment;
  /** What each agent was; absent in reports of older versions. */
  readonly agents?: readonly AgentInfo[];
  /** Hosts other than the app's own that the run's agents stand for; absent in reports of older versions. */
  readonly hosts?: readonly string[];
  readonly repeatable: 'bytes' | 'settings';
  readonly splits: Readonly<Record<string, number>>;
  readonly dataset: { readonly kept: number; readonly dropped: DropCounts };
  readonly datasets: Readonly<
    Record<string, { readonly kept: number; readonly dropped: DropCounts; readonly parts?: CorrectionParts }>
  >;
  readonly arms: readonly ArmResult[];
  readonly pairs: readonly PairResult[];
  readonly gainKept: GainKept | null;
  readonly items: readonly ReportItem[];
  readonly trainQuestions: readonly { readonly id: string; readonly question: string }[];
  readonly ood: { readonly arms: readonly ArmResult[]; readonly pairs: readonly PairResult[] } | null;
  readonly robust: { readonly arms: readonly ArmResult[]; readonly pairs: readonly PairResult[] } | null;
  readonly selfCorrection: readonly SelfCorrection[];
  readonly seeds: readonly {
    readonly seed: number;
    readonly arms: readonly ArmResult[];
    readonly pairs: readonly PairResult[];
  }[];
  readonly pad: PadReport | null;
  readonly timings: Readonly<Record<string, number>>;
}

/** What an agent of a run was, as the report says it. */
export interface AgentInfo {
  readonly agent: number;
  /** What its turns hold as model and backend. */
  readonly model: string;
  readonly backend: string;
  readonly persona: string | null;
  readonly system: string | null;
  readonly temperature: number;
  readonly topP: number;
  readonly seed: number;
}

/** Where the job is. */
export type Phase = 'load' | 'debate' | 'distil' | 'evaluate' | 'report' | 'done';
export type RunStatus = 'running' | 'paused' | 'interrupted' | 'failed' | 'done';
