/**
 * Seeded arithmetic word problems with worked solutions.
 *
 * Splits: train, validation and test are disjoint by template parameters (the hash of a problem's numbers and
 * operations decides, whatever the seed) and therefore by text. Some steps (isHeldOut) are needed by no problem of train
 * or validation, so that a table of the steps met there does not solve the test. The other sets hold test problems:
 * `steps` those that need a held-out step, `vehicles` and `money` other families of sentences, `robust` the test problem of
 * the same place with renamed entities and one irrelevant sentence. `ood` has new sentences and one more step. `corpus` is
 * what the bundled models are pretrained on: all families and all steps, the numbers of train.
 */
import { ConfigError } from '../core/errors';
import type { Question } from '../records/records';
import { hashKey, RandomStream } from '../core/rng';
import type { GeneratedSplit } from './generatedSets';
import { questionId } from './questionText';
import {
  defaultDifficulty,
  drawSkeleton,
  isHeldOut,
  skeletonKey,
  skeletonSplit,
  type Difficulty,
  type Skeleton,
  type Step,
} from './skeleton';
import { wordProblem, type FamilyName, type Wording } from './wordings';

export interface GeneratorOptions {
  readonly seed: number;
  readonly split: ProblemSplit;
  readonly count: number;
  readonly difficulty?: Partial<Difficulty>;
}

/** A question with the numbers behind it. */
export interface WordProblem {
  readonly question: Question;
  readonly skeleton: Skeleton;
}

/** What the generator can be asked for. */
export type ProblemSplit = GeneratedSplit | 'corpus';

const plain = (family: FamilyName): Wording => ({ family, distractor: false });

const wordings: Readonly<Record<GeneratedSplit, Wording>> = {
  train: plain('taught'),
  validation: plain('taught'),
  test: plain('taught'),
  steps: plain('taught'),
  vehicles: plain('vehicles'),
  money: plain('money'),
  ood: plain('new-sentences'),
  robust: { family: 'renamed', distractor: true },
};

/** Shares of the families in the corpus. */
const corpusShares: readonly (readonly [FamilyName, number])[] = [
  ['taught', 0.55],
  ['renamed', 0.15],
  ['vehicles', 0.15],
  ['money', 0.15],
];

function wordingOf(split: ProblemSplit, random: RandomStream): Wording {
  if (split !== 'corpus') return wordings[split];
  let left = random.next();
  const found = corpusShares.find(([, share]) => (left -= share) < 0);
  return plain(found?.[0] ?? 'taught');
}

/** Whether a problem with these numbers may stand in a split. */
function belongs(skeleton: Skeleton, split: ProblemSplit): boolean {
  if (split === 'ood') return true;
  const part = skeletonSplit(skeleton);
  if (split === 'corpus') return part === 'train';
  const heldOut = skeleton.steps.some(isHeldOut);
  if (split === 'train' || split === 'validation') return part === split && !heldOut;
  return part === 'test' && (split !== 'steps' || heldOut);
}

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
    if (!belongs(skeleton, split)) continue;
    const problem = build(skeleton, split, seed, draw);
    if (seen.has(problem.question.id)) continue;
    misses = 0;
    seen.add(problem.question.id);
    problems.push(problem);
  }
  return problems;
}

function build(skeleton: Skeleton, split: ProblemSplit, seed: number, index: number): WordProblem {
  const random = new RandomStream(hashKey('wording', seed, split, index));
  const text = wordProblem(skeleton, wordingOf(split, random), random);
  const question: Question = {
    id: questionId(text),
    split,
    text,
    gold: String(skeleton.steps.at(-1)?.result ?? skeleton.start),
    answerType: 'number',
    solution: solutionChain(skeleton.steps),
    origin: `${generatedOrigin}${skeletonKey(skeleton)}`,
  };
  return { question, skeleton };
}

const generatedOrigin = 'word-problem ';

/** Template parameters of a generated question (its numbers and operations); null for an imported one. */
export function parametersOf({ origin }: Pick<Question, 'origin'>): string | null {
  return origin?.startsWith(generatedOrigin) ? origin : null;
}

/** "12 + 9 = 21. 21 - 5 = 16. #### 16": the form in which the bundled models answer. */
export function solutionChain(steps: readonly Step[]): string {
  const lines = steps.map((step) => `${step.left} ${step.operation} ${step.right} = ${step.result}.`);
  return [...lines, `#### ${steps.at(-1)?.result ?? ''}`].join(' ');
}

function checkedDifficulty(level: Difficulty, split: ProblemSplit, count: number): Difficulty {
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
