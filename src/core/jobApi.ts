/**
 * What a page asks of the coordinator worker, and what the coordinator tells every page (BroadcastChannel "arklet").
 *
 * Note for the coordinator: `importQuestions` wraps the importers of tasks/ (the page may not import them), `presets`
 * gives the settings that the command uses too, `markdown` is the command's report.md of any report (also of one that
 * was never stored, as the recorded run's), and the event `questions` is sent once, when a run's questions are planned,
 * before its first turn. The page holds a `JobClient`.
 */
import type { ErrorData } from './errors';
import type {
  Dataset,
  PairResult,
  Phase,
  Probe,
  Question,
  Report,
  RunConfig,
  RunStatus,
  TrainLog,
  Turn,
  TurnTiming,
} from './records';

/** A run as stored. */
export interface RunRecord {
  readonly id: string;
  /** Memorable name, unique on this machine. */
  readonly name: string;
  readonly note: string;
  readonly config: RunConfig;
  readonly createdAt: number;
  readonly status: RunStatus;
  readonly phase: Phase;
  readonly pinned: boolean;
  readonly error: ErrorData | null;
}

/** Everything of a run in one file (gzip of this JSON). The recorded run that ships with the app has the same form. */
export interface RunArchive {
  readonly format: 'arklet-run';
  readonly version: 1;
  readonly run: RunRecord;
  readonly questions: readonly Question[];
  readonly turns: readonly Turn[];
  readonly timings: readonly TurnTiming[];
  readonly datasets: readonly Dataset[];
  readonly logs: readonly StrategyLog[];
  readonly report: Report | null;
}

/** Training log of one strategy (or control) and distillation seed. */
export interface StrategyLog {
  readonly strategy: string;
  readonly seed: number;
  readonly steps: readonly TrainLog[];
  /** The student's answers to fixed held-out questions while it learnt, by step; runs from before this lack it. */
  readonly probes?: readonly Probe[];
}

/** A text beside which another one works alike. */
export interface SimilarText {
  /** Place in the list that was searched. */
  readonly index: number;
  /** 1 - edit distance of the operations with their results, as a share of the longer sequence. */
  readonly similarity: number;
  /** Spans [start, end) of the steps that both have: in the text found, and in the text asked about. */
  readonly here: readonly (readonly [number, number])[];
  readonly there: readonly (readonly [number, number])[];
}

/** What a paired comparison needs: n questions, those that only a or only b has right. */
export interface PairCounts {
  readonly a: string;
  readonly b: string;
  readonly aOnly: number;
  readonly bOnly: number;
  readonly n: number;
}

/** What an import of a question file found; nothing is stored until a run starts with the questions. */
export interface QuestionImport {
  readonly name: string;
  readonly format: string;
  readonly questions: readonly Question[];
  /** Rows that were left out; `line` counts from 1; `text` is the row's beginning. */
  readonly rejected: readonly { readonly line: number; readonly reason: string; readonly text: string }[];
  readonly rows: number;
}

export type JobEvent =
  | { readonly type: 'device'; readonly backend: string; readonly device: string; readonly reason: string }
  | {
      readonly type: 'load';
      readonly model: string;
      readonly phase: 'download' | 'compile' | 'warm up' | 'ready';
      readonly loaded: number;
      readonly total: number;
    }
  | {
      readonly type: 'progress';
      readonly runId: string;
      readonly phase: Phase;
      readonly status: RunStatus;
      /** Units of this phase: questions, steps or answers. */
      readonly done: number;
      readonly total: number;
      readonly detail: string;
      readonly secondsLeft: number | null;
      readonly tokensPerSecond: number | null;
      /** Held by the engine on its device, by its own ledger. */
      readonly bytes: number | null;
    }
  | {
      readonly type: 'text';
      readonly runId: string;
      readonly questionId: string;
      readonly round: number;
      readonly agent: number;
      /** What is new since the last event of this turn. */
      readonly text: string;
    }
  | { readonly type: 'questions'; readonly runId: string; readonly questions: readonly Question[] }
  | { readonly type: 'turn'; readonly runId: string; readonly turn: Turn }
  | { readonly type: 'dataset'; readonly runId: string; readonly dataset: Omit<Dataset, 'traces'> }
  | {
      readonly type: 'train';
      readonly runId: string;
      readonly strategy: string;
      readonly seed: number;
      readonly log: TrainLog;
    }
  | {
      readonly type: 'probe';
      readonly runId: string;
      readonly strategy: string;
      readonly seed: number;
      readonly probe: Probe;
    }
  | { readonly type: 'report'; readonly runId: string; readonly report: Report }
  | { readonly type: 'runs'; readonly runs: readonly RunRecord[] }
  | { readonly type: 'error'; readonly runId: string | null; readonly error: ErrorData };

/** Requests to the coordinator; each rejects with an ArkletError. */
export interface JobApi {
  /**
   * Starts a run. `from` is a stored run whose questions and debate are used again: one debate, many strategies; the
   * debate's settings are then that run's.
   */
  start(config: RunConfig, questions: readonly Question[] | null, from?: string): Promise<RunRecord>;
  /** Goes on with an interrupted run where it stopped. */
  resume(runId: string): Promise<void>;
  pause(): Promise<void>;
  unpause(): Promise<void>;
  /** Runs one more unit (one exchange of one question, one training step) of a paused job. */
  step(): Promise<void>;
  /** Ends the job; what was made is kept and can be resumed. */
  stop(): Promise<void>;
  runs(): Promise<readonly RunRecord[]>;
  archive(runId: string): Promise<RunArchive>;
  importArchive(archive: unknown): Promise<RunRecord>;
  update(runId: string, change: { name?: string; note?: string; pinned?: boolean }): Promise<RunRecord>;
  remove(runId: string): Promise<void>;
  /** PEFT files of a trained adapter: name to bytes. */
  adapter(runId: string, strategy: string, seed: number): Promise<Readonly<Record<string, Uint8Array>>>;
  /** Reads a question file (JSONL or CSV as text). Rejects with ImportError only when no row could be read. */
  importQuestions(text: string, name: string): Promise<QuestionImport>;
  /** Every setting of each preset. */
  presets(): Promise<{ readonly quick: RunConfig; readonly full: RunConfig }>;
  /**
   * The `count` texts whose steps (operations and intermediate results) are most like those of `text`. Similarity, no
   * gradient: it tells what looks alike, not what caused what. Texts without a common step are left out.
   */
  similar(text: string, texts: readonly string[], count: number): Promise<readonly SimilarText[]>;
  /** Intervals and tests of pairs that a report does not hold; `seed` is that of the report. */
  pairs(counts: readonly PairCounts[], seed: number): Promise<readonly PairResult[]>;
  /** A report as report.md. */
  markdown(report: Report): Promise<string>;
}

/** The page's end: requests, and every event of the job, whichever page started it. */
export interface JobClient {
  readonly api: JobApi;
  /** The returned function ends listening. */
  listen(listener: (event: JobEvent) => void): () => void;
}
