/** Loss curves of several runs on one pair of axes. */
import { logOf, type ComparedRun } from './runDiff';

export interface CurvePoint {
  readonly step: number;
  readonly loss: number;
}

export interface Curves {
  readonly lines: readonly {
    readonly id: string;
    readonly name: string;
    /** Its place among the runs, which gives colour and dash. */
    readonly look: number;
    readonly points: readonly CurvePoint[];
  }[];
  readonly low: number;
  readonly high: number;
  readonly lastStep: number;
}

const kept = 0.9;

/** Exponential mean with the start-up bias taken out, of each run's log of the strategy. */
export function curves(runs: readonly ComparedRun[], strategy: string): Curves {
  const lines = runs.flatMap((compared, at) => {
    let mean = 0;
    let weight = 0;
    const points = logOf(compared, strategy).map(({ step, loss }) => {
      mean = kept * mean + (1 - kept) * loss;
      weight = kept * weight + (1 - kept);
      return { step, loss: mean / weight };
    });
    return points.length === 0 ? [] : [{ id: compared.run.id, name: compared.run.name, look: at, points }];
  });
  const losses = lines.flatMap(({ points }) => points.map(({ loss }) => loss));
  return {
    lines,
    low: losses.length === 0 ? 0 : Math.min(...losses),
    high: losses.length === 0 ? 1 : Math.max(...losses),
    lastStep: Math.max(0, ...lines.map(({ points }) => points.at(-1)?.step ?? 0)),
  };
}

/** At most `most` points, first and last among them. */
export function everyNth<T>(points: readonly T[], most: number): T[] {
  const stride = Math.max(1, Math.ceil(points.length / most));
  return points.filter((_, at) => at % stride === 0 || at === points.length - 1);
}

/** Steps for a table: ten of equal distance and the last. */
export function sampleSteps({ lastStep }: Curves): number[] {
  const distance = Math.max(1, Math.round(lastStep / 10));
  const steps = Array.from({ length: Math.floor(lastStep / distance) }, (_, i) => 1 + i * distance);
  return [...new Set([...steps, lastStep])].filter((step) => step > 0);
}

/** Round numbers from at or below `low` to at or above `high`, about four steps apart. */
export function niceTicks(low: number, high: number): readonly number[] {
  const span = Math.max(high - low, 1e-9);
  const power = 10 ** Math.floor(Math.log10(span / 4));
  const step = power * ([1, 2, 5, 10].find((times) => span / (times * power) <= 5) ?? 10);
  const first = Math.floor(low / step + 1e-9);
  const last = Math.max(first + 1, Math.ceil(high / step - 1e-9));
  return Array.from({ length: last - first + 1 }, (_, at) => Number(((first + at) * step).toPrecision(6)));
}
