/** LoRA's small products in training, where the lanes of a workgroup share what is summed over. */
import type { Dispatch, Range } from '../gpu/recorder';
import { rangeOf, type GpuContext } from './gpuMemory';
import { segmentRows } from './gpuProduct';
import { rowBlocks } from './gpuRowBlocks';
import type { Backend, LoraDropout, LoraGradients, LoraGroup, Tensor } from './ops';
import { checks } from './shapes';

/** Rows and ranks of a workgroup, and its invocations. */
const tile = { rows: 4, ranks: 8, threads: 64 };

/** The mask's uniforms; `on` is false where nothing is dropped. */
export function dropoutSizes(dropout: LoraDropout | undefined): {
  on: boolean;
  sizes: Record<'threshold' | 'key' | 'keep', number>;
} {
  const rate = dropout?.rate ?? 0;
  return {
    on: rate > 0,
    // mix(i, key) >= rate * 2^32 over integers is mix >= ceil(rate * 2^32).
    sizes: {
      threshold: Math.min(0xffffffff, Math.ceil(rate * 0x100000000)),
      key: (dropout?.key ?? 0) >>> 0,
      keep: 1 / (1 - rate),
    },
  };
}

/** Whether LoRA's products of training are shared by lanes. */
export const sharesLora = ({ variants }: GpuContext): boolean => variants.lora === 'split';

/** u = dropout(x) A^T. */
export function sharedDown(context: GpuContext, op: Parameters<Backend['loraDown']>[0]): void {
  const { group, rows, inputs } = op;
  const { rank, segments } = group;
  const dropout = dropoutSizes(op.dropout);
  const width = segments.length * rank;
  const flops = 2 * rows * inputs * width;
  for (const block of rowBlocks(context, rows, flops, { tile: tile.rows, widths: [inputs, width] })) {
    const workgroups = Math.ceil(block.rows / tile.rows) * segments.length * Math.ceil(rank / tile.ranks);
    context.recorder.dispatch({
      kernel: { name: 'loraDown', flags: [inputs % 4 === 0 && 'VEC4', dropout.on && 'DROPOUT'] },
      buffers: {
        x: block.of(rangeOf(op.x), inputs),
        a: rangeOf(group.a),
        u: block.of(rangeOf(op.u), width),
      },
      sizes: {
        rows: block.rows,
        firstRow: block.first,
        inputs,
        segmentCount: segments.length,
        rank,
        ...dropout.sizes,
      },
      threads: workgroups * tile.threads,
      flops: (flops * block.rows) / rows,
    });
  }
}

/** The form of du = scale dy B. */
export function sharedGradU({ group, rows }: Pick<Parameters<Backend['loraGradU']>[0], 'group' | 'rows'>): {
  readonly constants: Readonly<Record<string, number>>;
  readonly threads: number;
} {
  const { rank, segments } = group;
  const tiles = Math.ceil(rows / tile.rows) * segments.length * Math.ceil(rank / tile.ranks);
  return {
    constants: { ROWS: tile.rows, QUADS: tile.ranks / 4, WORKGROUP: tile.threads },
    threads: tiles * tile.threads,
  };
}

function segmentTiles(group: LoraGroup): number {
  return group.segments.reduce((sum, { count }) => sum + Math.ceil(count / 8), 0);
}

/** Tiles of a linear's gradients, its form and its work. */
function gradientsOf({ group, rows, inputs, outputs, dropout }: LoraGradients) {
  const { rank, segments, scale } = group;
  const rankTiles = Math.ceil(rank / 8);
  const tilesA = segments.length * rankTiles * Math.ceil(inputs / 8);
  const aligned = outputs % 4 === 0 && segments.every(({ start }) => start % 4 === 0);
  const covered = segments.reduce((sum, { count }) => sum + count, 0);
  const masked = dropoutSizes(dropout);
  return {
    flags: [inputs % 4 === 0 && 'VEC4', aligned && 'OUT4', rank % 4 === 0 && 'RANK4', masked.on && 'DROPOUT'],
    sizes: {
      ...{ rows, inputs, outputs, segmentCount: segments.length, rank, scale, tilesA },
      ...masked.sizes,
      segments: segmentRows(group),
    },
    tiles: tilesA + segmentTiles(group) * rankTiles,
    flops: 2 * rows * rank * (segments.length * inputs + covered),
  };
}

/** What holds all of these tensors, where they are parts of one buffer. */
function holding(tensors: readonly Tensor[]): Range | null {
  const ranges = tensors.map(rangeOf);
  const [{ allocation }] = ranges as [Range];
  if (ranges.some((range) => range.allocation !== allocation)) return null;
  const offset = Math.min(...ranges.map((range) => range.offset));
  return {
    allocation,
    offset,
    bytes: Math.max(...ranges.map((range) => range.offset + range.bytes)) - offset,
  };
}

/** A dispatch by tiles of eight by eight gradients. */
type Tiled = Pick<Dispatch, 'buffers' | 'sizes' | 'flops'> & {
  readonly flags: readonly (string | false)[];
  readonly tiles: number;
};

function singleOf(op: LoraGradients): Tiled {
  const { flags, sizes, tiles, flops } = gradientsOf(op);
  const { x, dy, u, du, gradA, gradB } = op;
  const buffers = {
    ...{ x: rangeOf(x), dy: rangeOf(dy), u: rangeOf(u), du: rangeOf(du) },
    ...{ gradA: rangeOf(gradA), gradB: rangeOf(gradB) },
  };
  return { flags, tiles, flops, buffers, sizes: { ...sizes, tiles, all: tiles } };
}

/** Two linears in one dispatch, or null where they cannot be. */
function pairOf(context: GpuContext, ops: readonly LoraGradients[]): Tiled | null {
  const place = ({ u }: LoraGradients): number => rangeOf(u).offset;
  const [one, other] = ops.toSorted((a, b) => place(a) - place(b)) as [LoraGradients, LoraGradients];
  const [u, du] = [holding([one.u, other.u]), holding([one.du, other.du])];
  const grads = holding([one.gradA, one.gradB, other.gradA, other.gradB]);
  if (!u || !du || !grads || grads.bytes > context.bindingLimit) return null;
  const [first, second] = [gradientsOf(one), gradientsOf(other)];
  const alike = one.rows === other.rows && first.flags.join() === second.flags.join();
  if (!alike || first.flags.includes('DROPOUT') || rangeOf(one.du).offset !== du.offset) return null;
  const from = (tensor: Tensor, range: Range): number => (rangeOf(tensor).offset - range.offset) / 4;
  const tiles = first.tiles + second.tiles;
  return {
    flags: [...first.flags, 'PAIR'],
    tiles,
    buffers: {
      ...{ u, du, grads },
      ...{ x: rangeOf(one.x), dy: rangeOf(one.dy) },
      ...{ otherX: rangeOf(other.x), otherDy: rangeOf(other.dy) },
    },
    sizes: {
      ...first.sizes,
      tiles: first.tiles,
      all: tiles,
      ...{ gradA: from(one.gradA, grads), gradB: from(one.gradB, grads) },
      ...{ inputs2: second.sizes.inputs, outputs2: second.sizes.outputs },
      ...{ segmentCount2: second.sizes.segmentCount, rank2: second.sizes.rank, scale2: second.sizes.scale },
      ...{ tilesA2: second.sizes.tilesA, segments2: second.sizes.segments },
      ...{ u2: from(other.u, u), du2: from(other.du, du) },
      ...{ gradA2: from(other.gradA, grads), gradB2: from(other.gradB, grads) },
    },
    flops: first.flops + second.flops,
  };
}

export function loraGradAB(context: GpuContext, ops: readonly LoraGradients[]): void {
  ops.forEach(checks.loraGradAB);
  const pair = ops.length === 2 && sharesLora(context) ? pairOf(context, ops) : null;
  for (const { flags, tiles, buffers, sizes, flops } of pair ? [pair] : ops.map(singleOf)) {
    const split = context.variants.loraGradAB === 'split';
    const WORKGROUP = split ? 64 : 4;
    context.recorder.dispatch({
      kernel: { name: 'loraGradAB', flags: [...flags, split && 'SPLIT'], constants: { WORKGROUP } },
      buffers,
      sizes,
      threads: split ? tiles * WORKGROUP : tiles,
      flops,
    });
  }
}
