/** What the Compare step shows of a report: the set of questions, the baseline, and each arm's difference to it. */
import { armLabel, armPhrase } from '../../eval/arm';
import { keyArms } from '../../eval/keyArms';
import type { PairCounts } from '../../eval/pairs';
import type { ArmResult, PairResult, Report, ReportItem } from '../../records/records';
import { compareText as text } from '../strings/compare';
import type { ArmDelta } from './armDelta';
import { deltaOf, type Baseline, type Delta } from './baseline';

/** The sets of questions that the report compares on, the test questions first. */
export function setsOf(report: Report | null): readonly string[] {
  const own = (['ood', 'robust'] as const).filter((name) => report?.[name]);
  return ['test', ...own, ...(report?.evalSets ?? []).map(({ name }) => name)];
}

/** One set: its arms and pairs, and its questions where the report keeps them. */
export interface ShownSet {
  readonly arms: readonly ArmResult[];
  readonly pairs: readonly PairResult[];
  readonly items: readonly ReportItem[];
}

export function shownSet(report: Report, set: string): ShownSet {
  const fields: Readonly<Record<string, Report['ood']>> = { ood: report.ood, robust: report.robust };
  const found = report.evalSets?.find(({ name }) => name === set) ?? fields[set];
  return found ? { arms: found.arms, pairs: found.pairs, items: [] } : report;
}

/** A run whose report is at hand. */
export interface OtherRun {
  readonly id: string;
  readonly name: string;
  readonly report: Report;
}

/** An arm in the list of baselines: of this run (no id) or of a pinned one. */
export function baselineValue(runId: string, arm: string): string {
  return `${runId}|${arm}`;
}

/** The baseline that was chosen, base until then; null in a report without arms. */
export function baselineOf(
  choice: string | null,
  report: Report,
  shown: ShownSet,
  others: readonly OtherRun[],
): Baseline | null {
  const value = choice ?? baselineValue('', keyArms(report)?.base ?? '');
  const [runId = '', name = ''] = value.split(/\|(.*)/s);
  const other = others.find(({ id }) => id === runId);
  const arm = (other?.report ?? shown).arms.find((one) => one.name === name) ?? shown.arms[0];
  if (!arm) return null;
  return {
    arm,
    run: other ? { id: other.id, name: other.name } : null,
    items: (other?.report ?? shown).items,
  };
}

/** The baseline as a table names it, and as a sentence does. */
export function baselineNames({ arm, run }: Baseline): { readonly label: string; readonly phrase: string } {
  const of = (name: string): string => (run ? text.otherOwn(name, run.name) : name);
  return { label: of(armLabel(arm.name)), phrase: of(armPhrase(arm.name)) };
}

/** The arm that was chosen, the best student until then. */
export function focusOf(choice: string | null, report: Report, { arms }: ShownSet): ArmResult | undefined {
  const named = (name: string | null | undefined): ArmResult | undefined =>
    arms.find((arm) => arm.name === name);
  return named(choice) ?? named(keyArms(report)?.distilled) ?? arms.at(-1);
}

export function isBaseline(arm: ArmResult, baseline: Baseline): boolean {
  return baseline.run === null && arm.name === baseline.arm.name;
}

type Deltas = ReadonlyMap<string, Delta | null>;

/** By arm; null for the baseline itself. */
export function deltasOf(shown: ShownSet, baseline: Baseline): Deltas {
  return new Map(
    shown.arms.map((arm) => [arm.name, isBaseline(arm, baseline) ? null : deltaOf(shown, arm, baseline)]),
  );
}

/** The pairs whose interval the report does not have. */
export function missingPairs(deltas: Deltas): readonly PairCounts[] {
  return [...deltas.values()].flatMap((delta) => (delta?.type === 'counts' ? [delta.counts] : []));
}

/** The pair of an arm and the baseline; null where it is not paired, or not made yet. */
export function pairOf(
  deltas: Deltas,
  made: ReadonlyMap<string, PairResult>,
  arm: string,
): PairResult | null {
  const delta = deltas.get(arm);
  if (delta?.type === 'paired') return delta.pair;
  return delta?.type === 'counts' ? (made.get(arm) ?? null) : null;
}

/** An arm's difference, with its interval where that is known. */
function shownDelta(delta: Delta, pair: PairResult | null): ArmDelta {
  if (delta.type === 'unpaired') return { difference: delta.difference, ci: delta.ci, paired: false };
  if (pair) return { difference: pair.difference, ci: pair.ci, paired: true };
  const { aOnly, bOnly, n } = delta.type === 'counts' ? delta.counts : { aOnly: 0, bOnly: 0, n: 1 };
  return { difference: (aOnly - bOnly) / n, ci: null, paired: true };
}

export function shownDeltas(
  deltas: Deltas,
  made: ReadonlyMap<string, PairResult>,
): ReadonlyMap<string, ArmDelta | null> {
  return new Map(
    [...deltas].map(([arm, delta]) => [arm, delta && shownDelta(delta, pairOf(deltas, made, arm))]),
  );
}
