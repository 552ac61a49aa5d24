/** The words of `draws` and `results` of the op sampleRows: what a device is to choose, and what it chose. */

/** What one row of logits is to give. */
export interface RowDraw {
  /** 0: the likeliest, the first of equals. */
  readonly temperature: number;
  readonly topP: number;
  /** Uniform in [0, 1). */
  readonly uniform: number;
  /** Where in `next` the id goes; null where no further step follows. */
  readonly next: number | null;
  /** The host chooses in any case. */
  readonly byHost?: boolean;
}

export interface RowChoice {
  readonly id: number;
  /** log p(id) at temperature 1 before truncation. */
  readonly logprob: number;
  /** False where the host has to choose, by the row's logits. */
  readonly settled: boolean;
}

export const drawWords = 8;
export const resultWords = 6;
/** Logits that a workgroup looks at, words that sum them up, and tokens that it lists. */
export const chunkLogits = 4096;
export const summaryWords = 9;
export const listedTokens = 128;
/** Most tokens of a vocabulary, so that sums of weights fit into two words. */
export const mostVocab = 2 ** 18;
/** Temperatures in which the scaling of weights keeps its precision. */
export const [leastTemperature, mostTemperature] = [0.01, 100] as const;

const none = 0xffffffff;
const kinds = { greedy: 0, all: 1, nucleus: 2, host: 3 } as const;
const words = new Uint32Array(1);
const float = new Float32Array(words.buffer);

function bitsOf(value: number): number {
  float[0] = value;
  return words[0]!;
}

function floatOf(bits: number): number {
  words[0] = bits;
  return float[0]!;
}

const fraction = (value: number): number => Math.min(Math.floor(value * 2 ** 32), none);

function kindOf({ temperature, topP, byHost }: RowDraw): number {
  if (byHost) return kinds.host;
  if (temperature === 0) return kinds.greedy;
  if (temperature < leastTemperature || temperature > mostTemperature) return kinds.host;
  return topP < 1 ? kinds.nucleus : kinds.all;
}

/** Whether rows of these draws need the lists of likeliest tokens. */
export const needsLists = (draw: RowDraw): boolean => kindOf(draw) === kinds.nucleus;

/** Writes draw number `row`. Scaling: log2(e) / T = factor 2^-32 power 2^-25, factor from 2^31. */
export function encodeDraw(into: Uint32Array, row: number, draw: RowDraw): void {
  const kind = kindOf(draw);
  const temperature = kind === kinds.greedy || kind === kinds.host ? 1 : draw.temperature;
  const slope = Math.LOG2E / temperature;
  const power = 2 ** Math.ceil(25 + Math.log2(slope));
  into.set(
    [
      kind,
      bitsOf(power),
      Math.min(Math.round((slope / power) * 2 ** 57), none),
      bitsOf(31.5 * temperature),
      fraction(draw.topP),
      fraction(draw.uniform),
      draw.next ?? none,
      bitsOf(1 / temperature),
    ],
    row * drawWords,
  );
}

/** Draw number `row` as it was encoded. */
export function decodeDraw(from: Uint32Array, row: number): RowDraw {
  const [kind, power, factor, , topP, uniform, next] = from.subarray(row * drawWords, (row + 1) * drawWords);
  const slope = factor! * 2 ** -57 * floatOf(power!);
  return {
    temperature: kind === kinds.greedy ? 0 : Math.LOG2E / slope,
    topP: kind === kinds.nucleus ? topP! * 2 ** -32 : 1,
    uniform: uniform! * 2 ** -32,
    next: next === none ? null : next!,
    byHost: kind === kinds.host,
  };
}

/** Result number `row`: id, whether the host has to choose, its logit, the highest, and the sum of exp(logit - highest) in 2^-45. */
export function decodeChoice(from: Uint32Array, row: number): RowChoice {
  const [id, left, logit, most, high, low] = from.subarray(row * resultWords, (row + 1) * resultWords);
  const sum = (high! * 2 ** 32 + low!) * 2 ** -45;
  return { id: id!, settled: left === 0, logprob: floatOf(logit!) - floatOf(most!) - Math.log(sum) };
}

/** As decodeChoice reads it. */
export function encodeChoice(
  into: Uint32Array,
  row: number,
  choice: {
    readonly id: number;
    readonly settled: boolean;
    readonly logit: number;
    readonly most: number;
    readonly sum: number;
  },
): void {
  const { id, settled, logit, most, sum } = choice;
  const scaled = sum * 2 ** 45;
  const high = Math.floor(scaled / 2 ** 32);
  into.set(
    [id, settled ? 0 : 1, bitsOf(logit), bitsOf(most), high, Math.floor(scaled - high * 2 ** 32)],
    row * resultWords,
  );
}

/** Whether a device can choose tokens of so many. */
export const canSample = (vocab: number): boolean => vocab <= mostVocab;

/** Elements of the scratch tensors of sampleRows. */
export function samplingScratch(rows: number, vocab: number): { summaries: number; lists: number } {
  const chunks = rows * Math.ceil(vocab / chunkLogits);
  return { summaries: chunks * summaryWords, lists: chunks * 2 * listedTokens };
}
