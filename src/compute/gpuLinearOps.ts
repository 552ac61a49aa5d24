/** Linears, their gradients and LoRA on the GPU. */
import { fail } from '../core/assert';
import type { Dispatch, Range } from '../gpu/recorder';
import { tileSpec } from '../gpu/variants';
import {
  partsOf,
  rangeOf,
  tensorStorage,
  weightBuffers,
  type GpuContext,
  type MatrixPart,
} from './gpuMemory';
import { rowBlocks } from './gpuRowBlocks';
import type { Backend, LoraDropout, LoraGroup, Tensor, WeightFormat } from './ops';
import { checks } from './shapes';

export type LinearOps = Pick<
  Backend,
  'linear' | 'linearBackward' | 'loraDown' | 'loraGradU' | 'loraGradAB' | 'matmulNT'
>;

type Flag = string | false;

const noSegments: readonly (readonly number[])[] = [];

/** [first output, outputs, first row of b, first tile of eight outputs] of each segment. */
function segmentRows(group: LoraGroup): number[][] {
  if (group.segments.length > 4) fail(`A LoRA group has ${group.segments.length} segments; 4 are possible.`);
  let tile = 0;
  return group.segments.map(({ start, count, bRow }) => {
    const row = [start, count, bRow, tile];
    tile += Math.ceil(count / 8);
    return row;
  });
}

function segmentTiles(group: LoraGroup): number {
  return group.segments.reduce((sum, { count }) => sum + Math.ceil(count / 8), 0);
}

/** The mask's uniforms; `on` is false where nothing is dropped. */
function dropoutSizes(dropout: LoraDropout | undefined): {
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

export function linearOps(context: GpuContext): LinearOps {
  const { recorder } = context;

  /** x W^T for every part of a matrix, or for a tensor as its only part. */
  function product(op: {
    x: Tensor;
    y: Tensor;
    rows: number;
    inputs: number;
    outputs: number;
    storage: NonNullable<Dispatch['kernel']['weights']>;
    parts: readonly MatrixPart[];
    mode: 'generate' | 'train';
    bias?: Tensor | undefined;
    residual?: Tensor | undefined;
    lora?: (LoraGroup & { readonly u: Tensor }) | undefined;
  }): void {
    const { rows, inputs, outputs, bias, residual, lora } = op;
    const columns4 = Math.ceil(inputs / 4);
    const inPlace = residual === op.y;
    const { variants } = context;
    const tile = tileSpec(
      op.mode === 'generate' ? variants.linearGenerate : variants.linear,
      variants.workgroup,
    );
    const flags: Flag[] = [
      inputs % 4 === 0 && 'VEC4',
      outputs % 4 === 0 && 'OUT4',
      bias !== undefined && 'BIAS',
      residual !== undefined && (inPlace ? 'RESIDUAL_IS_Y' : 'RESIDUAL'),
      lora !== undefined && 'LORA',
      lora !== undefined && lora.rank % 4 === 0 && 'RANK4',
    ];
    const groupWidth = lora === undefined ? 0 : lora.segments.length * lora.rank;
    const blocks = { tile: tile.rows, widths: [inputs, outputs, groupWidth] };
    for (const part of op.parts) {
      const flops = 2 * rows * part.count * (inputs + (lora?.rank ?? 0));
      for (const block of rowBlocks(context, rows, flops, blocks)) {
        recorder.dispatch({
          kernel: { name: 'linear', weights: op.storage, flags, constants: tile.constants },
          buffers: {
            ...weightBuffers(part),
            x: block.of(rangeOf(op.x), inputs),
            y: block.of(rangeOf(op.y), outputs),
            ...(bias === undefined ? {} : { bias: rangeOf(bias) }),
            ...(residual === undefined || inPlace ? {} : { residual: block.of(rangeOf(residual), outputs) }),
            ...(lora === undefined ? {} : { u: block.of(rangeOf(lora.u), groupWidth), b: rangeOf(lora.b) }),
          },
          sizes: {
            rows: block.rows,
            inputs,
            columns4,
            outputs,
            start: part.start,
            count: part.count,
            segmentCount: lora?.segments.length ?? 0,
            rank: lora?.rank ?? 0,
            scale: lora?.scale ?? 0,
            segments: lora === undefined ? noSegments : segmentRows(lora),
          },
          threads: Math.ceil(block.rows / tile.rows) * Math.ceil(part.count / tile.cols),
          flops: (flops * block.rows) / rows,
        });
      }
    }
  }

  function wholeTensor(tensor: Tensor, rows: number): MatrixPart {
    return { start: 0, count: rows, weights: rangeOf(tensor), scales: null };
  }

  function backward(op: {
    dy: Range;
    dx: Range;
    rows: number;
    inputs: number;
    outputs: number;
    format: WeightFormat;
    part: MatrixPart;
    accumulate: boolean;
    lora?: { readonly group: LoraGroup; readonly du: Tensor; readonly dropout?: LoraDropout } | undefined;
  }): void {
    const { rows, inputs, outputs, part, lora } = op;
    const columns4 = Math.ceil(inputs / 4);
    const dropout = dropoutSizes(lora?.dropout);
    const width = lora === undefined ? 0 : lora.group.segments.length * lora.group.rank;
    const tile = tileSpec(context.variants.linearBackward, context.variants.workgroup);
    const flops = 2 * rows * inputs * (part.count + width);
    const blocks = { tile: tile.rows, widths: [inputs, outputs, width] };
    for (const block of rowBlocks(context, rows, flops, blocks)) {
      recorder.dispatch({
        kernel: {
          name: 'linearBackward',
          weights: op.format,
          flags: [
            outputs % 4 === 0 && 'VEC4',
            inputs % 4 === 0 && 'OUT4',
            op.accumulate && 'ACCUMULATE',
            lora !== undefined && 'LORA',
            lora !== undefined && lora.group.rank % 4 === 0 && 'RANK4',
            dropout.on && 'DROPOUT',
          ],
          constants: tile.constants,
        },
        buffers: {
          ...weightBuffers(part),
          dy: block.of(op.dy, outputs),
          dx: block.of(op.dx, inputs),
          ...(lora === undefined ? {} : { du: block.of(rangeOf(lora.du), width), a: rangeOf(lora.group.a) }),
        },
        sizes: {
          rows: block.rows,
          firstRow: block.first,
          inputs,
          columns4,
          outputs,
          start: part.start,
          count: part.count,
          segmentCount: lora?.group.segments.length ?? 0,
          rank: lora?.group.rank ?? 0,
          ...dropout.sizes,
        },
        threads: Math.ceil(block.rows / tile.rows) * Math.ceil(columns4 / (tile.cols / 4)),
        flops: (flops * block.rows) / rows,
      });
    }
  }

  return {
    linear(op) {
      checks.linear(op);
      product({
        x: op.x,
        y: op.y,
        rows: op.rows,
        inputs: op.weight.cols,
        outputs: op.weight.rows,
        storage: op.weight.format,
        parts: partsOf(op.weight),
        mode: op.mode,
        bias: op.bias,
        residual: op.residual,
        lora: op.lora,
      });
    },

    linearBackward(op) {
      checks.linearBackward(op);
      const parts = partsOf(op.weight);
      parts.forEach((part, i) =>
        backward({
          dy: rangeOf(op.dy),
          dx: rangeOf(op.dx),
          rows: op.rows,
          inputs: op.weight.cols,
          outputs: op.weight.rows,
          format: op.weight.format,
          part,
          accumulate: op.accumulate || i > 0,
          lora: i === parts.length - 1 ? op.lora : undefined,
        }),
      );
    },

    loraDown(op) {
      checks.loraDown(op);
      const { group, rows, inputs } = op;
      const width = group.segments.length * group.rank;
      const dropout = dropoutSizes(op.dropout);
      if (!dropout.on) {
        product({
          x: op.x,
          y: op.u,
          rows,
          inputs,
          outputs: width,
          storage: tensorStorage(inputs),
          parts: [wholeTensor(group.a, width)],
          mode: op.mode,
        });
        return;
      }
      recorder.dispatch({
        kernel: { name: 'loraDownDropout' },
        buffers: { x: rangeOf(op.x), a: rangeOf(group.a), u: rangeOf(op.u) },
        sizes: {
          rows,
          inputs,
          segmentCount: group.segments.length,
          rank: group.rank,
          ...dropout.sizes,
        },
        threads: rows * group.segments.length * Math.ceil(group.rank / 4),
        flops: 4 * rows * inputs * width,
      });
    },

    loraGradU(op) {
      checks.loraGradU(op);
      const { group, rows, outputs } = op;
      const covered = group.segments.reduce((sum, { count }) => sum + count, 0);
      const chosen = tileSpec(context.variants.loraGradU, context.variants.workgroup);
      const cols = group.rank <= 4 ? 4 : chosen.cols;
      const aligned =
        outputs % 4 === 0 && group.segments.every(({ start, count }) => start % 4 === 0 && count % 4 === 0);
      recorder.dispatch({
        kernel: {
          name: 'loraGradU',
          flags: [group.rank % 4 === 0 && 'RANK4', aligned && 'VEC4'],
          constants: { ...chosen.constants, QUADS: cols / 4 },
        },
        buffers: { dy: rangeOf(op.dy), b: rangeOf(group.b), du: rangeOf(op.du) },
        sizes: {
          rows,
          outputs,
          segmentCount: group.segments.length,
          rank: group.rank,
          scale: group.scale,
          segments: segmentRows(group),
        },
        threads: Math.ceil(rows / chosen.rows) * group.segments.length * Math.ceil(group.rank / cols),
        flops: 2 * rows * covered * group.rank,
      });
    },

    loraGradAB(op) {
      checks.loraGradAB(op);
      const { group, rows, inputs, outputs } = op;
      const dropout = dropoutSizes(op.dropout);
      const rankTiles = Math.ceil(group.rank / 8);
      const tilesA = group.segments.length * rankTiles * Math.ceil(inputs / 8);
      const tiles = tilesA + segmentTiles(group) * rankTiles;
      const split = context.variants.loraGradAB === 'split';
      const workgroup = split ? 64 : 4;
      const aligned = outputs % 4 === 0 && group.segments.every(({ start }) => start % 4 === 0);
      const covered = group.segments.reduce((sum, { count }) => sum + count, 0);
      recorder.dispatch({
        kernel: {
          name: 'loraGradAB',
          flags: [
            inputs % 4 === 0 && 'VEC4',
            aligned && 'OUT4',
            group.rank % 4 === 0 && 'RANK4',
            dropout.on && 'DROPOUT',
            split && 'SPLIT',
          ],
          constants: { WORKGROUP: workgroup },
        },
        buffers: {
          x: rangeOf(op.x),
          dy: rangeOf(op.dy),
          u: rangeOf(op.u),
          du: rangeOf(op.du),
          gradA: rangeOf(op.gradA),
          gradB: rangeOf(op.gradB),
        },
        sizes: {
          rows,
          inputs,
          outputs,
          segmentCount: group.segments.length,
          rank: group.rank,
          scale: group.scale,
          tilesA,
          tiles,
          ...dropout.sizes,
          segments: segmentRows(group),
        },
        threads: split ? tiles * workgroup : tiles,
        flops: 2 * rows * group.rank * (group.segments.length * inputs + covered),
      });
    },

    matmulNT(op) {
      checks.matmulNT(op);
      product({
        x: op.x,
        y: op.y,
        rows: op.rows,
        inputs: op.k,
        outputs: op.n,
        storage: tensorStorage(op.k),
        parts: [wholeTensor(op.b, op.n)],
        mode: op.mode,
      });
    },
  };
}
