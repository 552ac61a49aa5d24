/** Which arms are compared with which, and the figures of arms and pairs. */
import type { ArmResult, GainKept, PairResult, Question } from '../records/records';
import { hashKey } from '../core/rng';
import { armKinds, parseArm, type ArmKind } from './arm';
import type { AnsweredArm, ArmAnswer } from './arms';
import { ensembleOf } from './keyArms';
import { gainKeptInterval, pairedBootstrap } from './bootstrap';
import { isContrast, type Contrast } from './primary';
import { detectableDifference, holm, mcnemarMidP, wilson } from './statistics';

/** What a paired comparison needs: n questions, those that only a or only b has right. */
export interface PairCounts {
  readonly a: string;
  readonly b: string;
  readonly aOnly: number;
  readonly bOnly: number;
  readonly n: number;
}

/**
 * Pairs to compare, each once: students against base, an agent alone (sampled, greedy), ensembles and controls; the debate against the votes and an agent alone;
 * all of them against base.
 */
export function pairNames(names: readonly string[]): readonly (readonly [string, string])[] {
  const of = (...kinds: readonly ArmKind[]): string[] =>
    kinds.flatMap((kind) => names.filter((name) => parseArm(name).kind === kind));
  const [students, controls] = [of('distilled'), of('control')];
  const references = of(...armKinds.filter((kind) => kind !== 'distilled' && kind !== 'control'));
  const votes = of('vote', 'vote-zero-shot', 'vote-greedy');
  const pairs: [string, string][] = [];
  const compare = (all: readonly string[], others: readonly string[]): void => {
    for (const a of all) for (const b of others) pairs.push([a, b]);
  };
  compare(
    names.filter((name) => students.includes(name) || controls.includes(name)),
    references,
  );
  compare(students, controls);
  compare(of('debate'), [
    ...votes,
    ...of('vote-equal-tokens', 'vote-equal-total-tokens', 'single', 'single-greedy'),
  ]);
  compare(of('summariser'), of('debate'));
  for (const alone of of('single', 'single-greedy')) compare(votes, [alone]);
  compare(
    [...of('debate', 'summariser'), ...votes, ...of('single', 'single-greedy', 'base-shots')],
    of('base'),
  );
  return pairs;
}

function answersOf(arm: AnsweredArm, questions: readonly Question[]): readonly ArmAnswer[] {
  return questions.flatMap((question) => arm.answers.get(question.id) ?? []);
}

export function armResult(arm: AnsweredArm, questions: readonly Question[]): ArmResult {
  const answers = answersOf(arm, questions);
  const n = answers.length;
  const count = (test: (answer: ArmAnswer) => boolean): number => answers.filter(test).length;
  const mean = (value: (answer: ArmAnswer) => number): number =>
    n === 0 ? 0 : answers.reduce((sum, answer) => sum + value(answer), 0) / n;
  const correct = count((answer) => answer.correct);
  const tied = count((answer) => answer.tied === true);
  const share = (right: number) => ({ correct: right, accuracy: n === 0 ? 0 : right / n });
  return {
    name: arm.name,
    n,
    correct,
    accuracy: n === 0 ? 0 : correct / n,
    ci: wilson(correct, n),
    strict: share(count((answer) => answer.strictCorrect)),
    flexible: share(count((answer) => answer.flexibleCorrect)),
    tokensPerQuestion: mean((answer) => answer.tokens),
    ...(answers.some(({ thoughtTokens }) => thoughtTokens !== undefined) && {
      thoughtTokensPerQuestion: mean((answer) => answer.thoughtTokens ?? 0),
    }),
    promptTokensPerQuestion: mean((answer) => answer.promptTokens),
    secondsPerQuestion: mean((answer) => answer.seconds),
    ...(answers.some(({ tied }) => tied !== undefined) && {
      ties: { questions: tied, share: tied / n },
    }),
    ...(arm.budget && { budget: arm.budget }),
  };
}

/** a against b on the same questions; the bootstrap is seeded by run and names. */
export function pairResult(
  a: AnsweredArm,
  b: AnsweredArm,
  questions: readonly Question[],
  seed: number,
): PairResult {
  let aOnly = 0;
  let bOnly = 0;
  for (const { id } of questions) {
    const rightA = a.answers.get(id)?.correct ?? false;
    const rightB = b.answers.get(id)?.correct ?? false;
    if (rightA && !rightB) aOnly++;
    if (rightB && !rightA) bOnly++;
  }
  return pairFromCounts({ a: a.name, b: b.name, aOnly, bOnly, n: questions.length }, seed);
}

/** The figures of a pair from its discordant counts. */
export function pairFromCounts({ a, b, aOnly, bOnly, n }: PairCounts, seed: number): PairResult {
  return {
    a,
    b,
    difference: n === 0 ? 0 : (aOnly - bOnly) / n,
    ci: pairedBootstrap(aOnly, bOnly, n, hashKey(seed, 'bootstrap', a, b)),
    mcnemarP: mcnemarMidP(aOnly, bOnly),
    aOnly,
    bOnly,
    detectable: detectableDifference(aOnly + bOnly, n),
  };
}

/** All pairs of the arms given, the primary contrast first where it is none of the others. */
export function pairResults(
  arms: readonly AnsweredArm[],
  questions: readonly Question[],
  seed: number,
  primary: Contrast | null = null,
): PairResult[] {
  const byName = new Map(arms.map((arm) => [arm.name, arm]));
  const names = pairNames([...byName.keys()]);
  const listed = primary === null || names.some(([a, b]) => isContrast({ a, b }, primary));
  const pairs = listed ? names : [[primary.a, primary.b] as const, ...names];
  return pairs.flatMap(([a, b]) => {
    const armA = byName.get(a);
    const armB = byName.get(b);
    return armA && armB ? [pairResult(armA, armB, questions, seed)] : [];
  });
}

/** The pairs with what Holm makes of their p: over all of them but the primary contrast, which keeps its own. */
export function withAdjusted(
  pairs: readonly PairResult[],
  primary: Contrast | null = null,
): readonly PairResult[] {
  const others = pairs.filter((pair) => primary === null || !isContrast(pair, primary));
  const adjusted = holm(others.map(({ mcnemarP }) => mcnemarP));
  const byPair = new Map(others.map((pair, i) => [pair, adjusted[i]!]));
  return pairs.map((pair) => {
    const p = byPair.get(pair);
    return p === undefined ? pair : { ...pair, adjusted: p };
  });
}

/** Gain kept by one student; null when an arm is missing or the ensemble's own gain is not above 0. */
export function gainKept(
  arms: readonly AnsweredArm[],
  strategy: string,
  questions: readonly Question[],
  seed: number,
): GainKept | null {
  const ensemble = ensembleOf(arms.map((arm) => arm.name));
  const find = (name: string | null): AnsweredArm | undefined => arms.find((arm) => arm.name === name);
  const [student, base, whole] = [find(strategy), find('base'), find(ensemble)];
  if (!student || !base || !whole || ensemble === null) return null;
  const cells = new Array<number>(8).fill(0);
  for (const { id } of questions) {
    const bit = (arm: AnsweredArm, at: number): number => (arm.answers.get(id)?.correct ? 1 << at : 0);
    const cell = bit(student, 0) | bit(base, 1) | bit(whole, 2);
    cells[cell] = (cells[cell] ?? 0) + 1;
  }
  const kept = gainKeptInterval(cells, hashKey(seed, 'gain-kept', strategy));
  return kept && { strategy, ensemble, ...kept };
}
