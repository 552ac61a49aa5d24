/**
 * Whether a trace's steps can be trained on. Where the text computes, the task's checker judges it; where it does not, the
 * traces of the same question that end in the same answer judge each other (self-consistency of steps).
 */
import { checkSteps, equationsIn } from '../tasks/stepChecker';
import { numbersIn, plainMath } from '../tasks/numbers';

/** right or wrong by the checker; null where it finds nothing to check. */
export type StepVerdict = 'right' | 'wrong' | null;

export function checkedSteps(text: string): StepVerdict {
  const judged = checkSteps(text).filter(({ equations, right }) => equations.length > 0 || right === false);
  if (judged.length === 0) return null;
  return judged.every(({ right }) => right !== false) ? 'right' : 'wrong';
}

/** Share of a question's traces that must hold each intermediate result of a trace which the checker cannot judge. */
export const leastSupport = 0.25;

/** Results on the way: of equations, and numbers that neither the question states nor the answer is. */
export function intermediateResults(
  text: string,
  question: string,
  answer: string | null,
): ReadonlySet<string> {
  const stated = new Set(numbersIn(plainMath(question)));
  const own = answer === null ? [] : [answer];
  const found = [...equationsIn(text).map(({ result }) => result), ...numbersIn(plainMath(text))];
  return new Set(found.filter((number) => !stated.has(number) && !own.includes(number)));
}

/** Least share of `traces` (of which it is one) that hold one of its results; 1 where it has none. */
export function support(results: ReadonlySet<string>, traces: readonly ReadonlySet<string>[]): number {
  const shares = [...results].map((one) => traces.filter((other) => other.has(one)).length / traces.length);
  return Math.min(1, ...shares);
}
