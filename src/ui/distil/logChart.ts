/** What a chart and a table show, as data, mostly of a training log: which metrics, under which words, drawn how. */
import type { TrainLog } from '../../records/trainLog';

/** One place of the horizontal axis and what was measured there: a step of a training, a value of a setting. */
export interface ChartRow {
  readonly step: number;
  readonly [metric: string]: number | undefined;
}

/** One measurement with its interval, drawn as a dot with whiskers. */
export interface Whisker {
  readonly at: number;
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

export interface Curve {
  readonly metric: string;
  readonly label: string;
  /** Name of a CSS variable. */
  readonly colour: string;
  readonly width?: number;
  readonly dashed?: boolean;
  /** Dashes of its own: on, off, in pixels; none for a full line. */
  readonly dash?: readonly number[];
  /** Drawn beside the line: single measurements. */
  readonly whiskers?: readonly Whisker[];
  /** Measured now and then: shown as dots joined over gaps. */
  readonly sparse?: boolean;
  /** Shown as its running mean. */
  readonly smoothed?: boolean;
}

export interface ChartForm {
  /** Of the horizontal axis. */
  readonly step: string;
  readonly curves: readonly Curve[];
  /** Of the drawing, in rem. */
  readonly height: number;
  /** Of the horizontal axis, where its places have names of their own. */
  readonly ticks?: readonly { readonly at: number; readonly label: string }[];
  /** Values are shares: from 0 to 1. */
  readonly share?: boolean;
  /** A single curve that the heading names needs none. */
  readonly legend?: boolean;
}

export interface LogColumn {
  readonly metric: string;
  readonly label: string;
  readonly show: (value: number) => string;
  /** Measured now and then: such steps are always in the table. */
  readonly sparse?: boolean;
  /** Left out where the log has no value of it. */
  readonly optional?: boolean;
}

const smoothing = 0.9;

/** Exponential mean with the start-up bias taken out. */
export function smooth(values: readonly (number | null)[]): (number | null)[] {
  let mean = 0;
  let weight = 0;
  return values.map((value) => {
    if (value === null) return null;
    mean = smoothing * mean + (1 - smoothing) * value;
    weight = smoothing * weight + (1 - smoothing);
    return mean / weight;
  });
}

const has = (steps: readonly ChartRow[], metric: string): boolean =>
  steps.some((log) => log[metric] !== undefined);

/** Curves that the log has values for. */
export function presentCurves(steps: readonly ChartRow[], curves: readonly Curve[]): readonly Curve[] {
  return curves.filter(({ metric }) => has(steps, metric));
}

/** uPlot's columns: step first. */
export function chartColumns(
  steps: readonly ChartRow[],
  curves: readonly Curve[],
): [number[], ...(number | null)[][]] {
  return [
    steps.map((log) => log.step),
    ...curves.map(({ metric, smoothed }) => {
      const values = steps.map((log) => log[metric] ?? null);
      return smoothed === true ? smooth(values) : values;
    }),
  ];
}

/** Of the vertical axis, so that every whisker is on it; null without any. */
export function whiskerRange(curves: readonly Curve[]): [number, number] | null {
  const whiskers = curves.flatMap(({ whiskers: own = [] }) => own);
  if (whiskers.length === 0) return null;
  const [low, high] = [
    Math.min(...whiskers.map((one) => one.low)),
    Math.max(...whiskers.map((one) => one.high)),
  ];
  const room = Math.max(0.05 * (high - low), 1e-6);
  return [low - room, high + room];
}

export function presentColumns(
  steps: readonly TrainLog[],
  columns: readonly LogColumn[],
): readonly LogColumn[] {
  return columns.filter(({ metric, optional }) => optional !== true || has(steps, metric));
}

/** About a hundred rows, evenly taken, with the last one and those of sparse columns. */
export function tableRows(steps: readonly TrainLog[], columns: readonly LogColumn[]): readonly TrainLog[] {
  const sparse = columns.filter((column) => column.sparse);
  const stride = Math.max(1, Math.ceil(steps.length / 100));
  return steps.filter(
    (log, index) =>
      index % stride === 0 ||
      index === steps.length - 1 ||
      sparse.some(({ metric }) => log[metric] !== undefined),
  );
}
