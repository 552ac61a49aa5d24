/** Words about question files: what was read, what is not read as written, what was left out. */
import type { AlteredAnswer } from '../../tasks/questionFiles';
import { formatCount, formatPlural } from '../format';

const reasons: Readonly<Record<AlteredAnswer['reason'], string>> = {
  form: 'same answer, in one form',
  option: 'the letter of the option',
  counted: 'counted from 0: the file does not say whether it counts from 0 or 1',
  mixed: 'mixed number',
  unit: 'a number without its unit or sign',
  result: 'the result of the sum',
  comma: 'a decimal or a list? Kept as a list',
  'decimal-comma': 'comma read as the decimal point',
  thousands: 'thousands or a decimal? Other answers of the file have decimal commas',
  scientific: 'scientific notation: a spreadsheet may have rounded it',
  list: 'a list: compared as a whole',
  several: 'several numbers: kept as words',
};

const encodings: Readonly<Record<string, string>> = {
  'utf-16le': 'UTF-16',
  'utf-16be': 'UTF-16',
  'windows-1252': 'Windows-1252 (not UTF-8: check the accents)',
};

const held = (name: string, count: number | null): string =>
  count === null
    ? `${name}, which is not on this device: pick it again`
    : `${name}, ${formatPlural(count, 'question', 'questions')}`;

export const importingStrings = {
  bundled: 'Bundled word problems',
  pick: 'Use a file of your own',
  help: 'JSONL, JSON, CSV or Parquet with questions and answers (GSM8K, MATH, AIME, MMLU and other multiple-choice layouts are known).',
  reading: 'Reading …',
  counts: (read: number, rejected: number): string =>
    `${formatPlural(read, 'question', 'questions')} read, ${formatPlural(rejected, 'row', 'rows')} left out`,
  firstRows: (count: number): string => `Its first ${formatCount(count)} rows are read; it has more.`,
  unread: (count: number): string =>
    `${formatPlural(count, 'row is', 'rows are')} left out because the right answer cannot be read: choose another column, or see the rows below.`,
  alteredCounts: (altered: number, doubtful: number): string =>
    `${formatPlural(altered, 'answer is', 'answers are')} not read as written` +
    (doubtful > 0 ? `, ${formatCount(doubtful)} of them to be checked` : ''),
  encoding: (name: string): string | null => {
    const said = encodings[name];
    return said === undefined ? null : `Read as ${said}.`;
  },
  columns: {
    title: 'Columns of the file',
    unknown: (name: string): string =>
      `The columns of ${name} are not known by their names. Choose which one holds the question and which the right answer.`,
    change: 'Choose the columns',
    sample: 'First rows',
    question: 'Question',
    answer: 'Right answer',
    solution: 'Worked solution',
    none: 'none',
    options: 'Options to choose from',
    optionsHelp:
      'One column an option, in order, or one column with a list. Leave empty where the answer is no choice. The right answer is then a letter, a number or the text of an option.',
    header: 'The first line names the columns',
    read: 'Read the file this way',
    same: 'Question and right answer are in different columns.',
  },
  preview: 'First questions',
  rejected: 'Rows left out',
  altered: 'Answers not read as written',
  asWritten: (answer: string): string => `written: ${answer}`,
  written: 'As written',
  read: 'As read',
  why: (reason: AlteredAnswer['reason']): string => reasons[reason],
  check: 'Check',
  line: 'Line',
  reason: 'Reason',
  text: 'Row',
  question: 'Question',
  answer: 'Answer',
  option: (place: number, text: string): string => `${String.fromCharCode(65 + place)}. ${text}`,
  use: 'Use these questions',
  purpose: 'What they are for',
  purposes: { all: 'Learn and test', test: 'Test alone', set: 'An evaluation set' },
  setName: 'Name of the set',
  setNameHelp: 'Lower-case letters, digits and hyphens. Every arm is reported on it by this name.',
  builtInSets: 'Built-in evaluation sets',
  testFile: (name: string, count: number | null): string => `Test questions: ${held(name, count)}`,
  removeTest: 'Test on the training file’s own questions instead',
  setFile: (set: string, name: string, count: number | null): string => `${set}: ${held(name, count)}`,
  removeSet: (set: string): string => `Remove ${set}`,
  using: (name: string, count: number): string => `${name}: ${formatPlural(count, 'question', 'questions')}`,
  remove: 'Use the bundled problems instead',
  lowered: (name: string, held: number, asked: number): string =>
    `${name} holds ${formatPlural(held, 'different question', 'different questions')}, but ${formatCount(asked)} were asked for: the counts were lowered in proportion. Change them as you like.`,
  atMost: (most: number, name: string, held: number): string =>
    `At most ${formatCount(most)} with the others: ${name} holds ${formatPlural(held, 'different question', 'different questions')}.`,
  tooMany: (name: string, held: number, asked: number): string =>
    `${name} holds ${formatPlural(held, 'different question', 'different questions')}, but ${formatCount(asked)} are asked for.`,
  showMore: (count: number): string => `Show ${formatCount(count)} more`,
};
