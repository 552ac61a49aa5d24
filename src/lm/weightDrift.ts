/** How far quantising a file's weights again moved them: measured while they are loaded, for the user to know. */
import { f16ToNumber } from '../compute/encode';
import type { RowData, WeightFormat } from '../compute/ops';
import type { Requantised } from '../records/requantised';
import type { GgufType } from './gguf/ggufTypes';

/** Sums over values that can be added up. */
export interface Drift {
  /** Largest change; Infinity where a value could not be kept at all. */
  readonly change: number;
  readonly largest: number;
  readonly squaredChange: number;
  readonly squared: number;
}

/** The change from `values` [rows, cols] to quantised rows; null for formats without blocks. */
export function driftOf(values: Float32Array, data: RowData, cols: number): Drift | null {
  if (data.format !== 'q8' && data.format !== 'q4') return null;
  const perRow = Math.ceil(cols / 32);
  const blocks = (values.length / cols) * perRow;
  const drift = { change: 0, largest: 0, squaredChange: 0, squared: 0 };
  for (let block = 0; block < blocks; block++) {
    const inRow = block % perRow;
    const start = Math.floor(block / perRow) * cols + inRow * 32;
    const count = Math.min(32, cols - inRow * 32);
    const eight = data.format === 'q8';
    const scale = f16ToNumber(data.scales[eight ? block : 2 * block]!);
    const least = eight ? 0 : f16ToNumber(data.scales[2 * block + 1]!);
    for (let i = 0; i < count; i++) {
      const quant = eight
        ? data.quants[block * 32 + i]!
        : (data.quants[block * 16 + (i >>> 1)]! >>> (4 * (i & 1))) & 15;
      const value = values[start + i]!;
      const by = Math.abs(scale * quant + least - value);
      // A scale that no half holds.
      if (!Number.isFinite(by) && Number.isFinite(value)) return { ...drift, change: Infinity };
      drift.largest = Math.max(drift.largest, Math.abs(value));
      drift.change = Math.max(drift.change, by);
      drift.squaredChange += by * by;
      drift.squared += value * value;
    }
  }
  return drift;
}

/** Adds up the tensors of one model. */
export class DriftSum {
  readonly #types = new Set<GgufType>();
  readonly #formats = new Set<WeightFormat>();
  readonly #tensors = new Map<string, Drift>();

  add(name: string, type: GgufType, format: WeightFormat, drift: Drift): void {
    const before = this.#tensors.get(name) ?? { change: 0, largest: 0, squaredChange: 0, squared: 0 };
    this.#types.add(type);
    this.#formats.add(format);
    this.#tensors.set(name, {
      change: Math.max(before.change, drift.change),
      largest: Math.max(before.largest, drift.largest),
      squaredChange: before.squaredChange + drift.squaredChange,
      squared: before.squared + drift.squared,
    });
  }

  /** Null where no tensor was quantised again. */
  total(of: number): Requantised | null {
    const all = [...this.#tensors.values()];
    if (all.length === 0) return null;
    const sum = (part: 'squaredChange' | 'squared') => all.reduce((total, one) => total + one[part], 0);
    const ratio = (part: number, whole: number) => (whole === 0 ? 0 : part / whole);
    return {
      types: [...this.#types].sort(),
      formats: [...this.#formats].sort(),
      tensors: all.length,
      of,
      worst: Math.max(...all.map(({ change, largest }) => ratio(change, largest))),
      mean: Math.sqrt(ratio(sum('squaredChange'), sum('squared'))),
    };
  }
}

/** Two figures that matter, as 0.39 % and so on. */
const percent = (part: number): string => `${Number((100 * part).toPrecision(2))} %`;

const keptAs: Readonly<Record<string, string>> = { q8: '8 bits', q4: '4 bits' };

/** What a command says of it. */
export function requantisedText({ types, formats, tensors, of, worst, mean }: Requantised): string {
  const kept = formats.map((format) => keptAs[format] ?? format).join(' or ');
  return `${tensors} of ${of} weight matrices are of types that are kept in another way (${types.join(', ')}): they were quantised again to ${kept}, which changed them by ${percent(mean)} in the mean, and none by more than ${percent(worst)} of the largest weight of its matrix.`;
}
