/** What a report says, as data: findings in order of weight. words.ts puts them into sentences. */
import type { GainKept, PairResult, Report } from '../records/records';
import { armId, familyOf, parseArm, trainingOf } from './arm';
import { findArm, findPair, greedyArm, keyArms, type KeyArms } from './keyArms';
import { seedSummaries, type SeedSummary } from './seeds';

/** "Not below" means that the lower bound of the difference is above minus this (docs/contracts.md). */
export const margin = 0.02;

/** What the interval of a difference allows to say. */
export type Standing = 'above' | 'below' | 'not-below' | 'undecided';

/** How an arm stands to another on the same n questions. */
export interface PairVerdict {
  readonly kind: Standing;
  /** Arms by their ids. */
  readonly a: string;
  readonly b: string;
  readonly n: number;
  /** accuracy(a) - accuracy(b), with its paired-bootstrap 95 % interval. */
  readonly difference: number;
  readonly interval: readonly [number, number];
  /** Questions that only a has right, and only b. */
  readonly aOnly: number;
  readonly bOnly: number;
  readonly test: { readonly name: 'mcnemar-mid-p'; readonly p: number };
  /** Smallest difference that n questions show; null where no answer differs: its spread is not known then. */
  readonly detectable: number | null;
}

export type Finding =
  | { readonly type: 'no-questions' }
  /** The student after training against before. */
  | { readonly type: 'gain'; readonly pair: PairVerdict; readonly before: number; readonly after: number }
  | { readonly type: 'best-of'; readonly arm: string; readonly students: number }
  | ({ readonly type: 'seeds' } & SeedSummary)
  /** The student against one agent alone at its own decoding; null: none was measured. */
  | { readonly type: 'alone'; readonly pair: PairVerdict | null; readonly ensemble: string | null }
  | { readonly type: 'ensemble' | 'debate' | 'unlike' | 'control'; readonly pair: PairVerdict }
  /** Share of the ensemble's gain; null: that gain is not distinguishable from 0. */
  | {
      readonly type: 'kept';
      readonly ensemble: string;
      readonly share: { readonly value: number; readonly interval: readonly [number, number] } | null;
    }
  | {
      readonly type: 'cost';
      readonly ensemble: string;
      /** Tokens a question. */
      readonly student: number;
      readonly tokens: number;
    }
  /** Few questions: the standard error of an accuracy. */
  | { readonly type: 'noise'; readonly n: number; readonly error: number }
  | { readonly type: 'repeatable'; readonly how: Report['repeatable'] };

export interface ReportVerdict {
  readonly keys: KeyArms | null;
  readonly findings: readonly Finding[];
}

/**
 * Above or below: the interval lies on one side of 0. Not below: its lower bound is above the margin and n is large enough to
 * have shown such a loss: without a single lost item a bootstrap sees no loss at all, so 3 / n (the 95 % bound of a share that
 * was never observed) has to be within the margin too.
 */
export function standing({ ci, bOnly }: Pick<PairResult, 'ci' | 'bOnly'>, n: number): Standing {
  if (ci[0] > 0) return 'above';
  if (ci[1] < 0) return 'below';
  return ci[0] > -margin && (bOnly > 0 || rulesOutMargin(n)) ? 'not-below' : 'undecided';
}

/** Whether a loss of the margin would have shown among n questions: the rule of three. */
export function rulesOutMargin(n: number): boolean {
  return 3 / n <= margin;
}

export function pairVerdict(pair: PairResult, n: number): PairVerdict {
  const { a, b, difference, ci, aOnly, bOnly, mcnemarP, detectable } = pair;
  return {
    kind: standing(pair, n),
    a,
    b,
    n,
    difference,
    interval: ci,
    aOnly,
    bOnly,
    test: { name: 'mcnemar-mid-p', p: mcnemarP },
    detectable: aOnly + bOnly === 0 ? null : detectable,
  };
}

type Told = Pick<Report, 'arms' | 'pairs' | 'gainKept' | 'seeds' | 'repeatable'> &
  Partial<Pick<Report, 'ood'>>;

const debate = armId({ kind: 'debate' });

/** What the debate is compared with: the other ensembles, and one agent alone at the student's decoding. */
const isRival = (id: string): boolean => id === greedyArm || familyOf(id) === 'ensemble';

/** Whether the report's share of the gain is of these arms: one from elsewhere may hold another. */
function isOf({ strategy, ensemble }: GainKept, keys: KeyArms): boolean {
  return ensemble === keys.ensemble && [keys.distilled, trainingOf(keys.distilled)].includes(strategy);
}

function studentFindings(report: Told, keys: KeyArms, n: number): Finding[] {
  const { arms, pairs, gainKept } = report;
  const found: Finding[] = [];
  const between = (a: string, b: string): PairVerdict | null => {
    const pair = findPair(pairs, a, b);
    return pair && pairVerdict(pair, n);
  };
  const { base, distilled, ensemble } = keys;
  const [before, after] = [findArm(report, base), findArm(report, distilled)];
  const gain = between(distilled, base);
  if (gain && before && after)
    found.push({ type: 'gain', pair: gain, before: before.accuracy, after: after.accuracy });
  const students = arms.filter(({ name }) => parseArm(name).kind === 'distilled').length;
  if (students > 1) found.push({ type: 'best-of', arm: distilled, students });
  const summary = seedSummaries(report).find(({ name }) => name === distilled);
  if (summary) found.push({ type: 'seeds', ...summary });
  const alone = between(distilled, greedyArm);
  found.push({ type: 'alone', pair: alone, ensemble });
  const against = ensemble === null ? null : between(distilled, ensemble);
  if (against) found.push({ type: 'ensemble', pair: against });
  if (gainKept === null) {
    if (ensemble !== null) found.push({ type: 'kept', ensemble, share: null });
  } else if (gain?.kind === 'above' && alone?.kind === 'above' && isOf(gainKept, keys)) {
    // A student that fell keeps no share of a gain, and one that an agent alone matches has no gain of the ensemble's.
    const { value, ci } = gainKept;
    found.push({ type: 'kept', ensemble: gainKept.ensemble, share: { value, interval: ci } });
  }
  return found;
}

/** What a report says, the most important first. */
export function reportVerdict(report: Told): ReportVerdict {
  const { arms, pairs, ood } = report;
  const n = arms[0]?.n ?? 0;
  const keys = keyArms(report);
  if (n === 0) return { keys, findings: [{ type: 'no-questions' }] };
  const findings: Finding[] = keys ? studentFindings(report, keys, n) : [];
  for (const pair of pairs)
    if (pair.a === debate && isRival(pair.b)) findings.push({ type: 'debate', pair: pairVerdict(pair, n) });
  const unlike = ood?.pairs.find(({ a, b }) => a === debate && parseArm(b).kind === 'vote');
  if (unlike && unlike.ci[1] < 0)
    findings.push({ type: 'unlike', pair: pairVerdict(unlike, ood?.arms[0]?.n ?? 0) });
  if (keys) {
    for (const pair of pairs)
      if (pair.a === keys.distilled && parseArm(pair.b).kind === 'control')
        findings.push({ type: 'control', pair: pairVerdict(pair, n) });
    const student = findArm(report, keys.distilled)?.tokensPerQuestion ?? 0;
    const tokens = findArm(report, keys.ensemble)?.tokensPerQuestion ?? 0;
    if (keys.ensemble !== null && student > 0 && tokens > 0)
      findings.push({ type: 'cost', ensemble: keys.ensemble, student, tokens });
  }
  if (n < 300) findings.push({ type: 'noise', n, error: 0.5 / Math.sqrt(n) });
  findings.push({ type: 'repeatable', how: report.repeatable });
  return { keys, findings };
}

/** What stands above everything else and in the terminal; the rest is for who reads on. */
export function isHeadline(finding: Finding): boolean {
  switch (finding.type) {
    case 'debate':
      // Evidence against the debate.
      return finding.pair.kind === 'below';
    case 'control':
    case 'noise':
    case 'repeatable':
      return false;
    default:
      return true;
  }
}

/** The share of the ensemble's gain, where it may be said. */
export function shareKept(
  report: Told,
): { readonly value: number; readonly interval: readonly [number, number] } | null {
  for (const finding of reportVerdict(report).findings) if (finding.type === 'kept') return finding.share;
  return null;
}
