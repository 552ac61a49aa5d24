/**
 * Seeded arithmetic word problems with worked solutions.
 *
 * Splits: train, validation and test are disjoint by template parameters (the hash of a problem's numbers and
 * operations decides, whatever the seed) and therefore by text. `ood` has unseen names, things and templates and one
 * more step than training. `robust` is the test problem of the same place with renamed entities and one irrelevant
 * sentence: the answers are the test split's.
 */
import { ConfigError } from '../core/errors';
import type { Question } from '../records/records';
import { hashKey, RandomStream } from '../core/rng';
import type { GeneratedSplit as Split } from './generatedSets';
import { questionId } from './questionText';
import {
  defaultDifficulty,
  drawSkeleton,
  skeletonKey,
  skeletonSplit,
  type Difficulty,
  type Skeleton,
  type Step,
} from './skeleton';
import { wordProblem, type Wording } from './wordings';

export interface GeneratorOptions {
  readonly seed: number;
  readonly split: Split;
  readonly count: number;
  readonly difficulty?: Partial<Difficulty>;
}

/** A question with the numbers behind it. */
export interface WordProblem {
  readonly question: Question;
  readonly skeleton: Skeleton;
}

const wordings: Readonly<Record<Split, Wording>> = {
  train: { unseenEntities: false, unseenTemplates: false, distractor: false },
  validation: { unseenEntities: false, unseenTemplates: false, distractor: false },
  test: { unseenEntities: false, unseenTemplates: false, distractor: false },
  ood: { unseenEntities: true, unseenTemplates: true, distractor: false },
  robust: { unseenEntities: true, unseenTemplates: false, distractor: true },
};

/** Questions with distinct texts; the first k of a longer list are the list of k. Throws ConfigError. */
export function generateQuestions(options: GeneratorOptions): Question[] {
  return generateProblems(options).map((problem) => problem.question);
}

/** As generateQuestions, with the numbers. */
export function generateProblems({ seed, split, count, difficulty }: GeneratorOptions): WordProblem[] {
  const level = checkedDifficulty({ ...defaultDifficulty, ...difficulty }, split, count);
  if (split === 'robust') {
    const options = { seed, split: 'test' as const, count, ...(difficulty ? { difficulty } : {}) };
    return generateProblems(options).map(({ skeleton }, index) => build(skeleton, 'robust', seed, index));
  }
  const problems: WordProblem[] = [];
  const seen = new Set<string>();
  let misses = 0;
  for (let draw = 0; problems.length < count; draw++) {
    if (misses++ > 20_000) {
      throw new ConfigError(
        `Only ${problems.length} distinct ${split} problems of ${count} exist at this difficulty.`,
        'Ask for fewer questions or for more steps.',
      );
    }
    const skeleton = drawSkeleton(new RandomStream(hashKey('skeleton', seed, split, draw)), level);
    if (split !== 'ood' && skeletonSplit(skeleton) !== split) continue;
    const problem = build(skeleton, split, seed, draw);
    if (seen.has(problem.question.id)) continue;
    misses = 0;
    seen.add(problem.question.id);
    problems.push(problem);
  }
  return problems;
}

function build(skeleton: Skeleton, split: Split, seed: number, index: number): WordProblem {
  const random = new RandomStream(hashKey('wording', seed, split, index));
  const text = wordProblem(skeleton, wordings[split], random);
  const question: Question = {
    id: questionId(text),
    split,
    text,
    gold: String(skeleton.steps.at(-1)?.result ?? skeleton.start),
    answerType: 'number',
    solution: solutionChain(skeleton.steps),
    origin: `word-problem ${skeletonKey(skeleton)}`,
  };
  return { question, skeleton };
}

/** "12 + 9 = 21. 21 - 5 = 16. #### 16": the form in which the bundled models answer. */
export function solutionChain(steps: readonly Step[]): string {
  const lines = steps.map((step) => `${step.left} ${step.operation} ${step.right} = ${step.result}.`);
  return [...lines, `#### ${steps.at(-1)?.result ?? ''}`].join(' ');
}

function checkedDifficulty(level: Difficulty, split: Split, count: number): Difficulty {
  const { minSteps, maxSteps, maxStart } = level;
  const whole = [minSteps, maxSteps, maxStart, count].every((value) => Number.isInteger(value));
  if (!whole || minSteps < 1 || maxSteps < minSteps || maxSteps > 8 || maxStart < 2 || maxStart > 99) {
    throw new ConfigError(
      `Difficulty ${minSteps}-${maxSteps} steps from at most ${maxStart} is outside 1-8 steps and starts of 2-99.`,
      'Use whole numbers inside these ranges.',
    );
  }
  if (count < 0 || count > 1_000_000) {
    throw new ConfigError(`${count} questions were asked for.`, 'Ask for 0 to 1,000,000.');
  }
  return split === 'ood' ? { minSteps: maxSteps + 1, maxSteps: maxSteps + 1, maxStart } : level;
}
