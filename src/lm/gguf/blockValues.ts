/**
 * Values of ggml's quantised blocks in f32, bit for bit as gguf-py has them: its products of scale, sub-scale and quant have
 * at most 24 bits, so that f64 holds them exactly and storing as f32 rounds once, where gguf-py rounds.
 */
import { f16ToNumber } from '../../compute/encode';
import { ggufBlocks, type GgufType } from './ggufTypes';

export type BlockType = Exclude<GgufType, 'F32' | 'F16' | 'BF16'>;

/** What the four bits of IQ4_NL and IQ4_XS stand for (kvalues_iq4nl of ggml). */
export const iq4Levels = Int8Array.of(
  -127,
  -104,
  -83,
  -65,
  -49,
  -35,
  -22,
  -10,
  1,
  13,
  25,
  38,
  53,
  69,
  89,
  113,
);

/** The f16 at a byte. */
export const halfAt = (bytes: Uint8Array, at: number): number =>
  f16ToNumber(bytes[at]! | (bytes[at + 1]! << 8));

/** Writes the values of the block at byte `at` to `out` from `to`. */
type Decoder = (bytes: Uint8Array, at: number, out: Float32Array, to: number) => void;

/** A block of 32 whose byte j holds the low bits of element j in its low nibble and of j + 16 in its high one. */
function paired(head: number, value: (bytes: Uint8Array, at: number) => (quant: number) => number): Decoder {
  return (bytes, at, out, to) => {
    const of = value(bytes, at);
    for (let j = 0; j < 16; j++) {
      const byte = bytes[at + head + j]!;
      out[to + j] = of(byte & 15);
      out[to + j + 16] = of(byte >>> 4);
    }
  };
}

/** Q5_0 and Q5_1: like `paired`, with a fifth bit of each element in four bytes before the nibbles. */
function fiveBits(
  head: number,
  value: (bytes: Uint8Array, at: number) => (quant: number) => number,
): Decoder {
  return (bytes, at, out, to) => {
    const of = value(bytes, at);
    const high = at + head - 4;
    for (let j = 0; j < 32; j++) {
      const nibble = (bytes[at + head + (j & 15)]! >>> (j < 16 ? 0 : 4)) & 15;
      out[to + j] = of(nibble | (((bytes[high + (j >>> 3)]! >>> (j & 7)) & 1) << 4));
    }
  };
}

/** The 6-bit scale and minimum of sub-block `b` of Q4_K and Q5_K, in the twelve bytes from `at`. */
export function scaleAndMin(bytes: Uint8Array, at: number, b: number): readonly [scale: number, min: number] {
  if (b < 4) return [bytes[at + b]! & 63, bytes[at + b + 4]! & 63];
  const low = bytes[at + b + 4]!;
  return [(low & 15) | ((bytes[at + b - 4]! >>> 6) << 4), (low >>> 4) | ((bytes[at + b]! >>> 6) << 4)];
}

/** The scale of sub-block `b` of IQ4_XS, less 32. */
export function iq4Scale(bytes: Uint8Array, at: number, b: number): number {
  const low = (bytes[at + 4 + (b >>> 1)]! >>> (4 * (b & 1))) & 15;
  const high = (bytes[at + 2 + (b >>> 2)]! >>> (2 * (b & 3))) & 3;
  return (low | (high << 4)) - 32;
}

const decoders: Readonly<Record<BlockType, Decoder>> = {
  Q8_0(bytes, at, out, to) {
    const d = halfAt(bytes, at);
    for (let j = 0; j < 32; j++) out[to + j] = d * ((bytes[at + 2 + j]! << 24) >> 24);
  },
  Q4_0: paired(2, (bytes, at) => {
    const d = halfAt(bytes, at);
    return (quant) => d * (quant - 8);
  }),
  Q4_1: paired(4, (bytes, at) => {
    const [d, m] = [halfAt(bytes, at), halfAt(bytes, at + 2)];
    return (quant) => d * quant + m;
  }),
  IQ4_NL: paired(2, (bytes, at) => {
    const d = halfAt(bytes, at);
    return (quant) => d * iq4Levels[quant]!;
  }),
  Q5_0: fiveBits(6, (bytes, at) => {
    const d = halfAt(bytes, at);
    return (quant) => d * (quant - 16);
  }),
  Q5_1: fiveBits(8, (bytes, at) => {
    const [d, m] = [halfAt(bytes, at), halfAt(bytes, at + 2)];
    return (quant) => d * quant + m;
  }),
  IQ4_XS(bytes, at, out, to) {
    const d = halfAt(bytes, at);
    for (let b = 0; b < 8; b++) {
      const scale = d * iq4Scale(bytes, at, b);
      for (let j = 0; j < 16; j++) {
        const byte = bytes[at + 8 + 16 * b + j]!;
        out[to + 32 * b + j] = scale * iq4Levels[byte & 15]!;
        out[to + 32 * b + j + 16] = scale * iq4Levels[byte >>> 4]!;
      }
    }
  },
  /** 16 bytes of scale and minimum in nibbles, 64 of bit pairs, f16 d and dmin. */
  Q2_K(bytes, at, out, to) {
    const [d, dmin] = [halfAt(bytes, at + 80), halfAt(bytes, at + 82)];
    for (let i = 0; i < 256; i++) {
      const scales = bytes[at + (i >>> 4)]!;
      const quant = (bytes[at + 16 + 32 * (i >>> 7) + (i & 31)]! >>> (2 * ((i >>> 5) & 3))) & 3;
      out[to + i] = d * (scales & 15) * quant - dmin * (scales >>> 4);
    }
  },
  /** 32 bytes of high bits, 64 of low bit pairs, twelve of 6-bit scales, f16 d. A high bit that is not set takes off 4. */
  Q3_K(bytes, at, out, to) {
    const d = halfAt(bytes, at + 108);
    for (let b = 0; b < 16; b++) {
      const low = (bytes[at + 96 + (b & 7)]! >>> (b < 8 ? 0 : 4)) & 15;
      const high = (bytes[at + 104 + (b & 3)]! >>> (2 * (b >>> 2))) & 3;
      const scale = d * ((low | (high << 4)) - 32);
      for (let i = 16 * b; i < 16 * b + 16; i++) {
        const quant = (bytes[at + 32 + 32 * (i >>> 7) + (i & 31)]! >>> (2 * ((i >>> 5) & 3))) & 3;
        const set = (bytes[at + (i & 31)]! >>> (i >>> 5)) & 1;
        out[to + i] = scale * (set ? quant : quant - 4);
      }
    }
  },
  /** f16 d and dmin, twelve bytes of scales and minima, 128 of nibbles. */
  Q4_K(bytes, at, out, to) {
    const [d, dmin] = [halfAt(bytes, at), halfAt(bytes, at + 2)];
    for (let b = 0; b < 8; b++) {
      const [scale, min] = scaleAndMin(bytes, at + 4, b);
      for (let j = 0; j < 32; j++) {
        const quant = (bytes[at + 16 + 32 * (b >>> 1) + j]! >>> (4 * (b & 1))) & 15;
        out[to + 32 * b + j] = d * scale * quant - dmin * min;
      }
    }
  },
  /** As Q4_K, with 32 bytes of fifth bits before the nibbles. */
  Q5_K(bytes, at, out, to) {
    const [d, dmin] = [halfAt(bytes, at), halfAt(bytes, at + 2)];
    for (let b = 0; b < 8; b++) {
      const [scale, min] = scaleAndMin(bytes, at + 4, b);
      for (let j = 0; j < 32; j++) {
        const nibble = (bytes[at + 48 + 32 * (b >>> 1) + j]! >>> (4 * (b & 1))) & 15;
        const quant = nibble | (((bytes[at + 16 + j]! >>> b) & 1) << 4);
        out[to + 32 * b + j] = d * scale * quant - dmin * min;
      }
    }
  },
  /** 128 bytes of low nibbles, 64 of high bit pairs, 16 int8 scales of 16 elements each, f16 d. */
  Q6_K(bytes, at, out, to) {
    const d = halfAt(bytes, at + 208);
    for (let b = 0; b < 16; b++) {
      const scale = d * ((bytes[at + 192 + b]! << 24) >> 24);
      for (let i = 16 * b; i < 16 * b + 16; i++) {
        const half = i >>> 7;
        const quarter = (i >>> 5) & 3;
        const low = bytes[at + 64 * half + 32 * (quarter & 1) + (i & 31)]! >>> (quarter < 2 ? 0 : 4);
        const high = (bytes[at + 128 + 32 * half + (i & 31)]! >>> (2 * quarter)) & 3;
        out[to + i] = scale * (((low & 15) | (high << 4)) - 32);
      }
    }
  },
};

/** The values of whole blocks. */
export function blockValues(bytes: Uint8Array, type: BlockType): Float32Array<ArrayBuffer> {
  const block = ggufBlocks[type];
  const count = Math.floor(bytes.byteLength / block.bytes);
  const values = new Float32Array(count * block.elements);
  const decode = decoders[type];
  for (let i = 0; i < count; i++) decode(bytes, i * block.bytes, values, i * block.elements);
  return values;
}
