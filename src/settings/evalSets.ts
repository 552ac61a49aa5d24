/** Evaluation sets by name: questions that are asked beside the test questions, of a file or of the generator. */

/** What the setting names: `NAME=FILE`, or `NAME` alone for a set of the generator. */
export interface EvalSetSpec {
  readonly name: string;
  /** Name of the file; null: the generator's set of that name. */
  readonly file: string | null;
}

/** Splits that are no evaluation sets. */
const ownSplits: ReadonlySet<string> = new Set(['train', 'validation', 'test']);

const setName = /^[a-z][a-z0-9-]{0,30}$/;

/** Whether a set can have this name: it stands as the split of turns, questions and report. */
export function isSetName(name: string): boolean {
  return setName.test(name) && !ownSplits.has(name);
}

/** Whether a split is one that arms are compared on: the test questions or an evaluation set. */
export function isCompared(split: string): boolean {
  return split !== 'train' && split !== 'validation';
}

/** Null where the text is neither NAME nor NAME=FILE. */
export function readEvalSet(text: string): EvalSetSpec | null {
  const [, name = '', file] = /^([^=]*)(?:=(.+))?$/s.exec(text) ?? [];
  if (!isSetName(name)) return null;
  return text.includes('=') && file === undefined ? null : { name, file: file ?? null };
}

export function writeEvalSet({ name, file }: EvalSetSpec): string {
  return file === null ? name : `${name}=${file}`;
}

/** The sets of a checked setting, in its order. */
export function evalSetsOf(list: readonly string[]): readonly EvalSetSpec[] {
  return list.flatMap((text) => readEvalSet(text) ?? []);
}

interface SetCounts {
  readonly oodQuestions: number;
  readonly robustQuestions: number;
  readonly evalSets: readonly string[];
  readonly evalQuestions: number;
}

/** Questions of each set by name: of its own setting where that is above 0, else as many as a named set is asked. */
export function setCounts({
  oodQuestions: ood,
  robustQuestions: robust,
  evalSets,
  evalQuestions,
}: SetCounts): ReadonlyMap<string, number> {
  const named = evalSetsOf(evalSets).map(({ name }) => [name, evalQuestions] as const);
  const own = Object.entries({ ood, robust }).filter(([, count]) => count > 0);
  return new Map([...named, ...own]);
}

/** Questions that are compared on beside the test questions, at most. */
export function evaluationQuestions(config: SetCounts): number {
  return [...setCounts(config).values()].reduce((sum, count) => sum + count, 0);
}
