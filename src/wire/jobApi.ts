/**
 * What a page asks of the coordinator worker, and what the coordinator tells every page (BroadcastChannel "arklet").
 *
 * Note for the coordinator: `importQuestions` wraps the importers of tasks/ (the page may not import them), `markdown` is the command's report.md of any report (also of one that
 * was never stored, as the recorded run's), and the event `questions` is sent once, when a run's questions are planned,
 * before its first turn. The page holds a `JobClient`.
 */
import type { QuestionCheck, QuestionImport } from '../tasks/questionFiles';
import type { ArkletError, ErrorData } from '../core/errors';
import type { DeviceFacts } from '../records/device';
import type { PadReport } from '../records/padRecords';
import type { ColumnChoice } from '../tasks/questionFiles';
import type {
  AnswerType,
  Dataset,
  FinishReason,
  PairResult,
  Phase,
  Question,
  Report,
  RunStatus,
  Turn,
} from '../records/records';
import type { Probe, TrainLog } from '../records/trainLog';
import type { RunConfig } from '../settings/config';
import type { PairCounts } from '../eval/pairs';
import type { SimilarText } from '../distill/similar';
import type { RunArchive, RunRecord, RunResult } from '../records/runRecords';
import type { ProgressDetail } from './progress';
import type { SelftestReport, SelftestRow } from '../compute/selftestReport';

export type AdapterArm = Extract<AskArm, { type: 'distilled' }>;

/** What an import of trajectories came to: the run that was made of them, and what was left out. */
export interface TrajectoryImport {
  readonly run: RunRecord;
  readonly questions: number;
  readonly turns: number;
  /** Questions left out because their debate is not whole. */
  readonly incomplete: number;
  /** Questions left out because neither a turn nor the report states the right answer. */
  readonly unknown: number;
}

/** Which adapter is merged into its student, and as what. */
export interface StudentExport {
  readonly runId: string;
  readonly strategy: string;
  readonly seed: number;
  readonly format: 'merged' | 'gguf';
}

export type JobEvent =
  | {
      readonly type: 'device';
      readonly backend: string;
      readonly device: string;
      readonly reason: DeviceFacts;
    }
  | {
      readonly type: 'load';
      readonly model: string;
      readonly phase: 'download' | 'compile' | 'warm up' | 'ready';
      readonly loaded: number;
      readonly total: number;
      /** Of a download, over its last seconds; null before there is anything to go by, and in other phases. */
      readonly bytesPerSecond: number | null;
      readonly secondsLeft: number | null;
      /** With `ready`: the model may answer worse than it could, and why. */
      readonly notice?: string;
    }
  | {
      readonly type: 'progress';
      readonly runId: string;
      readonly phase: Phase;
      readonly status: RunStatus;
      /** Units of this phase: questions, steps or answers. */
      readonly done: number;
      readonly total: number;
      readonly detail: ProgressDetail | null;
      readonly secondsLeft: number | null;
      readonly tokensPerSecond: number | null;
      /** Held by the engine on its device, by its own ledger. */
      readonly bytes: number | null;
      /** Most bytes held at once since the job began in this session. */
      readonly peakBytes?: number | null;
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
  /** What PAD came to so far: sent when its reward model or a student is trained. */
  | { readonly type: 'pad'; readonly runId: string; readonly pad: PadReport }
  | { readonly type: 'report'; readonly runId: string; readonly report: Report }
  /** The job of a run has ended; `status` is right also where it could not be stored. */
  | {
      readonly type: 'ended';
      readonly runId: string;
      readonly status: 'done' | 'interrupted' | 'failed';
      readonly error: ErrorData | null;
    }
  | { readonly type: 'runs'; readonly runs: readonly RunRecord[] }
  | { readonly type: 'selftest'; readonly row: SelftestRow }
  /** A student is merged into a model file. */
  | { readonly type: 'export'; readonly done: number; readonly total: number; readonly bytes: number }
  | { readonly type: 'ask'; readonly id: string; readonly arm: number; readonly part: AskPart }
  | {
      readonly type: 'error';
      readonly runId: string | null;
      readonly error: ErrorData;
      /** The turn that failed, where it is one's; the run goes on. */
      readonly place?: { readonly questionId: string; readonly round: number; readonly agent: number };
    };

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
  /**
   * Ends the job, in whichever tab it works, as do pause, unpause and step; what was made is kept and can be resumed. An engine
   * that does not stop in time is ended.
   */
  stop(): Promise<void>;
  runs(): Promise<readonly RunRecord[]>;
  /** Of those of these runs that have a report. */
  results(runIds: readonly string[]): Promise<Readonly<Record<string, RunResult>>>;
  /** `withAdapters`: the whole run for a file; without, what is shown. */
  archive(runId: string, withAdapters?: boolean): Promise<RunArchive>;
  importArchive(archive: unknown): Promise<RunRecord>;
  /**
   * A debate as an interrupted run that can be gone on with: trajectories.jsonl as text, and the report.json of the same
   * run, which states settings and right answers (null: what the turns themselves show). Rejects with ImportError, ConfigError.
   */
  importTrajectories(text: string, name: string, report: string | null): Promise<TrajectoryImport>;
  /** `pinned: true` unpins whichever run was pinned before. */
  update(runId: string, change: { name?: string; note?: string; pinned?: boolean }): Promise<RunRecord>;
  /**
   * Moves a run to the bin, where it is kept for `binDays`, also over reloads. This and the next two throw BusyError while
   * another tab works on the run.
   */
  remove(runId: string): Promise<void>;
  /** Takes a run back from the bin. */
  restore(runId: string): Promise<RunRecord>;
  /** Deletes a run of the bin for good. */
  purge(runId: string): Promise<void>;
  /** Runs in the bin, newest deletion first. */
  bin(): Promise<readonly RunRecord[]>;
  /** Bytes by run, those of the bin included: files exactly, database records by the length of their JSON. */
  sizes(): Promise<Readonly<Record<string, number>>>;
  /** PEFT files of a trained adapter: name to bytes. */
  adapter(runId: string, strategy: string, seed: number): Promise<Readonly<Record<string, Uint8Array>>>;
  /**
   * The student with its adapter merged in: a Hugging Face folder, or one GGUF file; name to bytes. `budget`: bytes that may be held.
   * Ends an export before; rejects with BusyError while a run works, OutOfMemoryError where it would hold more, InterruptedError.
   */
  exportStudent(adapter: StudentExport, budget: number | null): Promise<Readonly<Record<string, Uint8Array>>>;
  stopExport(): Promise<void>;
  /**
   * Reads a question file (JSONL, JSON or CSV, of any usual encoding), by `columns` where a person chose them. Rejects with ImportError
   * only when no row could be read; `details.columns` (FileColumns) then has the columns to choose from, where there are any.
   */
  importQuestions(file: Uint8Array, name: string, columns?: ColumnChoice): Promise<QuestionImport>;
  /** Stores an imported file so that a reload finds it; resolves to the hash of its questions. The last few files are kept. */
  keepQuestions(file: QuestionImport): Promise<string>;
  /** A kept file by its hash, else (hash null) the newest of that name; null where there is none. */
  keptQuestions(name: string, hash: string | null): Promise<{ hash: string; file: QuestionImport } | null>;
  /** Whether agents and student of a config know the words of these questions and have room for them. */
  checkQuestions(config: RunConfig, questions: readonly Question[]): Promise<QuestionCheck>;
  /** The models that a server lists, by name. Rejects with ConfigError for what is no address, AgentError. */
  endpointModels(url: string): Promise<readonly string[]>;
  /**
   * The key for an endpoint's address (`endpoint:URL#MODEL`), kept in the coordinator's memory alone: not stored, not in the
   * config, an address or an export, and gone when the page closes. Null forgets it.
   */
  setKey(url: string, key: string | null): Promise<void>;
  /**
   * The `count` texts whose steps (operations and intermediate results) are most like those of `text`. Similarity, no
   * gradient: it tells what looks alike, not what caused what. Texts without a common step are left out.
   */
  similar(text: string, texts: readonly string[], count: number): Promise<readonly SimilarText[]>;
  /** Intervals and tests of pairs that a report does not hold; `seed` is that of the report. */
  pairs(counts: readonly PairCounts[], seed: number): Promise<readonly PairResult[]>;
  /** A report as report.md. */
  markdown(report: Report): Promise<string>;
  /**
   * Asks one new question of several arms at once; events of type `ask` carry `request.id`. One question at a time;
   * throws BusyError while a run works (in any tab), ConfigError with `details.words` for words that a model lacks.
   */
  ask(request: AskRequest): Promise<readonly AskResult[]>;
  /** Ends the question in hand; `ask` then rejects with InterruptedError. */
  stopAsk(): Promise<void>;
  /** Questions in the generator's wording that no run was trained on. */
  examples(seed: number, count: number): Promise<readonly Question[]>;
  /** Every adapter that can be asked: of stored runs, newest first, imported ones, then those that ship with the page. */
  adapters(): Promise<readonly AdapterInfo[]>;
  /**
   * Stores the files of a PEFT folder to be asked. It belongs to the bundled model that its config names, else to `student`.
   * Rejects with FileFormatError, ModelError for features that are not supported, StorageError.
   */
  importAdapter(
    files: Readonly<Record<string, Uint8Array>>,
    name: string,
    student: string,
  ): Promise<AdapterInfo>;
  /** Removes an imported adapter, by its `strategy`. */
  removeAdapter(strategy: string): Promise<void>;
  /** Every kernel of the engine with its source, and the forms of it that this session has compiled. */
  kernels(): Promise<readonly KernelInfo[]>;
  /**
   * Every kernel in every form against the reference, on a device of its own; events of type `selftest` tell each row.
   * Throws GpuUnavailableError, and BusyError while a run works (in any tab).
   */
  testDevice(backend: 'webgpu' | 'cpu'): Promise<SelftestReport>;
  /** Ends the test in hand; `testDevice` then rejects with InterruptedError. */
  stopTest(): Promise<void>;
}

export type AskArm =
  | { readonly type: 'base' }
  | { readonly type: 'distilled'; readonly runId: string; readonly strategy: string; readonly seed: number }
  | { readonly type: 'ensemble' };

export interface AskRequest {
  /** Chosen by the page; events of this question carry it. */
  readonly id: string;
  readonly question: string;
  readonly answerType: AnswerType;
  /** Of a multiple choice, in order: 2 to 10. */
  readonly options?: readonly string[];
  /** Agents, student, protocol and lengths. An adapter of another run answers on the student of that run. */
  readonly config: RunConfig;
  readonly arms: readonly AskArm[];
}

export interface AskReply {
  readonly round: number;
  readonly agent: number;
  readonly model: string;
  readonly reply: string;
  readonly answer: string | null;
  readonly finishReason: FinishReason;
  readonly tokens: number;
}

export interface AskResult {
  /** The arm's answer in normal form: the vote of the last round for the ensemble. */
  readonly answer: string | null;
  readonly votes: { readonly count: number; readonly total: number } | null;
  readonly tokens: number;
  readonly seconds: number;
  readonly replies: readonly AskReply[];
}

export type AskPart =
  | { readonly type: 'text'; readonly round: number; readonly agent: number; readonly text: string }
  | { readonly type: 'reply'; readonly reply: AskReply }
  | { readonly type: 'done'; readonly result: AskResult };

export interface AdapterInfo {
  readonly runId: string;
  readonly runName: string;
  readonly strategy: string;
  readonly seed: number;
  readonly student: string;
  /** Of a stored run; of the recorded run, shipping with the page; or a PEFT folder from elsewhere, `runName` its name. */
  readonly origin: 'run' | 'recorded' | 'imported';
}

export interface KernelInfo {
  readonly name: string;
  /** The .wgsl file: its header states the maths. */
  readonly source: string;
  /** Forms compiled on the device of this session; empty on the CPU and before any work. */
  readonly compiled: readonly { readonly key: string; readonly code: string }[];
}

/** The page's end: requests, and every event of the job, whichever page started it. */
export interface JobClient {
  readonly api: JobApi;
  /** Resolves with the reason when the coordinator's worker has ended; never where that cannot be known. */
  readonly gone?: Promise<ArkletError>;
  /** The returned function ends listening. */
  listen(listener: (event: JobEvent) => void): () => void;
}
