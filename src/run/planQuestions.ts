import { ConfigError } from '../core/errors';
import type { Question, RunConfig, Split } from '../core/records';
import { textShare } from '../tasks/questionText';
import { generateQuestions } from '../tasks/wordProblems';

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
 * validate, the rest trains. So a question's side does not depend on the order of the file.
 */
export function splitImported(questions: readonly Question[], config: RunConfig): Question[] {
  const distinct = [...new Map(questions.map((question) => [question.id, question])).values()];
  const counts: Counts = [
    ['test', config.testQuestions],
    ['validation', config.validationQuestions],
    ['train', config.trainQuestions],
  ];
  const needed = counts.reduce((sum, [, count]) => sum + count, 0);
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
  let start = 0;
  return counts.flatMap(([split, count]) => {
    const part = ordered.slice(start, start + count).map((question) => ({ ...question, split }));
    start += count;
    return part;
  });
}

/** Throws ConfigError when a question that is learnt from is also asked in a test. */
export function checkDisjoint(questions: readonly Question[]): void {
  const train = new Set(questions.filter(({ split }) => split === 'train').map(({ id }) => id));
  const shared = questions.filter(({ split, id }) => split !== 'train' && train.has(id));
  if (shared.length > 0) {
    throw new ConfigError(
      `${shared.length} questions stand in training and in another split, such as "${shared[0]?.text.slice(0, 80)}".`,
      'Use another seed or fewer questions.',
    );
  }
}

/** The questions of a run, all splits. Throws ConfigError. */
export function planQuestions(config: RunConfig, imported: readonly Question[] | null): readonly Question[] {
  const questions = imported ? splitImported(imported, config) : generated(config);
  checkDisjoint(questions);
  return questions;
}
