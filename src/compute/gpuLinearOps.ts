/** Linears, their gradients and LoRA on the GPU. */
import type { Range } from '../gpu/recorder';
import { tileSpec } from '../gpu/variants';
import {
  partsOf,
  rangeOf,
  tensorStorage,
  weightBuffers,
  type GpuContext,
  type MatrixPart,
} from './gpuMemory';
import { dropoutSizes, loraGradAB, sharedDown, sharedGradU, sharesLora } from './gpuLoraOps';
import { inLanes, product, segmentRows, tiled, trainedTile, type Product } from './gpuProduct';
import { mostFlops, rowBlocks } from './gpuRowBlocks';
import { normedLinearInParts } from './normedLinear';
import type { Backend, LoraDropout, LoraGroup, Mode, Tensor, WeightFormat } from './ops';
import { checks } from './shapes';

export type LinearOps = Pick<
  Backend,
  'linear' | 'normedLinear' | 'linearBackward' | 'loraDown' | 'loraGradU' | 'loraGradAB' | 'matmulNT'
>;

export function linearOps(context: GpuContext, others: Pick<Backend, 'rmsNorm' | 'swiglu'>): LinearOps {
  const { recorder } = context;

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
    const { workgroup } = context.variants;
    const storage = op.format;
    const tile = trainedTile(context.variants, 'linearBackward', { storage, rows, inputs, outputs });
    const form = tiled(tile, { storage, sums: dropout.on ? 2 : 1, workgroup });
    const blocks = { tile: form.least, widths: [inputs, outputs, width] };
    // Where even one tile of rows is too much for a dispatch its columns are cut too, in whole tiles.
    const columns = mostFlops(context) / (2 * Math.min(rows, form.rows) * (part.count + width));
    const most4 = 16 * Math.max(1, Math.floor(columns / 64));
    const spans = Array.from({ length: Math.ceil(columns4 / most4) }, (_, i) => {
      const first4 = i * most4;
      return { first4, span4: Math.min(most4, columns4 - first4) };
    });
    const flopsOf = ({ span4 }: { span4: number }): number => 8 * rows * span4 * (part.count + width);
    const pieces = spans.flatMap((span) =>
      rowBlocks(context, rows, flopsOf(span), blocks).map((block) => ({ span, block })),
    );
    for (const { span, block } of pieces) {
      recorder.dispatch({
        kernel: {
          name: 'linearBackward',
          weights: op.format,
          flags: [
            ...form.flags,
            outputs % 4 === 0 && 'VEC4',
            inputs % 4 === 0 && 'OUT4',
            op.accumulate && 'ACCUMULATE',
            lora !== undefined && 'LORA',
            lora !== undefined && lora.group.rank % 4 === 0 && 'RANK4',
            dropout.on && 'DROPOUT',
          ],
          constants: form.constants,
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
          ...span,
          outputs,
          start: part.start,
          count: part.count,
          segmentCount: lora?.group.segments.length ?? 0,
          rank: lora?.group.rank ?? 0,
          ...dropout.sizes,
        },
        threads: Math.ceil(block.rows / form.rows) * form.threads(4 * span.span4),
        flops: (flopsOf(span) * block.rows) / rows,
      });
    }
  }

  function linear(op: Parameters<Backend['linear']>[0]): void {
    checks.linear(op);
    product(context, {
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
  }

  function down(op: {
    x: Tensor;
    group: LoraGroup;
    u: Tensor;
    rows: number;
    inputs: number;
    mode: Mode;
    norm?: Product['norm'];
  }): void {
    const { x, group, u, rows, inputs, mode, norm } = op;
    const outputs = group.segments.length * group.rank;
    const parts = [wholeTensor(group.a, outputs)];
    product(context, { x, y: u, rows, inputs, outputs, storage: tensorStorage(inputs), parts, mode, norm });
  }

  function loraDown(op: Parameters<Backend['loraDown']>[0]): void {
    checks.loraDown(op);
    if (op.mode === 'train' && sharesLora(context)) {
      sharedDown(context, op);
      return;
    }
    const { group, rows, inputs } = op;
    const dropout = dropoutSizes(op.dropout);
    if (!dropout.on) {
      down(op);
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
      flops: 4 * rows * inputs * group.segments.length * group.rank,
    });
  }

  return {
    linear,
    loraDown,

    normedLinear(op) {
      checks.normedLinear(op);
      const { x, norm: normWeight, eps, weight, y, rows, bias, lora, gateUp, activation = 'silu' } = op;
      const parts = partsOf(weight);
      const { rows: outputs, cols: inputs, format: storage } = weight;
      const gated = gateUp !== undefined;
      // The norm of the lanes has the bits of the norm by rows, and a gate is in the part of its column of up, of silu without a bias.
      const together = parts.length === 1 && !bias && activation === 'silu';
      const whole = context.variants.norm === 'row' && (!gated || together);
      if (!whole || !inLanes(context.variants, { rows, inputs })) {
        normedLinearInParts({ ...others, linear, loraDown }, op);
        return;
      }
      const mode = 'generate';
      const norm = { weight: normWeight, eps };
      if (lora) down({ x, group: lora, u: lora.u, rows, inputs, mode, norm });
      const shape = { rows, inputs, outputs: gated ? outputs / 2 : outputs };
      product(context, { x, y, ...shape, storage, parts, mode, bias, lora, norm, gated });
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

    loraGradU(op) {
      checks.loraGradU(op);
      const { group, rows, outputs } = op;
      const covered = group.segments.reduce((sum, { count }) => sum + count, 0);
      const chosen = tileSpec(context.variants.loraGradU, context.variants.workgroup);
      const shared = sharesLora(context) && sharedGradU(op);
      const cols = group.rank <= 4 ? 4 : chosen.cols;
      const aligned =
        outputs % 4 === 0 && group.segments.every(({ start, count }) => start % 4 === 0 && count % 4 === 0);
      recorder.dispatch({
        kernel: {
          name: 'loraGradU',
          flags: [group.rank % 4 === 0 && 'RANK4', aligned && 'VEC4', shared && 'SPLIT'],
          constants: shared ? shared.constants : { ...chosen.constants, QUADS: cols / 4 },
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
        threads: shared
          ? shared.threads
          : Math.ceil(rows / chosen.rows) * group.segments.length * Math.ceil(group.rank / cols),
        flops: 2 * rows * covered * group.rank,
      });
    },

    loraGradAB: (...ops) => loraGradAB(context, ops),

    matmulNT(op) {
      checks.matmulNT(op);
      product(context, {
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
