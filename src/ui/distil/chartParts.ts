/** What the charts of the Distil step have in common. */
import type uPlot from 'uplot';
import { formatSmall } from '../format';

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

/** A legend's value: the one under the pointer, away from it the last one. Series 0 is the step. */
export function legendValue(plot: uPlot, at: number | null, index: number): string {
  const known = at ?? [...(plot.data[index] ?? [])].findLast((y) => y !== null && y !== undefined);
  if (known === null || known === undefined) return '–';
  return index === 0 ? String(known) : formatSmall(known);
}
