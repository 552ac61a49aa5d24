/**
 * Which variant of a kernel runs where more than one is correct. The choice is made before training starts, can be stored
 * with a run and set again on resume: the order in which a product is summed is part of its result.
 */
import type { WeightStorage } from './kernels';

/** Rows x columns of the register tile of a thread, without barriers. */
export const tiles = ['8x8', '4x8', '8x4', '4x4'] as const;
export type Tile = (typeof tiles)[number];

export const variantChoices = {
  /** Linears in training. */
  linear: tiles,
  /** Linears in generation. */
  linearGenerate: tiles,
  /** Those of a few rows: by tiles as well, or by 16 lanes that share the columns of a weight; tiles then sum in the lanes' order. */
  decode: ['tile', 'lanes'],
  /** A thread or a workgroup for each row of an RMS norm. */
  norm: ['thread', 'row'],
  linearBackward: tiles,
  loraGradU: tiles,
  /** A thread, or a workgroup that splits the rows, for each tile of a LoRA gradient. */
  loraGradAB: ['thread', 'split'],
  /** A thread for each row and head, or a workgroup for a tile of rows, with keys and values in workgroup memory. */
  attention: ['thread', 'tiled'],
  /** A thread or a workgroup for each row of logits. */
  crossEntropy: ['thread', 'row'],
  /** Who chooses the tokens of a reply: the host in f64 from the logits, or the device, several of them before the host reads one. */
  sampling: ['host', 'device'],
  /** Invocations of a workgroup of the tiled products. */
  workgroup: ['16', '64'],
} as const;

export type Variants = { readonly [K in keyof typeof variantChoices]: (typeof variantChoices)[K][number] };

/** What ran before a kernel had a second form: a checkpoint from then names none. */
export const firstForms = {
  decode: 'tile',
  norm: 'thread',
  attention: 'thread',
  crossEntropy: 'thread',
  sampling: 'host',
} as const satisfies Partial<Variants>;

/** What runs when nothing was tuned. A software adapter wants large tiles, no barrier and small workgroups. */
export function defaultVariants(software: boolean): Variants {
  return software
    ? {
        linear: '8x8',
        linearGenerate: '8x8',
        decode: 'tile',
        norm: 'thread',
        linearBackward: '8x8',
        loraGradU: '8x8',
        loraGradAB: 'thread',
        attention: 'thread',
        crossEntropy: 'thread',
        sampling: 'host',
        workgroup: '16',
      }
    : {
        linear: '4x8',
        linearGenerate: '4x4',
        decode: 'lanes',
        norm: 'row',
        linearBackward: '4x8',
        loraGradU: '4x8',
        loraGradAB: 'split',
        attention: 'tiled',
        crossEntropy: 'row',
        sampling: 'device',
        workgroup: '64',
      };
}

/** The constants of a register tile; a quad is four columns. */
export function tileSpec(
  tile: Tile,
  workgroup: Variants['workgroup'],
): { rows: number; cols: number; constants: Readonly<Record<string, number>> } {
  const [rows, cols] = tile === '8x8' ? [8, 8] : tile === '4x8' ? [4, 8] : tile === '8x4' ? [8, 4] : [4, 4];
  return {
    rows,
    cols,
    constants: { ROWS: rows, QUADS: cols / 4, WORKGROUP: Number(workgroup) },
  };
}

/** Most rows of a linear by lanes. */
export const mostLaneRows = 8;

/** The constants of a linear by lanes: rows at a time, and how reads of 16 bytes make up a block of 32 columns. */
export function lanesSpec(
  rows: number,
  storage: Exclude<WeightStorage, 'ragged'>,
): { rows: number; constants: Readonly<Record<string, number>> } {
  const ROWS = rows === 1 ? 1 : rows <= 4 ? 4 : mostLaneRows;
  const PER = { f32: 1, f16: 2, bf16: 2, q8: 4, q4: 8 }[storage];
  return { rows: ROWS, constants: { ROWS, PER, WORDS: 8 / PER } };
}

/**
 * The constants of attention by workgroups of 64: TILE rows of one side, LANES vec4 of a head at a time. `sums` is the vectors that
 * an invocation adds up for each of its rows: with two of a long head only half a tile fits the registers.
 */
export function attentionTile(
  headDim: number,
  { sums = 1, most = 16 }: { readonly sums?: 1 | 2; readonly most?: number } = {},
): { rows: number; constants: Readonly<Record<string, number>> } {
  const HEAD4 = Math.ceil(headDim / 4);
  const TILE = most <= 8 || (sums === 2 && HEAD4 > 32) ? 8 : 16;
  const LANES = HEAD4 > 8 ? 16 : HEAD4 > 4 || TILE === 8 ? 8 : 4;
  const CHUNKS = Math.ceil(HEAD4 / LANES);
  return {
    rows: TILE,
    constants: { HEAD4, TILE, LANES, CHUNKS, ACROSS: TILE / 8, EACH: (TILE * LANES) / 64 },
  };
}
