/** Questions that only group RL practises on. */
import type { Question } from '../records/records';
import type { RunConfig } from '../settings/config';
import { checkDisjoint } from './planQuestions';
import { guardTraining } from './guardTraining';
import { generateQuestions } from './wordProblems';

/**
 * Generated problems beyond a run's training questions, kept apart from those it asks as training questions are; none where none are
 * asked for. `planned` are the run's own. Throws ConfigError.
 */
export function extraQuestions(config: RunConfig, planned: readonly Question[]): readonly Question[] {
  const count = config.pad.rl.extraQuestions;
  if (count === 0) return [];
  const { seed, trainQuestions, nearDuplicates: policy } = config;
  const known = new Set(planned.map(({ id }) => id));
  const further = generateQuestions({ seed, split: 'train', count: trainQuestions + count })
    .slice(trainQuestions)
    .filter(({ id }) => !known.has(id));
  const asked = planned.filter(({ split }) => split !== 'train');
  const { questions } = guardTraining(further, asked, { policy, count, repeated: {} });
  checkDisjoint([...questions, ...asked]);
  return questions;
}
