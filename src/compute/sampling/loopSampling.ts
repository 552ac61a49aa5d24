/** sampleRows in plain loops: its definition, and the CPU path's op. Generation there samples on the host, as backends say by `samples`. */
import { decodeDraw, encodeChoice, type RowDraw } from './rowDraws';

export interface Chosen {
  readonly id: number;
  /** The highest logit, and the sum of exp(logit - highest). Not finite where a logit is not. */
  readonly most: number;
  readonly sum: number;
}

/** The token of one row of logits: as lm/sampling/sampler.ts has it. */
export function chooseByLoops(logits: ArrayLike<number>, { temperature, topP, uniform }: RowDraw): Chosen {
  const ids = Array.from(logits, (_, i) => i);
  const best = ids.reduce((top, i) => (logits[i]! > logits[top]! ? i : top), 0);
  const most = logits[best]!;
  const sum = ids.reduce((total, i) => total + Math.exp(logits[i]! - most), 0);
  if (temperature === 0) return { id: best, most, sum };
  const weights = ids.map((i) => Math.exp((logits[i]! - most) / temperature));
  const add = (total: number, i: number): number => total + weights[i]!;
  let kept = ids;
  if (topP < 1) {
    const wanted = topP * ids.reduce(add, 0);
    let reached = 0;
    const ranked = ids.toSorted((a, b) => weights[b]! - weights[a]! || a - b);
    const end = ranked.findIndex((i) => (reached += weights[i]!) >= wanted);
    kept = ranked.slice(0, end < 0 ? ids.length : end + 1).sort((a, b) => a - b);
  }
  let left = uniform * kept.reduce(add, 0);
  const id = kept.find((i) => (left -= weights[i]!) < 0) ?? kept.at(-1)!;
  return { id, most, sum };
}

export function sampleByLoops(
  logits: Float32Array | Float64Array,
  [draws, next, results]: readonly [Uint32Array, Uint32Array, Uint32Array],
  { first, rows, vocab }: { readonly first: number; readonly rows: number; readonly vocab: number },
): void {
  for (let row = 0; row < rows; row++) {
    const draw = decodeDraw(draws, row);
    const own = logits.subarray(row * vocab, (row + 1) * vocab);
    const { id, most, sum } = chooseByLoops(own, draw);
    const settled = !draw.byHost && Number.isFinite(most) && Number.isFinite(sum);
    encodeChoice(results, first + row, { id, settled, logit: own[id]!, most, sum });
    if (draw.next !== null) next[draw.next] = id;
  }
}
