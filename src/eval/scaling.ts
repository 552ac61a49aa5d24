/** Accuracy by a setting over several runs: which settings can be the axis, and the points and means of each arm along it. */
import type { ArmResult } from '../records/records';
import { entries, sameValue, settingAt, valueAt, type Path, type RunConfig } from '../settings/config';
import { shownValue } from '../settings/setting';
import { isIdle } from '../settings/strategy';
import { parseArm, type Arm } from './arm';

/** A run as a curve takes it: its name, its settings, and the arms of its report. */
export interface ScaledRun {
  readonly name: string;
  readonly config: RunConfig;
  readonly arms: readonly ArmResult[];
}

/** A setting in which the runs differ, and that has an order. */
export interface Dial {
  readonly path: Path;
  readonly label: string;
}

export interface ScalingPoint {
  /** Place on the axis. */
  readonly at: number;
  /** Its run among the curve's. */
  readonly row: number;
  readonly accuracy: number;
  readonly ci: readonly [number, number];
  readonly n: number;
}

export interface ScalingLine {
  readonly arm: string;
  /** One a run, from left to right. */
  readonly points: readonly ScalingPoint[];
  /** Of the runs at one place. */
  readonly means: readonly { readonly at: number; readonly accuracy: number }[];
}

export interface ScalingCurve {
  readonly dial: Dial;
  /** Every value that a run has, from left to right, as the settings show it. */
  readonly ticks: readonly { readonly at: number; readonly label: string }[];
  readonly lines: readonly ScalingLine[];
  /** From left to right. */
  readonly runs: readonly { readonly name: string; readonly at: number }[];
  /** Names of the other settings in which the runs differ: a mean mixes them. */
  readonly mixed: readonly string[];
}

/** Those that a debate's worth is read off: what it costs nothing to have, what it is compared with, and what is made of it. */
const shown = (arm: Arm): boolean =>
  arm.kind === 'debate' ||
  arm.kind === 'vote-equal-total-tokens' ||
  arm.kind === 'single-greedy' ||
  arm.kind === 'distilled' ||
  (arm.kind === 'control' && arm.control === 'self-consistency');

/** The value as a number that has its order; null where it has none. */
function orderOf(path: Path, config: RunConfig): number | null {
  const { kind, ordered } = settingAt(path);
  const value: unknown = valueAt(config, path);
  if (kind.type === 'choice' && ordered === true) return Object.keys(kind.choices).indexOf(String(value));
  if (kind.type === 'numbers' && Array.isArray(value) && value.length === 1) return Number(value[0]);
  return typeof value === 'number' ? value : null;
}

/** Settings that change results and differ between the runs: not the seed, which is chance, nor PAD's in runs without PAD. */
function differing(runs: readonly ScaledRun[]): readonly Dial[] {
  const configs = runs.map(({ config }) => config);
  const [first] = configs;
  if (!first) return [];
  return entries
    .filter(
      ({ path, setting }) => path !== 'seed' && setting.scopes[0] !== 'machine' && !isIdle(path, configs),
    )
    .filter(({ path }) => configs.some((config) => !sameValue(valueAt(config, path), valueAt(first, path))))
    .map(({ path, setting }) => ({ path, label: setting.label }));
}

/** What can be the axis, the one with most values first. */
export function dials(runs: readonly ScaledRun[]): readonly Dial[] {
  return differing(runs)
    .map((dial) => ({ dial, values: runs.map(({ config }) => orderOf(dial.path, config)) }))
    .filter(({ values }) => values.every((value) => value !== null))
    .sort((a, b) => new Set(b.values).size - new Set(a.values).size)
    .map(({ dial }) => dial);
}

/** Numbers that span more than this factor stand at equal distances where they double. */
const doubling = 16;

/** Where values stand on an axis that holds them all. */
export function placing(values: readonly number[]): (value: number) => number {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return low > 0 && high / low >= doubling ? (value) => Math.log2(value) : (value) => value;
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

function lineOf(
  arm: string,
  placed: readonly { readonly run: ScaledRun; readonly at: number }[],
): ScalingLine {
  const points = placed.flatMap(({ run, at }, row): ScalingPoint[] => {
    const found = run.arms.find(({ name }) => name === arm);
    return found ? [{ at, row, accuracy: found.accuracy, ci: found.ci, n: found.n }] : [];
  });
  const places = [...new Set(points.map(({ at }) => at))];
  return {
    arm,
    points,
    means: places.map((at) => ({
      at,
      accuracy: mean(points.filter((point) => point.at === at).map(({ accuracy }) => accuracy)),
    })),
  };
}

/** Along a dial of `dials`. Arms that only one value has are left out. */
export function scalingCurve(runs: readonly ScaledRun[], dial: Dial): ScalingCurve {
  const valued = runs.flatMap((run) => {
    const value = orderOf(dial.path, run.config);
    return value === null ? [] : [{ run, value }];
  });
  const place = placing(valued.map(({ value }) => value));
  const placed = valued
    .sort((a, b) => a.value - b.value)
    .map(({ run, value }) => ({ run, at: place(value) }));
  const labels = new Map(
    placed.map(({ run, at }) => [at, shownValue(settingAt(dial.path), valueAt(run.config, dial.path))]),
  );
  const names = [...new Set(placed.flatMap(({ run }) => run.arms.map(({ name }) => name)))];
  return {
    dial,
    ticks: [...labels].map(([at, label]) => ({ at, label })),
    lines: names
      .filter((name) => shown(parseArm(name)))
      .map((name) => lineOf(name, placed))
      .filter(({ means }) => means.length > 1),
    runs: placed.map(({ run, at }) => ({ name: run.name, at })),
    mixed: differing(runs)
      .filter(({ path }) => path !== dial.path)
      .map(({ label }) => label),
  };
}
