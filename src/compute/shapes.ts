/**
 * Shape checks of the ops, shared by the backends: a wrong size fails an assertion at the call, never a read past
 * the end. Only sizes known on the host are checked; ids and positions are data.
 */
import { fail } from '../core/assert';
import { drawWords, mostVocab, resultWords, samplingScratch } from './sampling/rowDraws';
import type { AttentionShape, Backend, HeadShape, LoraGroup, Matrix, RotaryTables, Tensor } from './ops';

/** The argument of one op of the interface. */
export type OpOf<K extends keyof Backend> = Backend[K] extends (op: infer A) => void ? A : never;

/** The tensor has at least `size` elements. */
export function needSize(op: string, name: string, tensor: Tensor, size: number): void {
  if (tensor.size < size) {
    fail(`${op}: ${name} (${tensor.label}) has ${tensor.size} elements, ${size} are needed.`);
  }
}

function needU32(op: string, name: string, tensor: Tensor, size: number): void {
  if (tensor.dtype !== 'u32') fail(`${op}: ${name} (${tensor.label}) is ${tensor.dtype}, u32 is needed.`);
  needSize(op, name, tensor, size);
}

function needCount(op: string, name: string, value: number, least = 0): void {
  if (!Number.isInteger(value) || value < least)
    fail(`${op}: ${name} is ${value}, an integer >= ${least} is needed.`);
}

function needHeads(op: string, shape: HeadShape): number {
  needCount(op, 'heads', shape.heads, 1);
  needCount(op, 'kvHeads', shape.kvHeads, 1);
  needCount(op, 'headDim', shape.headDim, 2);
  if (shape.heads % shape.kvHeads !== 0) {
    fail(`${op}: ${shape.heads} heads do not divide into ${shape.kvHeads} key-value heads.`);
  }
  if (shape.headDim % 2 !== 0) fail(`${op}: the head size is ${shape.headDim}, which is odd.`);
  return (shape.heads + 2 * shape.kvHeads) * shape.headDim;
}

/** needHeads of an attention op, and its scores' numbers make sense. */
function needAttention(op: string, shape: AttentionShape): number {
  for (const name of ['scale', 'softCap'] as const) {
    const value = shape[name] ?? 1;
    if (!(value > 0 && Number.isFinite(value)))
      fail(`${op}: ${name} is ${value}, a number above 0 is needed.`);
  }
  if (shape.window !== undefined) needCount(op, 'window', shape.window, 1);
  return needHeads(op, shape);
}

function needLora(op: string, group: LoraGroup, inputs: number, outputs: number): void {
  needCount(op, 'rank', group.rank, 1);
  needSize(op, 'lora.a', group.a, group.segments.length * group.rank * inputs);
  for (const { start, count, bRow } of group.segments) {
    if (start < 0 || start + count > outputs) {
      fail(`${op}: a LoRA segment covers columns ${start} to ${start + count} of ${outputs}.`);
    }
    needSize(op, 'lora.b', group.b, (bRow + count) * group.rank);
  }
}

/** Elements of each head that are rotated: an even number of them. */
export function rotatedOf({ rotated }: RotaryTables, headDim: number): number {
  return rotated ?? headDim;
}

function needTables(op: string, tables: RotaryTables, headDim: number): void {
  const rotated = rotatedOf(tables, headDim);
  if (rotated < 2 || rotated % 2 !== 0 || rotated > headDim)
    fail(`${op}: ${rotated} of ${headDim} elements are rotated: an even number from 2 is needed.`);
  needSize(op, 'tables.cos', tables.cos, rotated / 2);
  needSize(op, 'tables.sin', tables.sin, rotated / 2);
}

/** Whether keys and values of this head size can be kept as pairs of f16. */
export const canHalve = ({ headDim, rotated }: Pick<HeadShape, 'headDim'> & { rotated?: number }): boolean =>
  headDim % 4 === 0 && (rotated ?? 0) % 4 === 0;

/** Both as f32, or both as pairs of f16 in groups of four. */
function needCaches(
  op: string,
  {
    kCache,
    vCache,
    headDim,
    tables,
  }: Pick<HeadShape, 'headDim'> & { kCache: Tensor; vCache: Tensor; tables?: RotaryTables },
): void {
  if (kCache.dtype !== vCache.dtype)
    fail(`${op}: the k cache is ${kCache.dtype}, the v cache ${vCache.dtype}.`);
  if (kCache.dtype === 'u32' && !canHalve({ headDim, ...tables }))
    fail(`${op}: the head size is ${headDim}, which does not divide by four as pairs of f16 need.`);
}

/** Rows [start, start + count) are in the matrix. */
export function checkRows(op: string, matrix: Matrix, start: number, count: number): void {
  if (!(start >= 0 && count >= 0 && start + count <= matrix.rows)) {
    fail(`${op}: rows ${start} to ${start + count} of ${matrix.label}, which has ${matrix.rows}.`);
  }
}

/** A range of elements is in the tensor. */
export function checkRange(op: string, tensor: Tensor, offset: number, length: number): void {
  if (!(offset >= 0 && length >= 0 && offset + length <= tensor.size)) {
    fail(`${op}: elements ${offset} to ${offset + length} of ${tensor.label}, which has ${tensor.size}.`);
  }
}

/** Elements of a new tensor or view; every dimension is a whole number. */
export function shapeSize(op: string, shape: readonly number[]): number {
  let size = 1;
  for (const dimension of shape) {
    needCount(op, 'a dimension', dimension);
    size *= dimension;
  }
  return size;
}

/** A view starts at a multiple of 64 elements and stays inside. */
export function checkView(tensor: Tensor, offset: number, size: number): void {
  if (offset % 64 !== 0) fail(`view: offset ${offset} of ${tensor.label} is not a multiple of 64.`);
  checkRange('view', tensor, offset, size);
}

export const checks = {
  copy({ x, y, size = x.size }: OpOf<'copy'>): void {
    needSize('copy', 'x', x, size);
    needSize('copy', 'y', y, size);
  },
  scale({ x, size = x.size }: OpOf<'scale'>): void {
    needSize('scale', 'x', x, size);
  },
  softCap({ x, size = x.size }: OpOf<'softCap'>): void {
    needSize('softCap', 'x', x, size);
  },
  softCapBackward({ x, dy, size = x.size }: OpOf<'softCapBackward'>): void {
    needSize('softCapBackward', 'x', x, size);
    needSize('softCapBackward', 'dy', dy, size);
  },
  embed({ ids, table, y, rows }: OpOf<'embed'>): void {
    needU32('embed', 'ids', ids, rows);
    needSize('embed', 'y', y, rows * table.cols);
  },
  gatherRows({ indices, y, rows, cols }: OpOf<'gatherRows'>): void {
    needU32('gatherRows', 'indices', indices, rows);
    needSize('gatherRows', 'y', y, rows * cols);
  },
  scatterRows({ x, indices, y, rows, cols, yRows }: OpOf<'scatterRows'>): void {
    needU32('scatterRows', 'indices', indices, rows);
    needSize('scatterRows', 'x', x, rows * cols);
    needSize('scatterRows', 'y', y, yRows * cols);
  },
  rmsNorm({ x, weight, y, rows, cols }: OpOf<'rmsNorm'>): void {
    needSize('rmsNorm', 'x', x, rows * cols);
    needSize('rmsNorm', 'weight', weight, cols);
    needSize('rmsNorm', 'y', y, rows * cols);
  },
  rmsNormBackward({ x, weight, dy, dx, rows, cols }: OpOf<'rmsNormBackward'>): void {
    needSize('rmsNormBackward', 'x', x, rows * cols);
    needSize('rmsNormBackward', 'weight', weight, cols);
    needSize('rmsNormBackward', 'dy', dy, rows * cols);
    needSize('rmsNormBackward', 'dx', dx, rows * cols);
  },
  qkNorm(op: OpOf<'qkNorm'>): void {
    const width = needHeads('qkNorm', op);
    needSize('qkNorm', 'x', op.x, op.rows * width);
    needSize('qkNorm', 'y', op.y, op.rows * width);
    needSize('qkNorm', 'qWeight', op.qWeight, op.headDim * (op.whole ? op.heads : 1));
    needSize('qkNorm', 'kWeight', op.kWeight, op.headDim * (op.whole ? op.kvHeads : 1));
  },
  qkNormBackward(op: OpOf<'qkNormBackward'>): void {
    const width = needHeads('qkNormBackward', op);
    needSize('qkNormBackward', 'x', op.x, op.rows * width);
    needSize('qkNormBackward', 'dy', op.dy, op.rows * width);
    needSize('qkNormBackward', 'dx', op.dx, op.rows * width);
    needSize('qkNormBackward', 'qWeight', op.qWeight, op.headDim * (op.whole ? op.heads : 1));
    needSize('qkNormBackward', 'kWeight', op.kWeight, op.headDim * (op.whole ? op.kvHeads : 1));
  },
  swiglu({ gateUp, y, rows, ffn }: OpOf<'swiglu'>): void {
    needSize('swiglu', 'gateUp', gateUp, rows * 2 * ffn);
    needSize('swiglu', 'y', y, rows * ffn);
  },
  swigluBackward({ gateUp, dy, dGateUp, rows, ffn }: OpOf<'swigluBackward'>): void {
    needSize('swigluBackward', 'gateUp', gateUp, rows * 2 * ffn);
    needSize('swigluBackward', 'dy', dy, rows * ffn);
    needSize('swigluBackward', 'dGateUp', dGateUp, rows * 2 * ffn);
  },
  linear({ x, weight, y, rows, bias, residual, lora }: OpOf<'linear'>): void {
    needSize('linear', 'x', x, rows * weight.cols);
    needSize('linear', 'y', y, rows * weight.rows);
    if (bias) needSize('linear', 'bias', bias, weight.rows);
    if (residual) needSize('linear', 'residual', residual, rows * weight.rows);
    if (!lora) return;
    needLora('linear', lora, 0, weight.rows);
    needSize('linear', 'lora.u', lora.u, rows * lora.segments.length * lora.rank);
  },
  normedLinear({ x, norm, weight, y, rows, bias, lora, normed, gateUp }: OpOf<'normedLinear'>): void {
    if (gateUp && weight.rows % 2 !== 0) fail(`normedLinear: ${weight.rows} rows are no gate and up.`);
    needSize('normedLinear', 'x', x, rows * weight.cols);
    needSize('normedLinear', 'norm', norm, weight.cols);
    needSize('normedLinear', 'normed', normed, rows * weight.cols);
    needSize('normedLinear', 'y', y, (rows * weight.rows) / (gateUp ? 2 : 1));
    if (bias) needSize('normedLinear', 'bias', bias, weight.rows);
    if (gateUp) needSize('normedLinear', 'gateUp', gateUp, rows * weight.rows);
    if (!lora) return;
    needLora('normedLinear', lora, weight.cols, weight.rows);
    needSize('normedLinear', 'lora.u', lora.u, rows * lora.segments.length * lora.rank);
  },
  linearBackward({ dy, weight, dx, rows, lora }: OpOf<'linearBackward'>): void {
    needSize('linearBackward', 'dy', dy, rows * weight.rows);
    needSize('linearBackward', 'dx', dx, rows * weight.cols);
    if (!lora) return;
    needLora('linearBackward', lora.group, weight.cols, weight.rows);
    needSize('linearBackward', 'lora.du', lora.du, rows * lora.group.segments.length * lora.group.rank);
  },
  loraDown({ x, group, u, rows, inputs }: OpOf<'loraDown'>): void {
    needSize('loraDown', 'x', x, rows * inputs);
    needSize('loraDown', 'a', group.a, group.segments.length * group.rank * inputs);
    needSize('loraDown', 'u', u, rows * group.segments.length * group.rank);
  },
  loraGradU({ dy, group, du, rows, outputs }: OpOf<'loraGradU'>): void {
    needLora('loraGradU', group, 0, outputs);
    needSize('loraGradU', 'dy', dy, rows * outputs);
    needSize('loraGradU', 'du', du, rows * group.segments.length * group.rank);
  },
  loraGradAB({ x, dy, u, du, group, gradA, gradB, rows, inputs, outputs }: OpOf<'loraGradAB'>): void {
    const width = group.segments.length * group.rank;
    needLora('loraGradAB', group, inputs, outputs);
    needSize('loraGradAB', 'x', x, rows * inputs);
    needSize('loraGradAB', 'dy', dy, rows * outputs);
    needSize('loraGradAB', 'u', u, rows * width);
    needSize('loraGradAB', 'du', du, rows * width);
    needSize('loraGradAB', 'gradA', gradA, width * inputs);
    for (const { count, bRow } of group.segments) {
      needSize('loraGradAB', 'gradB', gradB, (bRow + count) * group.rank);
    }
  },
  matmulNT({ x, b, y, rows, n, k }: OpOf<'matmulNT'>): void {
    needSize('matmulNT', 'x', x, rows * k);
    needSize('matmulNT', 'b', b, n * k);
    needSize('matmulNT', 'y', y, rows * n);
  },
  rope(op: OpOf<'rope'>): void {
    const width = needHeads('rope', op);
    needSize('rope', 'qkv', op.qkv, op.rows * width);
    needU32('rope', 'positions', op.positions, op.rows);
    needTables('rope', op.tables, op.headDim);
  },
  attention(op: OpOf<'attention'>): void {
    const width = needAttention('attention', op);
    needSize('attention', 'qkv', op.qkv, op.rows * width);
    needU32('attention', 'documents', op.documents, op.rows * 2);
    needSize('attention', 'out', op.out, op.rows * op.heads * op.headDim);
    needSize('attention', 'lse', op.lse, op.rows * op.heads);
  },
  attentionBackward(op: OpOf<'attentionBackward'>): void {
    const width = needAttention('attentionBackward', op);
    const out = op.rows * op.heads * op.headDim;
    needSize('attentionBackward', 'qkv', op.qkv, op.rows * width);
    needU32('attentionBackward', 'documents', op.documents, op.rows * 2);
    needSize('attentionBackward', 'out', op.out, out);
    needSize('attentionBackward', 'dout', op.dout, out);
    needSize('attentionBackward', 'lse', op.lse, op.rows * op.heads);
    needSize('attentionBackward', 'delta', op.delta, op.rows * op.heads);
    needSize('attentionBackward', 'dqkv', op.dqkv, op.rows * width);
  },
  ropeAndCache(op: OpOf<'ropeAndCache'>): void {
    const width = needHeads('ropeAndCache', op);
    needSize('ropeAndCache', 'qkv', op.qkv, op.rows * width);
    needU32('ropeAndCache', 'positions', op.positions, op.rows);
    needU32('ropeAndCache', 'slots', op.slots, op.rows);
    needTables('ropeAndCache', op.tables, op.headDim);
    needCaches('ropeAndCache', op);
  },
  attentionPaged(op: OpOf<'attentionPaged'>): void {
    const width = needAttention('attentionPaged', op);
    needCount('attentionPaged', 'blockSize', op.blockSize, 1);
    needCount('attentionPaged', 'maxBlocks', op.maxBlocks, 1);
    needCaches('attentionPaged', op);
    needSize('attentionPaged', 'qkv', op.qkv, op.rows * width);
    needSize('attentionPaged', 'out', op.out, op.rows * op.heads * op.headDim);
    needU32('attentionPaged', 'sequences', op.sequences, op.rows);
    needU32('attentionPaged', 'positions', op.positions, op.rows);
    needU32('attentionPaged', 'blockTable', op.blockTable, op.maxBlocks);
  },
  sampleRows({
    logits,
    draws,
    next,
    results,
    first,
    rows,
    vocab,
    summaries,
    lists,
  }: OpOf<'sampleRows'>): void {
    const scratch = samplingScratch(rows, vocab);
    if (vocab > mostVocab) fail(`sampleRows: ${vocab} tokens, at most ${mostVocab} are possible.`);
    needSize('sampleRows', 'logits', logits, rows * vocab);
    needU32('sampleRows', 'draws', draws, rows * drawWords);
    needU32('sampleRows', 'next', next, rows);
    needU32('sampleRows', 'results', results, (first + rows) * resultWords);
    needU32('sampleRows', 'summaries', summaries, scratch.summaries);
    if (lists) needU32('sampleRows', 'lists', lists, scratch.lists);
  },
  crossEntropy({ logits, targets, nll, rows, vocab, rowWeights }: OpOf<'crossEntropy'>): void {
    needSize('crossEntropy', 'logits', logits, rows * vocab);
    needU32('crossEntropy', 'targets', targets, rows);
    needSize('crossEntropy', 'nll', nll, rows);
    if (rowWeights) needSize('crossEntropy', 'rowWeights', rowWeights, rows);
  },
  sumSquares({ out }: OpOf<'sumSquares'>): void {
    needSize('sumSquares', 'out', out, 1);
  },
  adamw({ param, grad, m, v, step, clip }: OpOf<'adamw'>): void {
    needCount('adamw', 'step', step, 1);
    needSize('adamw', 'grad', grad, param.size);
    needSize('adamw', 'm', m, param.size);
    needSize('adamw', 'v', v, param.size);
    if (clip) needSize('adamw', 'clip.sumSquares', clip.sumSquares, 1);
  },
};
