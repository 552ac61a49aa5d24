/** Results of reading a question file and of checking it against the chosen models. */
import type { Question } from '../records/records';
import type { RunConfig } from '../settings/config';

/** The columns of a table, or the fields of JSON rows, with the first rows. */
export interface FileColumns {
  /** A table, whose first line may be a row as well. */
  readonly table: boolean;
  readonly names: readonly string[];
  readonly sample: readonly (readonly string[])[];
}

/** Which column is what, chosen by a person; columns by their place. */
export interface ColumnChoice {
  readonly question: number;
  readonly answer: number;
  /** One column that holds a list, or a column an option, in order; none: the answer is no choice. */
  readonly options: readonly number[];
  readonly solution: number | null;
  /** Whether the first line of a table names the columns. */
  readonly header: boolean;
}

export interface RejectedLine {
  readonly line: number;
  readonly reason: string;
  readonly text: string;
  /** Its right answer is there, but cannot be read. */
  readonly answer?: true;
}

/** What an import of a question file found; nothing is stored until a run starts with the questions. */
export interface QuestionImport {
  readonly name: string;
  readonly format: string;
  readonly questions: readonly Question[];
  /** Questions without an answer, for training by consensus; absent where there are none, and in files that older versions kept. */
  readonly unanswered?: readonly Question[];
  /** Rows that were left out; `line` counts from 1; `text` is the row's beginning. */
  readonly rejected: readonly RejectedLine[];
  /** Right answers that are not read as they are written, those a person should look at first. */
  readonly altered: readonly AlteredAnswer[];
  /** How the bytes were read. */
  readonly encoding: string;
  readonly rows: number;
  /** Absent in files that older versions kept. */
  readonly columns?: FileColumns;
}

/** The questions of a file that a run can use: those without an answer only where labels are not the right answers. */
export function usableQuestions(
  { questions, unanswered = [] }: Pick<QuestionImport, 'questions' | 'unanswered'>,
  labels: RunConfig['labels'],
): readonly Question[] {
  return labels === 'gold' ? questions : [...questions, ...unanswered];
}

/** A question that is longer than a model reads. */
export interface LongQuestion {
  readonly questionId: string;
  readonly model: string;
  readonly tokens: number;
  /** What the model's context holds. */
  readonly context: number;
}

/** Why no training on a file's questions can teach anything: who cannot read a single one, and what is in the way. */
export interface Hopeless {
  readonly who: 'agents' | 'student';
  readonly why: 'words' | 'long';
  /** Questions to learn from, none of which is of use. */
  readonly questions: number;
}

/** How well the chosen models can read a question file. Models that cannot be looked into here are left out. */
export interface QuestionCheck {
  /** Different words of the file, and how many of them every model looked at knows. */
  readonly words: number;
  readonly known: number;
  /** Questions of which some model lacks a word or a sign. */
  readonly unreadable: number;
  readonly questions: number;
  /** Some of the words that are lacking, those of most questions first. */
  readonly lacking: readonly string[];
  /** The models that lack them, by id. */
  readonly models: readonly string[];
  /** Each question once, with the model that has least room. */
  readonly long: readonly LongQuestion[];
  /** Questions that fit, but leave less room than an answer may take; `room` is the least that one leaves. Null: none. */
  readonly tight: { readonly questions: number; readonly room: number; readonly asked: number } | null;
  /** Questions whose right answer has a word or sign that the student, or all agents, cannot write; null: none. */
  readonly unsayable: { readonly questions: number; readonly words: readonly string[] } | null;
  /** Models that could not be looked into, by name: not downloaded yet, or on a server. */
  readonly unchecked: readonly string[];
  /** Null where the student can learn something, as far as it is known. */
  readonly hopeless: Hopeless | null;
}

export type GoldReason =
  | 'form'
  | 'option'
  | 'counted'
  | 'mixed'
  | 'unit'
  | 'result'
  | 'comma'
  | 'decimal-comma'
  | 'thousands'
  | 'scientific'
  | 'list'
  | 'several';

/** A right answer as its file writes it and as it is read; `reason` as tasks/golds explains it. */
export interface AlteredAnswer {
  readonly line: number;
  readonly question: string;
  readonly written: string;
  readonly read: string;
  readonly reason: GoldReason;
  readonly doubtful: boolean;
}
