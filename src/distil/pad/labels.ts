/** Labels of steps from the task's exact checker. Nothing is judged by a model. */
import { checkSteps, equationsIn } from '../../tasks/stepChecker';
import { splitReply, type Splitter } from './textSteps';

/** 1 good, 0 bad, between them soft (a share of continuations); null was not judged and carries no loss. */
export type StepLabel = number | null;

export interface ExactLabelOptions {
  readonly splitter: Splitter;
  /** A worked solution: a step must then also be one of this problem, and the answer must come after all of them. */
  readonly solution?: string;
  /** What steps after the first error count as: each in itself (default), or all bad. */
  readonly afterFirstError?: 'own' | 'bad';
}

/** One label a step, in the splitter's order. A step in which nothing is computed or concluded is not judged. */
export function exactLabels(reply: string, options: ExactLabelOptions): StepLabel[] {
  const { splitter, solution, afterFirstError = 'own' } = options;
  const wanted = solution === undefined ? null : equationsIn(solution).length;
  let equations = 0;
  let failed = false;
  return checkSteps(reply, solution, splitReply(reply, splitter)).map((step) => {
    equations += step.equations.length;
    const concludes = step.text.includes('####');
    const complete = !concludes || wanted === null || equations === wanted;
    if (step.right === null && step.belongs === null && complete) return null;
    const good = step.right !== false && step.belongs !== false && complete;
    if (!good) failed = true;
    return good && !(failed && afterFirstError === 'bad') ? 1 : 0;
  });
}

/** How many labels there are of each kind. */
export function countLabels(labels: Iterable<readonly StepLabel[]>): {
  good: number;
  bad: number;
  soft: number;
  none: number;
} {
  const counts = { good: 0, bad: 0, soft: 0, none: 0 };
  for (const label of [...labels].flat()) {
    if (label === null) counts.none++;
    else if (label === 1) counts.good++;
    else if (label === 0) counts.bad++;
    else counts.soft++;
  }
  return counts;
}
