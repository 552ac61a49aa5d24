/**
 * The whole-number weights of src/gpu/kernels/sampling and the choice by them, in JavaScript, for rows of one chunk and at most 256
 * tokens: so many draws are tried here that no software adapter could. tests/dawn/draws.test.ts holds the kernels to it.
 */
import { drawWords, encodeDraw, listedTokens, type RowDraw } from '../../src/compute/sampling/rowDraws';

/** The higher word of a product of two words. */
function mulHigh(a: number, b: number): number {
  const middle = (a >>> 16) * (b & 0xffff) + Math.floor(((a & 0xffff) * (b & 0xffff)) / 65536);
  const low = (a & 0xffff) * (b >>> 16) + (middle % 65536);
  return (a >>> 16) * (b >>> 16) + Math.floor(middle / 65536) + Math.floor(low / 65536);
}

const roots = [
  4283353945, 4271771996, 4248701965, 4202935003, 4112874773, 3938502376, 3611622603, 3037000500,
];
const powers = Array.from({ length: 256 }, (_, i) =>
  roots.reduce((power, root, bit) => ((i >> bit) & 1 ? mulHigh(power, root) : power), 2 ** 31),
);

const words = new Uint32Array(drawWords);
const floats = new Float32Array(words.buffer);

/** Weights of a row at a temperature, in units of 2^-45. */
export interface ExactRow {
  readonly weights: Float64Array;
  /** How far down each token is, in units of 2^-25 halvings; infinite where it weighs nothing. */
  readonly halvings: Float64Array;
  readonly best: number;
  readonly total: number;
  readonly error: number;
}

export function exactRow(logits: Float32Array, draw: Pick<RowDraw, 'temperature'>): ExactRow {
  const { temperature } = draw;
  encodeDraw(words, 0, { temperature: temperature || 1, topP: 1, uniform: 0, next: null });
  const [, , factor] = words;
  const [, power, , most] = floats;
  let best = 0;
  for (let i = 1; i < logits.length; i++) if (logits[i]! > logits[best]!) best = i;
  const weights = new Float64Array(logits.length);
  const halvings = new Float64Array(logits.length).fill(Infinity);
  let [total, depth] = [0, 0];
  for (let i = 0; i < logits.length; i++) {
    const d = Math.fround(logits[best]! - logits[i]!);
    if (!(d <= most!)) continue;
    const h = mulHigh(Math.floor(Math.fround(d * power! + 0.5)), factor!);
    const start = powers[(h >>> 17) & 255]!;
    const z = mulHigh((h << 15) >>> 0, 2977044472);
    const mantissa = start - (mulHigh(start, z - (mulHigh(z, z) >>> 9)) >>> 8);
    halvings[i] = h;
    weights[i] = Math.floor((mantissa * 2 ** 14) / 2 ** (h >>> 25));
    total += weights[i]!;
    depth += (d * weights[i]!) / 2 ** 45;
  }
  const error13 = ((1.25 * depth) / (temperature || 1) + (4 * total) / 2 ** 45) * 2 ** -11;
  return { weights, halvings, best, total, error: Math.floor(error13 * 2 ** 32) + 4 * logits.length };
}

const times = (sum: number, share: number): number =>
  Number((BigInt(sum) * BigInt(Math.floor(share * 2 ** 32))) >> 32n);

/** The token of a draw; null where it is left to the host. */
export function exactChoice(logits: Float32Array, row: ExactRow, draw: RowDraw): number | null {
  const { weights, halvings, best, total, error } = row;
  if (draw.temperature === 0) return best;
  let kept = [...weights.keys()];
  if (draw.topP < 1) {
    const ranked = kept
      .filter((i) => Number.isFinite(halvings[i]))
      .sort((a, b) => logits[b]! - logits[a]! || a - b);
    const depthOf = (i: number): number => Math.floor(halvings[i]! / 2 ** 23);
    const counts = Array.from({ length: 64 }, (_, depth) => ranked.filter((i) => depthOf(i) <= depth).length);
    const cut = counts.filter((count) => count <= listedTokens).length;
    const listed = ranked.filter((i) => depthOf(i) < cut);
    const wanted = times(total, draw.topP);
    kept = [];
    let before = 0;
    let reached = false;
    for (const i of listed) {
      if (Math.abs(before - wanted) <= error) return null;
      if (logits[i] !== 0 && Math.abs(logits[i]!) < 2 ** -20) return null;
      if (before < wanted) kept.push(i);
      before += weights[i]!;
      reached ||= before >= wanted + error;
    }
    if (!reached) return null;
    kept.sort((a, b) => a - b);
  }
  const point = times(
    kept.reduce((sum, i) => sum + weights[i]!, 0),
    draw.uniform,
  );
  let start = 0;
  for (const i of kept) {
    const end = start + weights[i]!;
    if (point >= start + error && point + error < end) return i;
    start = end;
  }
  return null;
}

/** Kinds of rows to draw from, and the share of draws that may be left to the host. */
export function rowKinds(random: {
  next(): number;
  normal(): number;
  integer(a: number, b: number): number;
}) {
  const drawn = (vocab: number, make: (i: number) => number): Float32Array =>
    Float32Array.from({ length: vocab }, (_, i) => make(i));
  const { next, normal, integer } = {
    next: () => random.next(),
    normal: () => random.normal(),
    integer: (a: number, b: number) => random.integer(a, b),
  };
  const kinds: Readonly<Record<string, readonly [(vocab: number) => Float32Array, number]>> = {
    'usual ones': [(vocab) => drawn(vocab, () => 3 * normal()), 0.001],
    'peaked ones': [(vocab) => drawn(vocab, (i) => (i === 5 ? 22 : 4 * normal())), 0.001],
    'flat ones': [(vocab) => drawn(vocab, () => next() / 8), 1],
    'near ties': [(vocab) => drawn(vocab, (i) => (i % 9 === 0 ? 7 + integer(0, 3) * 2 ** -21 : normal())), 0.001],
    'equal ones': [(vocab) => drawn(vocab, () => -1.5), 1],
    'a few values': [(vocab) => drawn(vocab, () => integer(-4, 4)), 0.05],
    'excluded ones': [(vocab) => drawn(vocab, (i) => (i % 2 ? 2 * normal() : i % 3 ? -Infinity : -0)), 0.05],
  }; // prettier-ignore
  return kinds;
}

export const drawnBy = [
  { temperature: 0, topP: 1 },
  { temperature: 0.7, topP: 1 },
  { temperature: 1, topP: 1 },
  { temperature: 0.7, topP: 0.9 },
  { temperature: 1, topP: 0.9 },
] as const;
