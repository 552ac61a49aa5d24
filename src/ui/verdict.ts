/** The comparison in plain words. Says so when the numbers cannot tell. */
import type { ArmResult, PairResult, Report } from '../records/records';
import { seedSummaries } from '../eval/seeds';
import { armLabel } from './armName';
import { formatPercent, formatPoints } from './format';
import { strings } from './strings';

/** The three arms that the page compares question by question. */
export interface KeyArms {
  readonly base: string;
  readonly distilled: string;
  readonly ensemble: string;
}

/** The distilled arm that keeps most, the ensemble that the report measures it against. Null without a comparison. */
export function keyArms(report: Report): KeyArms | null {
  const best = (match: (name: string) => boolean): ArmResult | undefined =>
    report.arms
      .filter((arm) => match(arm.name))
      .reduce<ArmResult | undefined>(
        (top, arm) => (top === undefined || arm.accuracy > top.accuracy ? arm : top),
        undefined,
      );
  const has = (name: string | undefined): string | undefined =>
    report.arms.some((arm) => arm.name === name) ? name : undefined;
  const base = has('base') ?? report.arms[0]?.name;
  const distilled =
    has(report.gainKept?.strategy) ??
    has(report.gainKept ? `distilled:${report.gainKept.strategy}` : undefined) ??
    best((name) => name.startsWith('distilled:'))?.name;
  const ensemble =
    has(report.gainKept?.ensemble) ??
    has('debate') ??
    best((name) => name.startsWith('vote'))?.name ??
    has('single');
  if (base === undefined || distilled === undefined || ensemble === undefined) return null;
  return { base, distilled, ensemble };
}

export function findArm(report: Report, name: string): ArmResult | undefined {
  return report.arms.find((arm) => arm.name === name);
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

/** 1 above, -1 below, 0 the interval includes 0. */
export function direction(pair: PairResult): -1 | 0 | 1 {
  if (pair.ci[0] > 0) return 1;
  return pair.ci[1] < 0 ? -1 : 0;
}

/** The arm of one agent alone, decoded as the student is. */
export const greedyArm = 'single-greedy';

/** Whether the student is above one agent alone at its own decoding: only then is a share of the ensemble's gain its own. */
export function beatsAlone(report: Report): boolean {
  const student = keyArms(report)?.distilled;
  const pair = student === undefined ? null : findPair(report.pairs, student, greedyArm);
  return pair !== null && direction(pair) > 0;
}

/** How the student stands to one agent alone at the same decoding. */
function alone(report: Report, student: string): string {
  const text = strings.verdict;
  const arm = findArm(report, greedyArm);
  const pair = findPair(report.pairs, student, greedyArm);
  if (!arm || !pair) return text.noneAlone;
  const accuracy = formatPercent(arm.accuracy);
  const way = direction(pair);
  const [lo, hi] = pair.ci;
  if (way > 0)
    return text.aboveAlone(accuracy, unsigned(pair.difference), `${formatPoints(lo)} to ${formatPoints(hi)}`);
  if (pair.aOnly + pair.bOnly === 0) return text.sameAsAlone(arm.n);
  if (way === 0) return text.levelWithAlone(accuracy, formatPoints(pair.difference));
  return text.belowAlone(accuracy, unsigned(pair.difference), `${unsigned(hi)} to ${unsigned(lo)}`);
}

/** The words say which way: the number stands without its sign. */
function unsigned(difference: number): string {
  return formatPoints(Math.abs(difference)).replace('+', '');
}

/** What speaks against the debate, where the report shows it. */
function losses(report: Report): string[] {
  const text = strings.verdict;
  const said: string[] = [];
  const vote = findPair(report.pairs, 'debate', 'vote-equal-tokens');
  const [equal, debate] = [findArm(report, 'vote-equal-tokens'), findArm(report, 'debate')];
  if (vote && equal && debate && direction(vote) < 0)
    said.push(text.voteWins(formatPercent(equal.accuracy), formatPercent(debate.accuracy)));
  const unlike = report.ood?.pairs.find(({ a, b }) => a === 'debate' && b.startsWith('vote:'));
  if (unlike && direction(unlike) < 0)
    said.push(
      text.debateLosesOod(
        unsigned(unlike.difference),
        `${unsigned(unlike.ci[1])} to ${unsigned(unlike.ci[0])}`,
      ),
    );
  return said;
}

/** Sentences, the most important first. Empty when nothing was compared. */
export function verdictSentences(report: Report): readonly string[] {
  const keys = keyArms(report);
  if (!keys) return [];
  const base = findArm(report, keys.base);
  const distilled = findArm(report, keys.distilled);
  const ensemble = findArm(report, keys.ensemble);
  if (!base || !distilled || !ensemble) return [];
  const text = strings.verdict;
  const said: string[] = [];

  const gain = findPair(report.pairs, keys.distilled, keys.base);
  if (gain) {
    const interval = `${formatPoints(gain.ci[0])} to ${formatPoints(gain.ci[1])}`;
    const points = formatPoints(gain.difference);
    const way = direction(gain);
    if (way > 0)
      said.push(
        text.better(formatPercent(base.accuracy), formatPercent(distilled.accuracy), points, interval),
      );
    else if (way < 0) said.push(text.worse(points, interval));
    else if (gain.aOnly + gain.bOnly === 0) said.push(text.unchanged(base.n));
    else said.push(text.unclear(points, interval, gain.detectable, base.n));
  }

  const students = report.arms.filter(({ name }) => name.startsWith('distilled:')).length;
  if (students > 1) said.push(text.bestOf(armLabel(distilled.name), students));
  const over = seedSummaries(report).find(({ name }) => name === distilled.name);
  if (over)
    said.push(
      text.overSeeds(over.seeds, formatPercent(over.mean), formatPercent(over.lo), formatPercent(over.hi)),
    );

  said.push(alone(report, keys.distilled));
  const teacher = findPair(report.pairs, keys.distilled, keys.ensemble);
  if (teacher) {
    const points = formatPoints(teacher.difference);
    const way = direction(teacher);
    if (way > 0) said.push(text.aboveEnsemble(unsigned(teacher.difference)));
    else if (way < 0) said.push(text.belowEnsemble(unsigned(teacher.difference)));
    else if (teacher.aOnly + teacher.bOnly === 0) said.push(text.sameAsEnsemble(base.n));
    else said.push(text.levelWithEnsemble(points));
  }
  const { gainKept } = report;
  // A student that fell keeps no share of a gain, and one that an agent alone beats has no gain of the debate's.
  if (gainKept === null) said.push(text.notKept);
  else if (gain && direction(gain) > 0 && beatsAlone(report))
    said.push(text.kept(gainKept.value, gainKept.ci[0], gainKept.ci[1]));
  said.push(...losses(report));
  if (distilled.tokensPerQuestion > 0 && ensemble.tokensPerQuestion > distilled.tokensPerQuestion) {
    said.push(text.cheaper(ensemble.tokensPerQuestion / distilled.tokensPerQuestion));
  }
  return said;
}
