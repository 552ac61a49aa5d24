/** Which questions a run asks, and in which split: of the generator, of one file, or of files for training, test and evaluation. */
import { ConfigError } from '../core/errors';
import { askedOf, splitOf } from '../records/questionCounts';
import type { TrainOverlap } from '../records/overlap';
import type { Question, Split } from '../records/records';
import type { RunConfig } from '../settings/config';
import { evalSetsOf, isCompared, setCounts } from '../settings/evalSets';
import { checkSet, generatedSets, type GeneratedSplit } from './generatedSets';
import { hasGold } from './golds';
import { guardTraining } from './guardTraining';
import { textShare } from './questionText';
import { generateQuestions, parametersOf } from './wordProblems';

/** The questions of files, as they were imported. */
export interface QuestionSources {
  /** Of one file that is split, or of the training file; null: the generator's. */
  readonly questions: readonly Question[] | null;
  /** Of the test file, where there is one. */
  readonly test?: readonly Question[];
  /** Of the evaluation files, by the name of their set. */
  readonly sets?: Readonly<Record<string, readonly Question[]>>;
}

export interface PlannedQuestions {
  readonly questions: readonly Question[];
  /** Null where no question of a file is trained on or asked. */
  readonly overlap: TrainOverlap | null;
}

/** Questions of the generator, by the split that asks them. */
function generated(
  config: RunConfig,
  counts: readonly (readonly [GeneratedSplit, number])[],
): readonly Question[] {
  return counts.flatMap(([split, count]) =>
    count === 0 ? [] : generateQuestions({ seed: config.seed, split, count }),
  );
}

/** How many questions each of the generator's evaluation sets is asked. */
function generatedSetCounts(config: RunConfig): readonly (readonly [GeneratedSplit, number])[] {
  const counts = setCounts(config);
  return generatedSets.map((name) => [name, counts.get(name) ?? 0] as const);
}

/** Whether training and test questions are the generator's. */
export function learnsFromGenerator({ questions, trainFile }: RunConfig): boolean {
  return questions === null && trainFile === null;
}

/** What of a run's questions the generator makes: all of them, or only the evaluation sets that are named. */
export function generatedQuestions(config: RunConfig): readonly Question[] {
  const { trainQuestions: train, validationQuestions: validation, testQuestions: test } = config;
  if (learnsFromGenerator(config)) {
    return generated(config, [
      ['train', train],
      ['validation', validation],
      ['test', test],
      ...generatedSetCounts(config),
    ]);
  }
  // The counts of `ood` and `robust` belong to runs on generated problems; beside a file a set is asked when it is named.
  const named = new Set(evalSetsOf(config.evalSets).map(({ name }) => name));
  return generated(
    config,
    generatedSetCounts(config).filter(([name]) => named.has(name)),
  );
}

export function distinct(questions: readonly Question[]): readonly Question[] {
  return [...new Map(questions.map((question) => [question.id, question])).values()];
}

/** By a seeded hash of the text, so that the order of a file decides nothing. */
export function drawn(questions: readonly Question[], seed: number): readonly Question[] {
  const share = new Map(questions.map(({ id, text }) => [id, textShare(text, seed)]));
  return [...questions].sort(
    (a, b) => (share.get(a.id) ?? 0) - (share.get(b.id) ?? 0) || (a.id < b.id ? -1 : 1),
  );
}

const asked = (split: Split) => (question: Question) => ({ ...question, split });

/** Questions by what they are for. `train` holds more than are asked for: the guard may leave some out. */
interface Parts {
  readonly train: readonly Question[];
  readonly others: readonly Question[];
}

/** Questions of a training file that the labels can use: without a right answer only where that is not the label. */
function usable(questions: readonly Question[], { labels }: RunConfig): readonly Question[] {
  return distinct(labels === 'gold' ? questions.filter(hasGold) : questions);
}

/** The first `count` that have a right answer, as tests and validation need, and the rest. Throws ConfigError. */
function heldOut(
  ordered: readonly Question[],
  count: number,
): { readonly asked: readonly Question[]; readonly rest: readonly Question[] } {
  const known = ordered.filter(hasGold);
  if (known.length < count) {
    throw new ConfigError(
      `The file holds ${known.length} different questions with a right answer, but ${count} are asked for to test and validate.`,
      'Ask for fewer of them, or use a file with more right answers.',
    );
  }
  const taken = new Set(known.slice(0, count));
  return { asked: known.slice(0, count), rest: ordered.filter((question) => !taken.has(question)) };
}

/** One file: the smallest shares are tested, the next ones validate, the rest trains. */
function ofOneFile(questions: readonly Question[], config: RunConfig): Parts {
  const held = usable(questions, config);
  const { testQuestions: test, validationQuestions: validation, trainQuestions: train } = config;
  const needed = askedOf(config);
  if (held.length < needed) {
    throw new ConfigError(
      `The file holds ${held.length} different questions, but ${needed} are asked for (${test} test, ${validation} validation, ${train} train).`,
      'Ask for fewer questions, or use a larger file.',
    );
  }
  const parts = heldOut(drawn(held, config.seed), test + validation);
  return {
    train: parts.rest.map(asked('train')),
    others: [
      ...parts.asked.slice(test).map(asked('validation')),
      ...parts.asked.slice(0, test).map(asked('test')),
    ],
  };
}

/** A file for training and one for the test, each as it is; the smallest shares of the training file validate. */
function ofTwoFiles(questions: readonly Question[], test: readonly Question[], config: RunConfig): Parts {
  const held = usable(questions, config);
  const learnt = { ...config, testQuestions: 0 };
  const fitted = askedOf(learnt) > held.length ? splitOf(learnt, held.length) : learnt;
  if (fitted === null) {
    throw new ConfigError(
      `The training file holds ${held.length} different questions: too few to train and to validate.`,
      'Use a larger training file, or ask for no validation questions.',
    );
  }
  const parts = heldOut(drawn(held, config.seed), fitted.validationQuestions);
  return {
    train: parts.rest.map(asked('train')),
    others: [
      ...parts.asked.map(asked('validation')),
      ...drawn(distinct(test), config.seed).slice(0, config.testQuestions).map(asked('test')),
    ],
  };
}

function learning(config: RunConfig, { questions, test }: QuestionSources): Parts {
  if (config.trainFile !== null) {
    if (questions !== null && test) return ofTwoFiles(questions, test, config);
    throw new ConfigError(
      `The questions of ${questions === null ? config.trainFile : (config.testFile ?? 'the test file')} are not at hand.`,
      'Pick the file again.',
    );
  }
  if (questions !== null) return ofOneFile(questions, config);
  const all = generatedQuestions(config);
  return {
    train: all.filter(({ split }) => split === 'train'),
    others: all.filter(({ split }) => split !== 'train'),
  };
}

/** The named sets, in the order in which they are named; a set of a file is drawn from it like a split. Throws ConfigError. */
function evaluation(config: RunConfig, { sets = {} }: QuestionSources): readonly Question[] {
  return evalSetsOf(config.evalSets).flatMap(({ name, file }) => {
    checkSet({ name, file });
    if (file === null) return [];
    const found = sets[name];
    if (found === undefined)
      throw new ConfigError(`The questions of ${file} are not at hand.`, 'Pick the file again.');
    return drawn(distinct(found), config.seed).slice(0, config.evalQuestions).map(asked(name));
  });
}

/** Each question in the first set that asks it alone, because a run keeps one answer of an arm to a question. */
export function askedOnce(questions: readonly Question[]): {
  readonly kept: readonly Question[];
  readonly repeated: Readonly<Record<string, number>>;
} {
  const seen = new Set<string>();
  const repeated: Record<string, number> = {};
  const kept = questions.filter(({ id, split }) => {
    if (!seen.has(id)) return Boolean(seen.add(id));
    repeated[split] = (repeated[split] ?? 0) + 1;
    return false;
  });
  return { kept, repeated };
}

/**
 * Throws ConfigError when a training question is also in another split: by its normalised text, and for
 * generated ones by template parameters too, because other words around the same sums test nothing (docs/method.md section 4).
 */
export function checkDisjoint(questions: readonly Question[]): void {
  const train = questions.filter(({ split }) => split === 'train');
  const others = questions.filter(({ split }) => split !== 'train');
  const refuse = (shared: readonly Question[], what: string): void => {
    const [first] = shared;
    if (!first) return;
    throw new ConfigError(
      `${shared.length} questions of other splits ${what}, such as "${first.text.slice(0, 80)}" (${first.split}).`,
      'Use another seed or fewer questions.',
    );
  };
  const texts = new Set(train.map(({ id }) => id));
  refuse(
    others.filter(({ id }) => texts.has(id)),
    'stand in training too',
  );
  const sums = new Set(train.map(parametersOf));
  refuse(
    others.filter((question) => parametersOf(question) !== null && sums.has(parametersOf(question))),
    'have the numbers and operations of a training question',
  );
}

/** Splits in the order in which they are asked: of one file the smallest share first, as runs always had it. */
function inOrder(questions: readonly Question[], oneFile: boolean): readonly Question[] {
  const own = oneFile ? ['test', 'validation', 'train'] : ['train', 'validation', 'test'];
  const place = ({ split }: Question): number => (own.includes(split) ? own.indexOf(split) : own.length);
  return [...questions].sort((a, b) => place(a) - place(b));
}

/** Throws ConfigError where a named set is left without a question. */
export function checkSetsAsk({ evalSets }: RunConfig, kept: readonly Question[]): void {
  for (const { name, file } of evalSetsOf(evalSets)) {
    if (kept.some(({ split }) => split === name)) continue;
    throw new ConfigError(
      `The evaluation set ${name} asks nothing that the sets before it do not ask.`,
      file === null ? 'Leave it out.' : `Leave it out, or give it another file than ${file}.`,
    );
  }
}

/** The questions of a run, all splits, and what the guard of the training questions found. Throws ConfigError. */
export function planRun(config: RunConfig, sources: QuestionSources): PlannedQuestions {
  const { train, others } = learning(config, sources);
  const files = evaluation(config, sources);
  const beside = learnsFromGenerator(config) ? [] : generatedQuestions(config);
  const { kept, repeated } = askedOnce([...others, ...beside, ...files]);
  checkSetsAsk(config, kept);
  const { questions, overlap } = guardTraining(train, kept, {
    policy: config.nearDuplicates,
    count: config.trainQuestions,
    repeated,
  });
  const planned = inOrder([...questions, ...kept], sources.questions !== null && config.trainFile === null);
  checkDisjoint(planned);
  return { questions: planned, overlap };
}

/** As `planRun`, for one file or none, without what the guard found. */
export function planQuestions(config: RunConfig, imported: readonly Question[] | null): readonly Question[] {
  return planRun(config, { questions: imported }).questions;
}

/** The splits that arms are compared on, the test questions first, then in the order in which questions come. */
export function comparedSplits(questions: readonly Question[]): readonly Split[] {
  return [...new Set(['test', ...questions.map(({ split }) => split).filter(isCompared)])];
}
