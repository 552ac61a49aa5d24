/** Accuracy by a setting as the chart draws it and as a table leaves the page. */
import { armLabel, familyOf } from '../../eval/arm';
import type { ScalingCurve } from '../../eval/scaling';
import type { ChartForm, ChartRow, Curve } from '../distil/logChart';
import type { Table } from '../figures';

const percent = (share: number): number => 100 * share;

/** Means in percent, a row for each place of the axis. */
export function scalingRows({ ticks, lines }: ScalingCurve): ChartRow[] {
  return ticks.map(({ at }) => {
    const means = lines.flatMap(({ arm, means: own }) => {
      const found = own.find((one) => one.at === at);
      return found ? [[arm, percent(found.accuracy)] as const] : [];
    });
    return { step: at, ...Object.fromEntries(means) };
  });
}

/** Arms have the colour of their family; further ones of a family are dashed, each in its own way. */
export function scalingForm({ dial, ticks, lines }: ScalingCurve): ChartForm {
  const curves = lines.map(({ arm, points }, i): Curve => {
    const family = familyOf(arm);
    const earlier = lines.slice(0, i).filter((line) => familyOf(line.arm) === family).length;
    return {
      metric: arm,
      label: armLabel(arm),
      colour: `--arm-${family}`,
      sparse: true,
      dash: dashes[earlier % dashes.length] ?? [],
      whiskers: points.map(({ at, accuracy, ci }) => ({
        at,
        value: percent(accuracy),
        low: percent(ci[0]),
        high: percent(ci[1]),
      })),
    };
  });
  return { step: dial.label, curves, ticks, height: 16 };
}
const dashes = [[], [6, 4], [2, 3], [9, 3, 2, 3]];

/** With full numbers, a row for each arm of each run. */
export function scalingTable({ dial, ticks, lines, runs }: ScalingCurve): Table {
  return {
    head: [dial.path, 'run', 'arm', 'n', 'accuracy', 'ci_low', 'ci_high'],
    rows: lines.flatMap(({ arm, points }) =>
      points.map(({ at, row, n, accuracy, ci }) => [
        ticks.find((tick) => tick.at === at)?.label ?? '',
        runs[row]?.name ?? '',
        arm,
        ...[n, accuracy, ...ci].map(String),
      ]),
    ),
  };
}
