/** Keeps training questions apart from those that are asked: near ones are left out of training, or refused, or only counted. */
import { ConfigError } from '../core/errors';
import type { OverlapExample, TrainOverlap } from '../records/overlap';
import type { Question } from '../records/records';
import { NearDuplicates } from './nearDuplicates';
import { parametersOf } from './wordProblems';

export interface GuardOptions {
  readonly policy: TrainOverlap['policy'];
  /** Training questions that are asked for; of more, the first that pass. */
  readonly count: number;
  readonly repeated: TrainOverlap['repeated'];
}

const shownExamples = 5;
const shownCharacters = 300;

/** Generated questions are told apart by their numbers and operations (checkDisjoint). */
const isGenerated = (question: Question): boolean => parametersOf(question) !== null;

/**
 * The training questions that remain, at most `count`, and what was found; no findings where all questions are generated. One with
 * the very text of another set's is never kept. Throws ConfigError where the policy refuses or nothing is left.
 */
export function guardTraining(
  train: readonly Question[],
  others: readonly Question[],
  { policy, count, repeated }: GuardOptions,
): { readonly questions: readonly Question[]; readonly overlap: TrainOverlap | null } {
  const imported = others.filter((one) => !isGenerated(one));
  if (imported.length === 0 && train.every(isGenerated))
    return { questions: train.slice(0, count), overlap: null };
  const all = new NearDuplicates(others);
  const ofFiles = new NearDuplicates(imported);
  const kept: Question[] = [];
  const examples: OverlapExample[] = [];
  const bySet: Record<string, number> = {};
  let [looked, found, dropped] = [0, 0, 0];
  for (const question of train) {
    if (kept.length === count) break;
    looked += 1;
    const near = (isGenerated(question) ? ofFiles : all).near(question);
    if (near !== null) {
      found += 1;
      const { rule, question: other } = near;
      bySet[other.split] = (bySet[other.split] ?? 0) + 1;
      if (examples.length < shownExamples) {
        const [own, its] = [question, other].map(({ text }) => text.slice(0, shownCharacters));
        examples.push({ rule, train: own ?? '', other: its ?? '', split: other.split });
      }
      if (policy !== 'keep' || rule === 'same') {
        dropped += 1;
        continue;
      }
    }
    kept.push(question);
  }
  const [first] = examples;
  if (policy === 'refuse' && first) {
    throw new ConfigError(
      `${found} of ${looked} training questions are near questions that are asked, such as "${first.train.slice(0, 80)}" beside "${first.other.slice(0, 80)}" (${first.split}).`,
      'Leave near duplicates out of training, keep them, or use other files.',
      { details: { name: 'nearDuplicates' } },
    );
  }
  if (count > 0 && kept.length === 0) {
    throw new ConfigError(
      `All ${looked} training questions are near questions that are asked.`,
      'Use another training file, or keep near duplicates.',
      { details: { name: 'nearDuplicates' } },
    );
  }
  return { questions: kept, overlap: { policy, looked, found, dropped, bySet, repeated, examples } };
}
