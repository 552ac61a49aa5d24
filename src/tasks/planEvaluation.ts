/** Other evaluation sets on a debate that is used again: training, validation and test questions stay, only the evaluation sets are planned again. */
import { ConfigError } from '../core/errors';
import type { TrainOverlap } from '../records/overlap';
import type { Question } from '../records/records';
import type { RunConfig } from '../settings/config';
import { evalSetsOf, isCompared, setCounts } from '../settings/evalSets';
import { checkSet, isGeneratedSet } from './generatedSets';
import { guardTraining, type GuardOptions } from './guardTraining';
import { NearDuplicates } from './nearDuplicates';
import {
  askedOnce,
  checkDisjoint,
  checkSetsAsk,
  distinct,
  drawn,
  learnsFromGenerator,
  type PlannedQuestions,
  type QuestionSources,
} from './planQuestions';
import { generateQuestions, parametersOf } from './wordProblems';

/** What was planned for the run whose debate is used. */
interface Debated {
  readonly questions: readonly Question[];
  readonly overlap?: TrainOverlap | null | undefined;
}

const isSet = (split: string): boolean => isCompared(split) && split !== 'test';

/**
 * The questions of one set: of its file where that is at hand, else those that it had in that run, then the generator's
 * further ones. Throws ConfigError.
 */
function ofSet(
  { name, file, count }: { readonly name: string; readonly file: string | null; readonly count: number },
  {
    config,
    sets,
    stored,
  }: {
    readonly config: RunConfig;
    readonly sets: NonNullable<QuestionSources['sets']>;
    readonly stored: readonly Question[];
  },
): readonly Question[] {
  const given = sets[name];
  const own = stored.filter(({ split }) => split === name);
  if (file !== null && given !== undefined) return drawn(distinct(given), config.seed).slice(0, count);
  if (own.length >= count) return own.slice(0, count);
  if (isGeneratedSet(name)) {
    const further = generateQuestions({ seed: config.seed, split: name, count });
    return distinct([...own, ...further]).slice(0, count);
  }
  throw new ConfigError(
    `${file ?? name} holds ${own.length} questions that this debate has answered, but ${count} are asked for, and the file is not at hand.`,
    'Give the file again, or ask for fewer of its questions.',
    { details: { name: 'evalSets' } },
  );
}

/** Questions of evaluation sets that are near none of training: generated ones are told apart by their numbers and operations. */
function apart(train: readonly Question[], policy: TrainOverlap['policy']): (question: Question) => boolean {
  if (policy !== 'drop') return () => true;
  const [all, ofFiles] = [train, train.filter((one) => parametersOf(one) === null)].map(
    (questions) => new NearDuplicates(questions),
  );
  return (question) => (parametersOf(question) === null ? all : ofFiles)?.near(question) === null;
}

/**
 * As `planRun`, but for the questions of training, validation and test, which are the debate's. A training question cannot be left
 * out any more, so a near one of an evaluation set is, where the policy is to drop. Throws ConfigError.
 */
export function planEvaluation(
  config: RunConfig,
  { sets = {} }: Pick<QuestionSources, 'sets'>,
  debated: Debated,
): PlannedQuestions {
  const learnt = debated.questions.filter(({ split }) => !isSet(split));
  const stored = debated.questions.filter(({ split }) => isSet(split));
  const named = new Map(evalSetsOf(config.evalSets).map(({ name, file }) => [name, file]));
  // Beside a file the generator's two sets are asked where they are named, or were already.
  const asked = [...setCounts(config)].filter(
    ([name]) => learnsFromGenerator(config) || named.has(name) || stored.some(({ split }) => split === name),
  );
  const wanted = asked.flatMap(([name, count]) => {
    const file = named.get(name) ?? null;
    if (named.has(name)) checkSet({ name, file });
    return ofSet({ name, file, count }, { config, sets, stored }).map((question) => ({
      ...question,
      split: name,
    }));
  });
  const train = learnt.filter(({ split }) => split === 'train');
  const isApart = apart(train, config.nearDuplicates);
  const near = wanted.filter((question) => !isApart(question));
  const { kept, repeated } = askedOnce([...learnt, ...wanted.filter(isApart)]);
  checkSetsAsk(config, kept);
  checkDisjoint(kept);
  const found = overlapOf(train, kept, { policy: config.nearDuplicates, count: train.length, repeated });
  if (found === null) return { questions: kept, overlap: null };
  const bySet: Record<string, number> = {};
  for (const { split } of near) bySet[split] = (bySet[split] ?? 0) + 1;
  const left = near.length === 0 ? {} : { near: bySet };
  // What was left out of training stays what it was.
  const told = debated.overlap && config.nearDuplicates === 'drop' ? { ...debated.overlap, repeated } : found;
  return { questions: kept, overlap: { ...told, ...left } };
}

/** What the guard finds where nothing can be left out of training any more. Throws ConfigError where the policy refuses. */
function overlapOf(
  train: readonly Question[],
  kept: readonly Question[],
  options: GuardOptions,
): TrainOverlap | null {
  const others = kept.filter(({ split }) => split !== 'train');
  const { policy } = options;
  const { overlap } = guardTraining(train, others, {
    ...options,
    policy: policy === 'refuse' ? policy : 'keep',
  });
  return overlap && { ...overlap, policy };
}
