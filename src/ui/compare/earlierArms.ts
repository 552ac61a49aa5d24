/** The trained arms of the run whose debate a run uses, beside its own: the same questions, so they are compared in pairs. */
import type { ArmResult, Report, ReportItem } from '../../records/records';
import { trainingOf } from '../../eval/arm';
import { deltaOf, type Baseline, type Delta } from './baseline';

export interface EarlierArm {
  /** Distinguishes it from an own arm of the same name. */
  readonly key: string;
  readonly arm: ArmResult;
}

/** Whether two arms gave every question the same answer: one training, taken over. */
function sameAnswers(name: string, a: readonly ReportItem[], b: readonly ReportItem[]): boolean {
  const other = new Map(b.map((item) => [item.id, item.verdicts[name]?.answer]));
  return a.every((item) => other.get(item.id) === item.verdicts[name]?.answer);
}

/** Those that the run did not take over. */
export function earlierArms(own: Report, earlier: Report): readonly EarlierArm[] {
  return earlier.arms
    .filter(({ name }) => trainingOf(name) !== null)
    .filter(
      ({ name }) =>
        !(own.arms.some((arm) => arm.name === name) && sameAnswers(name, own.items, earlier.items)),
    )
    .map((arm) => ({ key: `earlier|${arm.name}`, arm }));
}

function earlierDelta({ key, arm }: EarlierArm, { items }: Report, baseline: Baseline): Delta {
  const delta = deltaOf({ pairs: [], items }, arm, baseline);
  return delta.type === 'counts' ? { ...delta, counts: { ...delta.counts, a: key } } : delta;
}

/** By the arms' keys. */
export function earlierDeltas(
  arms: readonly EarlierArm[],
  report: Report,
  baseline: Baseline,
): ReadonlyMap<string, Delta> {
  return new Map(arms.map((arm) => [arm.key, earlierDelta(arm, report, baseline)]));
}
