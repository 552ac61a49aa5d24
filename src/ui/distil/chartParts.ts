/** What charts have in common. */
import type uPlot from 'uplot';
import { formatSmall } from '../format';
import { distilText } from '../strings/distil';
import type { ChartForm, Curve } from './logChart';

/** A CSS variable as the colour that it means on `host`, here and now. */
export function cssColour(host: HTMLElement, name: string): string {
  const probe = document.createElement('span');
  probe.style.color = `var(${name})`;
  host.append(probe);
  const colour = getComputedStyle(probe).color;
  probe.remove();
  return colour;
}

/** Ticks of a value axis: small values in scientific form. */
export function tickValues(_: uPlot, splits: readonly number[]): string[] {
  return splits.map(tickValue);
}

export function tickValue(split: number): string {
  // Without the tail of binary fractions, as 0.30000000000000004.
  const value = Number(split.toPrecision(6));
  return value === 0 || Math.abs(value) >= 0.01 ? String(value) : value.toExponential();
}

/** The place of the value nearest to `at` in a column that was measured now and then; of two as near the earlier. */
function nearest(column: ArrayLike<number | null | undefined>, at: number): number | null {
  for (let distance = 0; distance < column.length; distance++) {
    for (const place of [at - distance, at + distance]) {
      if (typeof column[place] === 'number') return place;
    }
  }
  return null;
}

/**
 * A legend's value: the one under the pointer, away from it the last one. Where the pointer's step was not measured, the
 * nearest one that was, with its step; a dash where none was. Series 0 is the step.
 */
export function legendValue(
  plot: Pick<uPlot, 'data'>,
  _raw: number | null,
  index: number,
  under: number | null,
): string {
  const [steps] = plot.data;
  const column = plot.data[index] ?? [];
  const place = nearest(column, under ?? column.length - 1);
  const value = place === null ? null : column[place];
  if (place === null || typeof value !== 'number') return '–';
  if (index === 0) return String(value);
  const shown = formatSmall(value);
  return under === null || place === under ? shown : distilText.measuredAt(shown, steps[place] ?? 0);
}

/** A legend's place on an axis whose places have names: the one under the pointer, away from it a dash. */
export function namedPlace(
  ticks: NonNullable<ChartForm['ticks']>,
): (plot: uPlot, raw: number | null) => string {
  return (_, raw) => ticks.find(({ at }) => at === raw)?.label ?? '–';
}

/** A legend's value of such an axis: the one under the pointer, away from it a dash. */
export function placeValue(_: uPlot, raw: number | null): string {
  return typeof raw === 'number' ? formatSmall(raw) : '–';
}

/** Single measurements over the lines: a dot each, and its interval with a bar at both ends. */
export function drawWhiskers(plot: uPlot, curves: readonly Curve[], colour: (name: string) => string): void {
  const { ctx } = plot;
  const scale = devicePixelRatio;
  for (const { colour: name, width = 1.75, whiskers = [] } of curves) {
    ctx.save();
    ctx.strokeStyle = ctx.fillStyle = colour(name);
    ctx.lineWidth = 0.6 * width * scale;
    for (const { at, value, low, high } of whiskers) {
      const [x, y] = [plot.valToPos(at, 'x', true), plot.valToPos(value, 'y', true)];
      const ends = [low, high].map((end) => plot.valToPos(end, 'y', true));
      ctx.beginPath();
      ctx.moveTo(x, ends[0] ?? y);
      ctx.lineTo(x, ends[1] ?? y);
      for (const end of ends) {
        ctx.moveTo(x - 3 * scale, end);
        ctx.lineTo(x + 3 * scale, end);
      }
      ctx.stroke();
      ctx.beginPath();
      ctx.arc(x, y, 2.5 * scale, 0, 2 * Math.PI);
      ctx.fill();
    }
    ctx.restore();
  }
}
