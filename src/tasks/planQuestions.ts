import { ConfigError } from '../core/errors';
import { askedOf } from '../records/questionCounts';
import type { Question, Split } from '../records/records';
import type { RunConfig } from '../settings/config';
import { textShare } from './questionText';
import { generateQuestions } from './wordProblems';

type Counts = readonly (readonly [Split, number])[];

/** From the built-in generator, whose splits are disjoint by construction. */
function generated(config: RunConfig): Question[] {
  const counts: Counts = [
    ['train', config.trainQuestions],
    ['validation', config.validationQuestions],
    ['test', config.testQuestions],
    ['ood', config.oodQuestions],
    ['robust', config.robustQuestions],
  ];
  return counts.flatMap(([split, count]) =>
    count === 0 ? [] : generateQuestions({ seed: config.seed, split, count }),
  );
}

/**
 * Splits imported questions by a seeded hash of their normalised text: the smallest shares are tested, the next ones
 * validate, the rest trains. So a question's side does not depend on the order of the file. Questions without a right answer train.
 */
export function splitImported(imported: readonly Question[], config: RunConfig): Question[] {
  const isKnown = ({ gold }: Question): boolean => gold !== '';
  const questions = config.labels === 'gold' ? imported.filter(isKnown) : imported;
  const distinct = [...new Map(questions.map((question) => [question.id, question])).values()];
  const counts: Counts = [
    ['test', config.testQuestions],
    ['validation', config.validationQuestions],
    ['train', config.trainQuestions],
  ];
  const needed = askedOf(config);
  if (distinct.length < needed) {
    throw new ConfigError(
      `The file holds ${distinct.length} different questions, but ${needed} are asked for (${counts
        .map(([split, count]) => `${count} ${split}`)
        .join(', ')}).`,
      'Ask for fewer questions, or use a larger file.',
    );
  }
  const share = new Map(distinct.map(({ id, text }) => [id, textShare(text, config.seed)]));
  const ordered = [...distinct].sort(
    (a, b) => (share.get(a.id) ?? 0) - (share.get(b.id) ?? 0) || (a.id < b.id ? -1 : 1),
  );
  const known = ordered.filter(isKnown);
  const held = config.testQuestions + config.validationQuestions;
  if (known.length < held) {
    throw new ConfigError(
      `The file holds ${known.length} different questions with a right answer, but ${held} are asked for to test and validate.`,
      'Ask for fewer of them, or use a file with more right answers.',
    );
  }
  const kept = new Set(known.slice(0, held));
  const parts = [...known.slice(0, held), ...ordered.filter((question) => !kept.has(question))];
  let start = 0;
  return counts.flatMap(([split, count]) => {
    const part = parts.slice(start, start + count).map((question) => ({ ...question, split }));
    start += count;
    return part;
  });
}

/** Template parameters of a generated question (its numbers and operations); null for an imported one. */
function parameters({ origin }: Question): string | null {
  return origin?.startsWith('word-problem ') ? origin : null;
}

/**
 * Throws ConfigError when a question that is learnt from is also asked in another split: by its normalised text, and for
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
  const sums = new Set(train.map(parameters));
  refuse(
    others.filter((question) => parameters(question) !== null && sums.has(parameters(question))),
    'have the numbers and operations of a training question',
  );
}

/** The questions of a run, all splits. Throws ConfigError. */
export function planQuestions(config: RunConfig, imported: readonly Question[] | null): readonly Question[] {
  const questions = imported ? splitImported(imported, config) : generated(config);
  checkDisjoint(questions);
  return questions;
}
