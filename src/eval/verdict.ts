/** What a report says, as data: findings in order of weight. words.ts puts them into sentences. */
import type { ArmBudget, ChosenStudent, Dataset, GainKept, PairResult, Report } from '../records/records';
import { armId, familyOf, parseArm, trainingOf } from './arm';
import { fellShort } from './armBudget';
import { firstVotes } from './firstVote';
import { findArm, findPair, greedyArm, greedyArms, keyArms, type KeyArms } from './keyArms';
import type { Contrast } from './primary';
import { seedDifference, seedSummaries, type SeedDifference, type SeedSummary } from './seeds';

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
  /** `adjusted`: after Holm, where the pair is not the one that was named before the run. */
  readonly test: { readonly name: 'mcnemar-mid-p'; readonly p: number; readonly adjusted?: number };
  /** Smallest difference that n questions show; null where no answer differs: its spread is not known then. */
  readonly detectable: number | null;
}

export type Finding =
  | { readonly type: 'no-questions' }
  /** What was named before the run; null: it could not be measured. */
  | {
      readonly type: 'primary';
      readonly contrast: Contrast;
      readonly hash: string;
      readonly pair: PairVerdict | null;
      /** Over several trainings. */
      readonly seeds: SeedDifference | null;
    }
  /** The student after training against before. */
  | { readonly type: 'gain'; readonly pair: PairVerdict; readonly before: number; readonly after: number }
  | {
      readonly type: 'best-of';
      readonly arm: string;
      readonly students: number;
      readonly by: ChosenStudent['by'];
    }
  | ({ readonly type: 'seeds' } & SeedSummary)
  /** The student against agents at its own decoding; null: none was measured. */
  | { readonly type: 'alone'; readonly pair: PairVerdict | null; readonly ensemble: string | null }
  | { readonly type: 'ensemble' | 'debate' | 'control'; readonly pair: PairVerdict }
  /** The debate against its own first vote on an evaluation set. */
  | { readonly type: 'first-vote'; readonly split: string; readonly pair: PairVerdict }
  /** Whether the debate adds anything: against the vote at equal total tokens, and the student against one taught by samples. */
  | {
      readonly type: 'helps';
      readonly vote: PairVerdict | null;
      readonly control: PairVerdict | null;
      /** The contrast with the control is the one named before the run. */
      readonly named: boolean;
      readonly shown: 'yes' | 'no' | 'not measured';
    }
  /** A vote that could not take as many samples as it should have. */
  | { readonly type: 'short'; readonly arm: string; readonly budget: ArmBudget }
  /** A control that found no trace of its kind, and so was not trained. */
  | {
      readonly type: 'untaught';
      readonly arm: string;
      readonly dropped: Dataset['dropped'];
      /** Training questions. */
      readonly questions: number;
    }
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
 * Above or below: the interval is on one side of 0 and McNemar's mid-p, after Holm where the report adjusts it, is under 0.05 (a
 * bootstrap of four questions gained and none lost sees no 0). Not below: the lower bound is above the margin and n is large enough
 * to have shown such a loss: without a single lost item a bootstrap sees no loss at all, so 3 / n (the 95 % bound of a share that
 * was never observed) has to be within the margin too.
 */
export function standing(pair: Standable, n: number): Standing {
  const { ci, bOnly, mcnemarP = 0, adjusted = mcnemarP } = pair;
  const surprising = adjusted < 0.05;
  if (ci[0] > 0 && surprising) return 'above';
  if (ci[1] < 0 && surprising) return 'below';
  return ci[0] > -margin && (bOnly > 0 || rulesOutMargin(n)) ? 'not-below' : 'undecided';
}

type Standable = Pick<PairResult, 'ci' | 'bOnly'> & Partial<Pick<PairResult, 'mcnemarP' | 'adjusted'>>;

/** Whether a loss of the margin would have shown among n questions: the rule of three. */
export function rulesOutMargin(n: number): boolean {
  return 3 / n <= margin;
}

export function pairVerdict(pair: PairResult, n: number): PairVerdict {
  const { a, b, difference, ci, aOnly, bOnly, mcnemarP, adjusted, detectable } = pair;
  return {
    kind: standing(pair, n),
    a,
    b,
    n,
    difference,
    interval: ci,
    aOnly,
    bOnly,
    test: { name: 'mcnemar-mid-p', p: mcnemarP, ...(adjusted !== undefined && { adjusted }) },
    detectable: aOnly + bOnly === 0 ? null : detectable,
  };
}

type Told = Pick<Report, 'arms' | 'pairs' | 'gainKept' | 'seeds' | 'repeatable'> &
  Partial<Pick<Report, 'ood' | 'robust' | 'evalSets' | 'primary' | 'chosen' | 'datasets' | 'splits'>>;

const debate = armId({ kind: 'debate' });
const equalTotal = armId({ kind: 'vote-equal-total-tokens' });
const sampled = armId({ kind: 'control', control: 'self-consistency' });

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
  const { chosen } = report;
  const by = chosen?.strategy === distilled ? chosen.by : 'test';
  if (students > 1) found.push({ type: 'best-of', arm: distilled, students, by });
  const summary = seedSummaries(report).find(({ name }) => name === distilled);
  if (summary) found.push({ type: 'seeds', ...summary });
  const alone = greedyArms(arms.map(({ name }) => name)).map((arm) => between(distilled, arm));
  for (const [i, pair] of alone.entries())
    if (pair !== null || i === 0) found.push({ type: 'alone', pair, ensemble });
  const against = ensemble === null ? null : between(distilled, ensemble);
  if (against) found.push({ type: 'ensemble', pair: against });
  if (gainKept === null) {
    if (ensemble !== null) found.push({ type: 'kept', ensemble, share: null });
  } else if (gain?.kind === 'above' && alone.every((one) => one?.kind === 'above') && isOf(gainKept, keys)) {
    // A student that fell keeps no share of a gain, and one that the agents match at its own decoding has no gain of the ensemble's.
    const { value, ci } = gainKept;
    found.push({ type: 'kept', ensemble: gainKept.ensemble, share: { value, interval: ci } });
  }
  return found;
}

function primaryFindings(report: Told, n: number): Finding[] {
  const { primary } = report;
  if (!primary) return [];
  const { a, b, hash } = primary;
  const pair = findPair(report.pairs, a, b);
  const seeds = pair && seedDifference(report, primary);
  return [{ type: 'primary', contrast: { a, b }, hash, pair: pair && pairVerdict(pair, n), seeds }];
}

/** Null without a debate. A gain over a vote that had fewer tokens shows nothing. */
function helpsFinding(report: Told, keys: KeyArms | null, n: number): Finding | null {
  if (!findArm(report, debate)) return null;
  const verdictOf = (a: string, b: string): PairVerdict | null => {
    const pair = findPair(report.pairs, a, b);
    return pair && pairVerdict(pair, n);
  };
  const rival = findArm(report, equalTotal);
  const vote = verdictOf(debate, equalTotal);
  const control = keys && verdictOf(keys.distilled, sampled);
  const lost = [vote, control].some((pair) => pair !== null && pair.kind !== 'above');
  const measured = vote !== null && control !== null && rival !== undefined && fellShort(rival) === null;
  const { primary } = report;
  const named = keys !== null && primary?.a === keys.distilled && primary.b === sampled;
  return { type: 'helps', vote, control, named, shown: lost ? 'no' : measured ? 'yes' : 'not measured' };
}

/** The debate beside its own first vote, on every evaluation set. */
function firstVoteFindings(report: Told): Finding[] {
  return firstVotes(report).flatMap(({ split, first, pair }): Finding[] =>
    // On the test questions it is one of the debate's rivals.
    split === 'test' ? [] : [{ type: 'first-vote', split, pair: pairVerdict(pair, first.n) }],
  );
}

/** Controls that the report compares nothing with, because there was nothing to teach them. */
function untaughtFindings({ arms, datasets = {}, splits = {} }: Told): Finding[] {
  return Object.entries(datasets).flatMap(([arm, { kept, dropped }]): Finding[] =>
    kept > 0 || parseArm(arm).kind !== 'control' || arms.some(({ name }) => name === arm)
      ? []
      : [{ type: 'untaught', arm, dropped, questions: splits['train'] ?? 0 }],
  );
}

/** What a report says, the most important first. */
export function reportVerdict(report: Told): ReportVerdict {
  const { arms, pairs } = report;
  const n = arms[0]?.n ?? 0;
  const keys = keyArms(report);
  if (n === 0) return { keys, findings: [{ type: 'no-questions' }] };
  const findings: Finding[] = keys ? studentFindings(report, keys, n) : [];
  const helps = helpsFinding(report, keys, n);
  // After what the student gained.
  const gained = findings.findIndex(({ type }) => type === 'gain') + 1;
  findings.splice(gained, 0, ...primaryFindings(report, n), ...(helps ? [helps] : []));
  for (const arm of arms) {
    const budget = fellShort(arm);
    if (budget) findings.push({ type: 'short', arm: arm.name, budget });
  }
  findings.push(...untaughtFindings(report));
  // What was said of the vote at equal total tokens is not said twice.
  const said = helps?.type === 'helps' && helps.shown !== 'not measured' ? equalTotal : null;
  for (const pair of pairs)
    if (pair.a === debate && isRival(pair.b) && pair.b !== said)
      findings.push({ type: 'debate', pair: pairVerdict(pair, n) });
  findings.push(...firstVoteFindings(report));
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
    case 'first-vote':
      // Evidence against the debate.
      return finding.pair.kind === 'below';
    case 'helps':
      return finding.shown !== 'not measured';
    case 'short':
    case 'untaught':
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
