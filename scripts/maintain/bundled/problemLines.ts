/** Generated problems as the trainers of the bundled models read them. Loaded through Vite by export.mjs. */
import { generateProblems, type ProblemSplit } from '../../../src/tasks/wordProblems';
import { problemWords } from '../../../src/tasks/wordings';

/** One JSON document per line; the vocabulary's words on the first one. */
export function problemLines(split: ProblemSplit, seed: number, count: number): readonly string[] {
  const problems = generateProblems({ split, seed, count }).map(({ question, skeleton }) => {
    const { text, solution: chain, gold } = question;
    const steps = skeleton.steps.map((step) => [step.operation, step.left, step.right, step.result]);
    return JSON.stringify({ text, chain, gold, start: skeleton.start, steps });
  });
  return [JSON.stringify({ words: problemWords() }), ...problems];
}
