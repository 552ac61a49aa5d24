/** Question files of the user's own. */
import type { Question } from '../records/records';
import type { RunConfig } from '../settings/config';
import type { ColumnChoice, QuestionCheck, QuestionImport } from '../tasks/questionFiles';
import type { Call, Names, Stream } from './calls';

export interface KeptQuestions {
  readonly hash: string;
  readonly file: QuestionImport;
}

/** A file as it was picked, and which column is what where a person chose that. */
export interface PickedQuestions {
  readonly bytes: Uint8Array;
  readonly name: string;
  readonly choice?: ColumnChoice;
}

/** A dataset of the hub, read. */
export interface FetchedQuestions {
  /** With its config and split. */
  readonly name: string;
  /** One JSON object a row, to be read as a file. */
  readonly bytes: Uint8Array;
  readonly rows: number;
  /** The split has further rows. */
  readonly more: boolean;
}

/** What can be read of a dataset. */
export interface DatasetSplit {
  readonly config: string;
  readonly split: string;
}

/** A config with the questions of the files that it names, as a run is started with them. */
export interface AskedQuestions {
  readonly config: RunConfig;
  readonly questions: readonly Question[];
  readonly test?: readonly Question[];
  readonly sets?: Readonly<Record<string, readonly Question[]>>;
}

export interface QuestionsProtocol {
  /** Configs and splits of a dataset of the hub, OWNER/NAME with or without more. Rejects with AccessError, DownloadError. */
  readonly datasetSplits: Call<string, readonly DatasetSplit[]>;
  /** Rows of a dataset by its name (src/specs/dataset.ts), as those of a file; the number of rows so far comes as progress. */
  readonly fetchDataset: Stream<string, number, FetchedQuestions>;
  /**
   * Reads a file in the worker, so that a large one does not hold the page up; its questions come as progress, some thousand at a
   * time. Rejects with ImportError when no row of it is a question.
   */
  readonly readQuestions: Stream<PickedQuestions, readonly Question[], Omit<QuestionImport, 'questions'>>;
  /** Stores an imported file so that a reload finds it; resolves to the hash of its questions. The last few files are kept. */
  readonly keepQuestions: Call<QuestionImport, string>;
  /** A kept file by its hash, else (hash null) the newest of that name; null where there is none. */
  readonly keptQuestions: Call<{ readonly name: string; readonly hash: string | null }, KeptQuestions | null>;
  /** Whether agents and student of a config know the words of these questions and have room for them, before a run with them. */
  readonly checkQuestions: Call<AskedQuestions, QuestionCheck>;
}

export const questionsNames: Names<QuestionsProtocol> = {
  datasetSplits: true,
  fetchDataset: true,
  readQuestions: true,
  keepQuestions: true,
  keptQuestions: true,
  checkQuestions: true,
};
