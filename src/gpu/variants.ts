/**
 * Which variant of a kernel runs where more than one is correct. The choice is made before training starts, can be stored
 * with a run and set again on resume: the order in which a product is summed is part of its result.
 */
import type { WeightStorage } from './kernels';
import { shapeClass } from './tuner';

/** Rows x columns of the register tile of a thread, without barriers. */
export const tiles = ['8x8', '4x8', '8x4', '4x4'] as const;
export type Tile = (typeof tiles)[number];

/** Rows x columns of the tile of a workgroup, which takes both factors into its memory. */
export const sharedTiles = ['64x64', '32x32'] as const;
export type SharedTile = (typeof sharedTiles)[number];

/** `shared` is the tile of a workgroup that suits the shape, and one of a thread for the few rows of a reply. */
export const productForms = [...tiles, ...sharedTiles, 'shared'] as const;
export type ProductForm = (typeof productForms)[number];

export const variantChoices = {
  /** Linears in training. */
  linear: productForms,
  /** Linears in generation. */
  linearGenerate: productForms,
  /** Those of a few rows: by tiles as well, or by 16 lanes that share the columns of a weight; tiles then sum in the lanes' order. */
  decode: ['tile', 'lanes'],
  /** A thread or a workgroup for each row of an RMS norm. */
  norm: ['thread', 'row'],
  linearBackward: productForms,
  loraGradU: tiles,
  /** LoRA's products in training: by threads that walk what is summed over alone, or by workgroups that share it. */
  lora: ['thread', 'split'],
  /** A thread, or a workgroup that splits the rows, for each tile of a LoRA gradient. */
  loraGradAB: ['thread', 'split'],
  /**
   * A thread for each row and head, or a workgroup for a tile of rows, with keys and values in workgroup memory; `split` is that,
   * and in generation several workgroups share the keys of a row that sees many.
   */
  attention: ['thread', 'tiled', 'split'],
  /** A thread or a workgroup for each row of logits. */
  crossEntropy: ['thread', 'row'],
  /** Who chooses the tokens of a reply: the host in f64 from the logits, or the device, several of them before the host reads one. */
  sampling: ['host', 'device'],
  /** Invocations of a workgroup of the tiled products. */
  workgroup: ['16', '64'],
} as const;

export type Variants = {
  readonly [K in keyof typeof variantChoices]: (typeof variantChoices)[K][number];
} & {
  /** What takes the place of `linear` and `linearBackward` at a shape, by `productKey`: as it was tuned. */
  readonly shapes: Readonly<Partial<Record<string, ProductForm>>>;
};

/** What ran before a kernel had a second form: a checkpoint from then names none. */
export const firstForms = {
  decode: 'tile',
  norm: 'thread',
  lora: 'thread',
  attention: 'thread',
  crossEntropy: 'thread',
  shapes: {},
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
        lora: 'thread',
        loraGradAB: 'thread',
        attention: 'thread',
        crossEntropy: 'thread',
        sampling: 'host',
        workgroup: '16',
        shapes: {},
      }
    : {
        linear: 'shared',
        linearGenerate: 'shared',
        decode: 'lanes',
        norm: 'row',
        linearBackward: 'shared',
        loraGradU: '4x8',
        lora: 'split',
        loraGradAB: 'split',
        attention: 'split',
        crossEntropy: 'row',
        sampling: 'device',
        workgroup: '64',
        shapes: {},
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

/** A product of a training as `shapes` names it; `sizes` are its rows, and inputs and outputs of the weight. */
export const productKey = (
  family: 'linear' | 'linearBackward',
  format: string,
  sizes: readonly number[],
): string => `${family} ${format} ${shapeClass(sizes)}`;

/** Workgroups from which on a GPU has enough to do with large tiles. */
const manyGroups = 64;

/** The tile of a product of so many rows and columns. */
export function productTile(form: ProductForm, rows: number, columns: number): Tile | SharedTile {
  if (form !== 'shared') return form;
  return Math.ceil(rows / 64) * Math.ceil(columns / 64) >= manyGroups ? '64x64' : '32x32';
}

export const isShared = (tile: Tile | SharedTile): tile is SharedTile =>
  (sharedTiles as readonly string[]).includes(tile);

/**
 * The constants of a workgroup's tile. `sums` is the accumulators that an invocation has for each of its results: with several of them
 * it takes half as many results, for the registers.
 */
export function sharedTileSpec(
  tile: SharedTile,
  sums: number,
): { rows: number; cols: number; threads: number; constants: Readonly<Record<string, number>> } {
  const [TALL, QUADS, ACROSS, DOWN] =
    tile === '32x32' ? [1, 1, 8, 8] : sums === 1 ? [2, 2, 8, 8] : sums === 2 ? [1, 2, 8, 16] : [1, 1, 16, 16];
  return {
    rows: 4 * TALL * DOWN,
    cols: 4 * QUADS * ACROSS,
    threads: ACROSS * DOWN,
    constants: { ROWS: 4 * TALL, TALL, QUADS, ACROSS, DOWN },
  };
}

/** The constants of a linear by lanes: rows at a time, and how reads of 16 bytes make up a block of 32 columns. */
export function lanesSpec(
  rows: number,
  storage: Exclude<WeightStorage, 'ragged'>,
): { rows: number; constants: Readonly<Record<string, number>> } {
  const ROWS = rows === 1 ? 1 : rows <= 4 ? 4 : mostLaneRows;
  const PER = { f32: 1, f16: 2, bf16: 2, q8: 4, q4: 8 }[storage];
  return { rows: ROWS, constants: { ROWS, PER, WORDS: 8 / PER } };
}

/** Keys of which a row is one part at most, and positions of a part of a longer one (whole tiles of 32). */
export const splitKeys = { whole: 512, part: 128 };

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
