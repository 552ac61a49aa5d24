/** The numbers of an arithmetic word problem without its words: operations, operands, and the split they belong to. */
import { hashKey, type RandomStream } from '../core/rng';

export type Operation = '+' | '-' | '*' | '/';

/** `left operation right = result`; every number is a non-negative integer. */
export interface Step {
  readonly operation: Operation;
  readonly left: number;
  readonly right: number;
  readonly result: number;
}

/** A chain of steps: the left of a step is the result of the step before. `start` is null when a product comes first. */
export interface Skeleton {
  readonly start: number | null;
  readonly steps: readonly Step[];
}

/** How hard a problem is: number of steps (both ends included) and the largest starting number. */
export interface Difficulty {
  readonly minSteps: number;
  readonly maxSteps: number;
  readonly maxStart: number;
}

export const defaultDifficulty: Difficulty = { minSteps: 3, maxSteps: 5, maxStart: 20 };

/** left operation right; a division that leaves a rest is NaN. */
export function evaluate(operation: Operation, left: number, right: number): number {
  switch (operation) {
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right;
    case '/':
      return right !== 0 && left % right === 0 ? left / right : NaN;
    default:
      return operation satisfies never;
  }
}

/** The numbers and operations as text: two problems with one key differ in words only. */
export function skeletonKey(skeleton: Skeleton): string {
  const first = skeleton.steps[0];
  const begin = skeleton.start ?? first?.left ?? 0;
  return [begin, ...skeleton.steps.map((step) => `${step.operation}${step.right}`)].join(' ');
}

/** Which of the disjoint splits a key belongs to, for every seed: 80 % train, 10 % validation, 10 % test. */
export function skeletonSplit(skeleton: Skeleton): 'train' | 'validation' | 'test' {
  const share = hashKey('skeleton-split', skeletonKey(skeleton)) / 0x100000000;
  if (share < 0.8) return 'train';
  return share < 0.9 ? 'validation' : 'test';
}

/** Share of the additions, subtractions and divisions that no training or validation question needs. */
const heldOutShare = 0.06;

/** Whether a step is held out: train and validation never need it, about a fifth of the test does. Products are too few to spare. */
export function isHeldOut({ operation, left, right }: Omit<Step, 'result'>): boolean {
  if (operation === '*') return false;
  return hashKey('held-out-step', `${left} ${operation} ${right}`) / 0x100000000 < heldOutShare;
}

/** Start 2..maxStart or a product of 2..5; add or subtract 1..9; divide without rest by 2..5. */
export function drawSkeleton(random: RandomStream, difficulty: Difficulty): Skeleton {
  const count = random.integer(difficulty.minSteps, difficulty.maxSteps);
  const steps: Step[] = [];
  let start: number | null = null;
  let current: number;
  if (random.next() < 0.5) {
    const left = random.integer(2, 5);
    const right = random.integer(2, 5);
    current = left * right;
    steps.push({ operation: '*', left, right, result: current });
  } else {
    start = random.integer(2, difficulty.maxStart);
    current = start;
  }
  while (steps.length < count) {
    const step = drawStep(random, current);
    steps.push(step);
    current = step.result;
  }
  return { start, steps };
}

function drawStep(random: RandomStream, current: number): Step {
  const divisors = [2, 3, 4, 5].filter((divisor) => current % divisor === 0 && current >= 2 * divisor);
  const draw = random.next();
  const step = (operation: Operation, right: number): Step => ({
    operation,
    left: current,
    right,
    result: evaluate(operation, current, right),
  });
  if (divisors.length > 0 && draw < 0.3) return step('/', random.pick(divisors));
  if (current < 3 || draw < 0.65) return step('+', random.integer(1, 9));
  return step('-', random.integer(1, Math.min(9, current - 1)));
}
