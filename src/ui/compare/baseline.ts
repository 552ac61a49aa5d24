/** Differences of arms against a baseline: an arm of the same report, or one of a pinned run. */
import { findPair } from '../../eval/keyArms';
import type { PairCounts } from '../../eval/pairs';
import { newcombe } from '../../eval/statistics';
import type { ArmResult, PairResult, Report, ReportItem } from '../../records/records';

export interface Baseline {
  readonly arm: ArmResult;
  /** The run that it belongs to; null: the one that is shown. */
  readonly run: { readonly id: string; readonly name: string } | null;
  readonly items: readonly ReportItem[];
}

/** A paired comparison, or where the questions are not the same an unpaired one. */
export type Delta =
  | { readonly type: 'paired'; readonly pair: PairResult }
  | { readonly type: 'counts'; readonly counts: PairCounts }
  | { readonly type: 'unpaired'; readonly difference: number; readonly ci: readonly [number, number] };

/** Cells of McNemar's table over the questions that both were asked. */
export interface Cells {
  readonly n: number;
  readonly both: number;
  readonly aOnly: number;
  readonly bOnly: number;
  readonly neither: number;
}

/** Null unless b was asked every question that a was. */
export function cellsOf(
  a: { readonly name: string; readonly items: readonly ReportItem[] },
  b: { readonly name: string; readonly items: readonly ReportItem[] },
): Cells | null {
  const other = new Map(b.items.map((item) => [item.id, item.verdicts[b.name]]));
  const cells = { n: 0, both: 0, aOnly: 0, bOnly: 0, neither: 0 };
  for (const item of a.items) {
    const mine = item.verdicts[a.name];
    const theirs = other.get(item.id);
    if (!mine || !theirs) return null;
    cells.n += 1;
    if (mine.correct && theirs.correct) cells.both += 1;
    else if (mine.correct) cells.aOnly += 1;
    else if (theirs.correct) cells.bOnly += 1;
    else cells.neither += 1;
  }
  return cells.n === 0 ? null : cells;
}

/** An arm's difference to the baseline. `counts`: the coordinator has to make the interval. */
export function deltaOf(
  report: Pick<Report, 'pairs'> & { readonly items: readonly ReportItem[] },
  arm: ArmResult,
  baseline: Baseline,
): Delta {
  if (baseline.run === null) {
    const pair = findPair(report.pairs, arm.name, baseline.arm.name);
    if (pair) return { type: 'paired', pair };
  }
  const cells = cellsOf(
    { name: arm.name, items: report.items },
    { name: baseline.arm.name, items: baseline.items },
  );
  if (!cells || cells.n !== arm.n) return { type: 'unpaired', ...newcombe(arm, baseline.arm) };
  const { aOnly, bOnly, n } = cells;
  return { type: 'counts', counts: { a: arm.name, b: baseline.arm.name, aOnly, bOnly, n } };
}
