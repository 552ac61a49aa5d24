import type { ArmResult } from '../../records/records';

export interface PlotScale {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
  readonly xTicks: readonly number[];
  readonly yTicks: readonly number[];
  x(tokens: number): number;
  y(accuracy: number): number;
}

/** Multiples of 1, 2 and 5 between the two, the ends left out. */
function logTicks(lo: number, hi: number): number[] {
  const ticks: number[] = [];
  for (let power = 10 ** Math.floor(Math.log10(lo)); power <= hi; power *= 10) {
    for (const step of [1, 2, 5]) if (step * power >= lo && step * power <= hi) ticks.push(step * power);
  }
  return ticks;
}

/** Axes of the plot in CSS pixels: tokens on a log scale, accuracies from a rounded low to a rounded high. */
export function plotScale(
  arms: readonly ArmResult[],
  size: { readonly width: number; readonly height: number; readonly rem: number },
): PlotScale {
  const tokens = arms.map((arm) => Math.max(1, arm.tokensPerQuestion));
  const lo = Math.min(...tokens, Infinity) / 1.35;
  const hi = Math.max(...tokens, 1) * 1.5;
  const bottomShare = Math.max(0, Math.floor(10 * Math.min(...arms.map((arm) => arm.ci[0]), 1)) / 10);
  const topShare = Math.min(1, Math.ceil(10 * Math.max(...arms.map((arm) => arm.ci[1]), 0.1)) / 10);
  const left = 2.9 * size.rem;
  const right = size.width - 0.5 * size.rem;
  const top = 0.75 * size.rem;
  const bottom = size.height - 2.75 * size.rem;
  const span = Math.max(0.1, topShare - bottomShare);
  const step = span > 0.5 ? 0.2 : 0.1;
  const yTicks: number[] = [];
  for (let tick = Math.ceil(bottomShare / step - 1e-9) * step; tick <= topShare + 1e-9; tick += step) {
    yTicks.push(Math.round(100 * tick) / 100);
  }
  return {
    left,
    right,
    top,
    bottom,
    yTicks,
    xTicks: logTicks(Number.isFinite(lo) ? lo : 1, hi),
    x: (value) => left + ((right - left) * Math.log(Math.max(1, value) / lo)) / Math.log(hi / lo),
    y: (value) => bottom - ((bottom - top) * (value - bottomShare)) / span,
  };
}
