/** The arms that a report's headline names: base, the best student, the ensemble it is compared with. One rule each. */
import type { ArmResult, PairResult, Report } from '../records/records';
import { armId, familyOf, parseArm } from './arm';

export interface KeyArms {
  readonly base: string;
  readonly distilled: string;
  /** Null where the report has neither debate nor vote. */
  readonly ensemble: string | null;
}

/** The ensemble that the student is compared with: the debate, or where there is none the vote over most samples. */
export function ensembleOf(ids: readonly string[]): string | null {
  const arms = ids.map(parseArm);
  if (arms.some(({ kind }) => kind === 'debate')) return armId({ kind: 'debate' });
  const votes = arms.filter((arm) => arm.kind === 'vote').sort((a, b) => b.k - a.k);
  return votes[0] ? armId(votes[0]) : null;
}

/** The student with most right answers on these questions; the first of equals. */
export function bestStudent(arms: readonly ArmResult[]): ArmResult | null {
  let best: ArmResult | null = null;
  for (const arm of arms) {
    if (familyOf(arm.name) === 'distilled' && (best === null || arm.accuracy > best.accuracy)) best = arm;
  }
  return best;
}

/**
 * The student that the headline names: the one chosen on the validation questions; where a report does not say (older versions), the
 * best on the very questions that it is compared on.
 */
export function shownStudent({ arms, chosen }: Pick<Report, 'arms' | 'chosen'>): ArmResult | null {
  return arms.find(({ name }) => name === chosen?.strategy) ?? bestStudent(arms);
}

/** Null where no student was compared with the base. */
export function keyArms(report: Pick<Report, 'arms' | 'chosen'>): KeyArms | null {
  const { arms } = report;
  const base = armId({ kind: 'base' });
  const distilled = shownStudent(report)?.name;
  if (distilled === undefined || !arms.some(({ name }) => name === base)) return null;
  return { base, distilled, ensemble: ensembleOf(arms.map(({ name }) => name)) };
}

/** The arm of one agent alone, decoded as the student is. */
export const greedyArm = armId({ kind: 'single-greedy' });

/** The agents decoded as the student is: alone, and their vote where several differ. A gain counts only above all of them. */
export function greedyArms(ids: readonly string[]): readonly string[] {
  return [greedyArm, ...ids.filter((id) => parseArm(id).kind === 'vote-greedy')];
}

export function findArm({ arms }: Pick<Report, 'arms'>, name: string | null): ArmResult | undefined {
  return arms.find((arm) => arm.name === name);
}

/** The pair in the order asked for, turned round where the report has it the other way. */
export function findPair(pairs: readonly PairResult[], a: string, b: string): PairResult | null {
  const found = pairs.find((pair) => pair.a === a && pair.b === b);
  if (found) return found;
  const other = pairs.find((pair) => pair.a === b && pair.b === a);
  if (!other) return null;
  return {
    ...other,
    a,
    b,
    difference: -other.difference,
    ci: [-other.ci[1], -other.ci[0]],
    aOnly: other.bOnly,
    bOnly: other.aOnly,
  };
}
