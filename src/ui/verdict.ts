/** The comparison in plain words. Says so when the numbers cannot tell. */
import type { ArmResult, PairResult, Report } from '../core/records';
import { seedSummaries } from '../core/seeds';
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

/** 1 above, -1 below, 0 the interval holds 0. */
export function direction(pair: PairResult): -1 | 0 | 1 {
  if (pair.ci[0] > 0) return 1;
  return pair.ci[1] < 0 ? -1 : 0;
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

  const teacher = findPair(report.pairs, keys.distilled, keys.ensemble);
  if (teacher) {
    const points = formatPoints(teacher.difference);
    const way = direction(teacher);
    // The words say which way: the number stands without its sign.
    const apart = formatPoints(Math.abs(teacher.difference)).replace('+', '');
    if (way > 0) said.push(text.aboveEnsemble(apart));
    else if (way < 0) said.push(text.belowEnsemble(apart));
    else if (teacher.aOnly + teacher.bOnly === 0) said.push(text.sameAsEnsemble(base.n));
    else said.push(text.levelWithEnsemble(points));
  }
  said.push(
    report.gainKept
      ? text.kept(report.gainKept.value, report.gainKept.ci[0], report.gainKept.ci[1])
      : text.notKept,
  );
  if (distilled.tokensPerQuestion > 0 && ensemble.tokensPerQuestion > distilled.tokensPerQuestion) {
    said.push(text.cheaper(ensemble.tokensPerQuestion / distilled.tokensPerQuestion));
  }
  return said;
}
