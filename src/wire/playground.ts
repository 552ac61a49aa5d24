/** One new question to several arms, and the adapters that can be asked. */
import type { AnswerType, FinishReason } from '../records/records';
import type { RunConfig } from '../settings/config';
import type { Call, Names, Stream } from './calls';
import type { JobEvent } from './jobEvents';
import type { AdapterPlace } from './runs';

export type AdapterArm = Extract<AskArm, { type: 'distilled' }>;

export type AskArm =
  { readonly type: 'base' } | ({ readonly type: 'distilled' } & AdapterPlace) | { readonly type: 'ensemble' };

export interface AskRequest {
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
  readonly thoughts?: string;
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

export interface AdapterInfo extends AdapterPlace {
  readonly runName: string;
  readonly student: string;
  /** Of a stored run; of the recorded run, shipping with the page; or a PEFT folder from elsewhere, `runName` its name. */
  readonly origin: 'run' | 'recorded' | 'imported';
}

/** Progress while a question is answered: the models that are loaded for it, and each arm's reply. */
export type AskProgress =
  | Extract<JobEvent, { type: 'load' }>
  /** `arm` is its place in the request; `text` is what is new of a turn. */
  | {
      readonly type: 'text';
      readonly arm: number;
      readonly round: number;
      readonly agent: number;
      readonly text: string;
    }
  | { readonly type: 'reply'; readonly arm: number; readonly reply: AskReply }
  | { readonly type: 'done'; readonly arm: number; readonly result: AskResult };

export interface AdapterFiles {
  readonly files: Readonly<Record<string, Uint8Array>>;
  readonly name: string;
  readonly student: string;
}

export interface PlaygroundProtocol {
  /**
   * Asks one new question of several arms at once; one question at a time. Rejects with BusyError while a run works (in any tab),
   * ConfigError with `details.words` for words that a model lacks, InterruptedError when it is aborted or a run starts.
   */
  readonly ask: Stream<AskRequest, AskProgress, readonly AskResult[]>;
  /** Every adapter that can be asked: of stored runs, newest first, imported ones, then those that ship with the page. */
  readonly adapters: Call<null, readonly AdapterInfo[]>;
  /**
   * Stores the files of a PEFT folder to be asked. It belongs to the bundled model that its config names, else to `student`.
   * Rejects with FileFormatError, ModelError for features that are not supported, StorageError.
   */
  readonly importAdapter: Call<AdapterFiles, AdapterInfo>;
  /** Removes an imported adapter, by its `strategy`. */
  readonly removeAdapter: Call<string, void>;
}

export const playgroundNames: Names<PlaygroundProtocol> = {
  ask: true,
  adapters: true,
  importAdapter: true,
  removeAdapter: true,
};
