/**
 * The records that cross every boundary: what is stored, exported, and shown. Shapes as in the trajectories.jsonl and
 * report.json contracts. Units: seconds, bytes, fractions 0-1, natural log, tokens.
 */

import type { RunConfig } from '../settings/config';
import type { DropCounts } from './dropped';
import type { TrainOverlap } from './overlap';
import type { PadReport } from './padRecords';
import type { ThinkingMode } from './thoughts';

export interface Message {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
}

/** `train`, `validation`, `test`, or the name of an evaluation set (settings/evalSets.ts). */
export type Split = string;
export type FinishReason = 'stop' | 'length' | 'aborted' | 'error';
/**
 * How an agent is prompted. natural: for language models that read English. compact: for the bundled word-level models, whose
 * chat template adds <q>, <a> and <eos>; they were trained on the question, their last turn and the peers' replies.
 */
export type PromptStyle = 'natural' | 'compact';
export type AnswerType = 'number' | 'choice' | 'text';

/** One question. `id` is a hash of the normalised text; `gold` is the right answer in normal form, '' where none is known (training only). */
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
  /** Absent = off. */
  readonly thinking?: Exclude<ThinkingMode, 'off'>;
  /** Most tokens of thoughts, beside `maxTokens` of the answer; absent = `defaultThinkingBudget`. */
  readonly thinkingBudget?: number;
}

export interface Usage {
  readonly prompt: number;
  /** Thoughts and answer. */
  readonly completion: number;
  /** Of `completion`, the tokens of thoughts; absent = the model did not think. */
  readonly thoughts?: number;
}

/** One turn: an agent answers once. A line of trajectories.jsonl (no clock values: those are a TurnTiming). */
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
  /** What it thought before; absent = it did not, or the server kept it to itself. */
  readonly thoughts?: string;
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
  /** Weight of each of its target tokens in the loss; absent = 1. The k traces of a question weigh 1/k each. */
  readonly weight?: number;
}

/** Traces by what they are like; one may be of several kinds. */
export interface TraceKinds {
  readonly traces: number;
  /** Of `traces`, those with a step that the task's checker can judge. */
  readonly checked: number;
  /** A step is wrong by the checker or, where it cannot judge, found in hardly any other trace of the question. */
  readonly wrongStep: number;
  /** Wrong the round before, right in this one. */
  readonly corrective: number;
  readonly peerQuoting: number;
}

/** What a dataset was made of: its labels, held against the right answers where those are known, and its traces. */
export interface TraceAudit {
  readonly labels: 'gold' | 'consensus' | 'none';
  readonly questions: number;
  /** Questions with a label; all of them where labels are 'none'. */
  readonly labelled: number;
  /** Labels whose question has a right answer, and those that are it: measured, never used. */
  readonly known: number;
  readonly right: number;
  /** Mean share of a question's ballots that gave the most common answer; null where nobody answered. */
  readonly meanAgreement: number | null;
  /** Questions whose vote is tied. */
  readonly ties: number;
  /** Share of the questions with a right answer that one of the first k independent answers reaches, for k = 1, 2, ... */
  readonly coverageAtK: readonly number[];
  /** The same for any of its turns; null where no right answer is known. */
  readonly coverage: number | null;
  /** Traces that end in their label, before the filters, and those that were kept. */
  readonly accepted: TraceKinds;
  readonly kept: TraceKinds;
}

/** What a strategy made of the turns, and what each filter removed. */
export interface Dataset {
  readonly strategy: string;
  readonly traces: readonly Trace[];
  readonly kept: number;
  readonly dropped: DropCounts;
  /** Absent where no turns were trained on, and in datasets of older versions. */
  readonly audit?: TraceAudit;
  /** Of self-correction: what its rows are. Absent elsewhere. */
  readonly parts?: CorrectionParts;
}

/** Rows that lead from a wrong answer to a right trace, from a right answer to one, and RSFT's own. */
export interface CorrectionParts {
  readonly corrected: number;
  readonly confirmed: number;
  readonly plain: number;
}

/** Rows of a training that the maximum length cut, and those of which it left nothing to learn. */
export interface RowsCut {
  readonly cut: number;
  readonly dropped: number;
}

/** Known before a student is trained: what there is to learn from (docs/method.md section 3). */
export interface DataDiagnosis {
  readonly labels: TraceAudit['labels'];
  readonly coverageAtK: readonly number[];
  readonly coverage: number | null;
  /** Share of the labels that are the right answer; null where no right answer is known. */
  readonly labelPrecision: number | null;
  /** Share of the questions that have a label. */
  readonly labelCoverage: number;
  /** Share of the accepted traces with a wrong step, before the filters; null without a trace. */
  readonly wrongStepShare: number | null;
  readonly meanAgreement: number | null;
  /** Share of the questions whose vote is tied. */
  readonly ties: number;
}

/** What the report says of a dataset. */
export interface DatasetCounts {
  readonly kept: number;
  readonly dropped: DropCounts;
  readonly audit?: TraceAudit;
  /** Of the first seed's training. */
  readonly rows?: RowsCut;
  /** Of self-correction. */
  readonly parts?: CorrectionParts;
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
  /** Generated, thoughts included; beside it thoughts alone, absent where nobody thought. */
  readonly tokensPerQuestion: number;
  readonly thoughtTokensPerQuestion?: number;
  readonly promptTokensPerQuestion: number;
  readonly secondsPerQuestion: number;
  /** Votes: questions on which several answers shared the most ballots, and their share. Absent in other arms and older reports. */
  readonly ties?: { readonly questions: number; readonly share: number };
  /** Votes at equal tokens, a question: the debate's tokens, those that the samples reach of them, and the samples taken. */
  readonly budget?: ArmBudget;
}

export interface ArmBudget {
  readonly wanted: number;
  readonly reached: number;
  readonly samples: number;
}

export interface PairResult {
  readonly a: string;
  readonly b: string;
  readonly difference: number;
  readonly ci: readonly [number, number];
  readonly mcnemarP: number;
  /** The same after Holm over the contrasts of its split; absent for the primary contrast and in older reports. */
  readonly adjusted?: number;
  /** Items right in a only, and in b only. */
  readonly aOnly: number;
  readonly bOnly: number;
  /** Smallest difference that n items detect with 80 % power at 5 %: 2.8 sqrt(discordant share / n). */
  readonly detectable: number;
}

/** A comparison of two arms that was fixed before a run, with a hash that shows it. */
export interface PrimaryContrast {
  readonly a: string;
  readonly b: string;
  /** SHA-256 of the contrast and the settings. */
  readonly hash: string;
}

export interface ChosenStudent {
  /** Its arm. */
  readonly strategy: string;
  /** only: there was no other. test: the test questions themselves, as there were no validation questions. */
  readonly by: 'only' | 'validation' | 'test';
  /** What each student got right of the validation questions. */
  readonly validation: readonly { readonly name: string; readonly n: number; readonly correct: number }[];
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

/** The arms on one evaluation set. */
export interface EvalSetResult {
  readonly name: string;
  /** Name of its file; null: of the generator. */
  readonly file: string | null;
  readonly answerTypes: readonly AnswerType[];
  readonly arms: readonly ArmResult[];
  readonly pairs: readonly PairResult[];
}

export interface Report {
  readonly config: RunConfig;
  readonly seed: number;
  readonly environment: Environment;
  /** What each agent was; absent in reports of older versions. */
  readonly agents?: readonly AgentInfo[];
  /** Hosts other than the app's own that the run's agents stand for; absent in reports of older versions. */
  readonly hosts?: readonly string[];
  /** Commits of the hub that its models are of, by their names; absent where there are none, and in reports of older versions. */
  readonly commits?: Readonly<Record<string, string>>;
  readonly repeatable: 'bytes' | 'forms' | 'settings';
  readonly splits: Readonly<Record<string, number>>;
  readonly dataset: { readonly kept: number; readonly dropped: DropCounts };
  readonly datasets: Readonly<Record<string, DatasetCounts>>;
  /** Of the first strategy's data; absent without a training, and in reports of older versions. */
  readonly data?: DataDiagnosis;
  readonly arms: readonly ArmResult[];
  readonly pairs: readonly PairResult[];
  readonly gainKept: GainKept | null;
  /** The contrast that was named before the run; absent where none was, and in reports of older versions. */
  readonly primary?: PrimaryContrast;
  /** Which student is named in the headline, and by which questions it was chosen; absent in reports of older versions: by the test questions. */
  readonly chosen?: ChosenStudent;
  /** Whether validation questions chose the single agents, or there were none and they are the first. Absent in older reports. */
  readonly agentBy?: 'validation' | 'first';
  readonly items: readonly ReportItem[];
  readonly trainQuestions: readonly { readonly id: string; readonly question: string }[];
  readonly ood: { readonly arms: readonly ArmResult[]; readonly pairs: readonly PairResult[] } | null;
  readonly robust: { readonly arms: readonly ArmResult[]; readonly pairs: readonly PairResult[] } | null;
  /** Evaluation sets beside those two, in the order in which they were named; absent in reports of older versions. */
  readonly evalSets?: readonly EvalSetResult[];
  /** Training questions near others; absent where all questions are generated, and in reports of older versions. */
  readonly overlap?: TrainOverlap;
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
