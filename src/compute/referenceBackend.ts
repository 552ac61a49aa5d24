/**
 * The op interface in plain f64 loops: the definition of every op and the tests' oracle. Tensors are kept in f64, so
 * that central differences are possible (`writeF64`, `readF64`); `read` returns f32. Not meant to be fast.
 * One object in the interface's own order, so that the two can be read side by side: hence its length.
 */
import { decodeRowsInto } from '../cpu/decode';
import * as attention from '../cpu/referenceAttention';
import * as linear from '../cpu/referenceLinear';
import * as loss from '../cpu/referenceLoss';
import * as rows from '../cpu/referenceRows';
import { fail } from '../core/assert';
import { Ledger } from '../core/ledger';
import { dropoutFactor } from './dropout';
import { sampleByLoops } from './sampling/loopSampling';
import { normedLinearInParts } from './normedLinear';
import type { Backend, LoraDropout, LoraGroup, Matrix, Tensor } from './ops';
import { checkRange, checkRows, checks, checkView, shapeSize } from './shapes';

interface RefTensor extends Tensor {
  readonly owner: string;
  /** False for views, which own nothing. */
  readonly owns: boolean;
  data: Float64Array | Uint32Array | null;
}

interface RefMatrix extends Matrix {
  readonly owner: string;
  data: Float64Array | null;
}

/** The reference backend, with access to its f64 numbers. */
export interface ReferenceBackend extends Backend {
  readF64(tensor: Tensor): Float64Array;
  writeF64(tensor: Tensor, data: Float64Array, offset?: number): void;
}

function storage(tensor: Tensor): Float64Array | Uint32Array {
  const { data } = tensor as RefTensor;
  if (!data) fail(`${tensor.label} was released and is used again.`);
  return data;
}

function f64(tensor: Tensor): Float64Array {
  const data = storage(tensor);
  if (data instanceof Float64Array) return data;
  return fail(`${tensor.label} is u32, f32 is needed.`);
}

function u32(tensor: Tensor): Uint32Array {
  const data = storage(tensor);
  if (data instanceof Uint32Array) return data;
  return fail(`${tensor.label} is f32, u32 is needed.`);
}

function weights(matrix: Matrix): Float64Array {
  const { data } = matrix as RefMatrix;
  if (!data) fail(`${matrix.label} was released and is used again.`);
  return data;
}

function lora(group: LoraGroup): linear.Lora {
  return {
    a: f64(group.a),
    b: f64(group.b),
    rank: group.rank,
    scale: group.scale,
    segments: group.segments,
  };
}

function mask(dropout: LoraDropout | undefined): linear.Mask {
  if (!dropout || dropout.rate === 0) return () => 1;
  return (index, segment) => dropoutFactor(index, (dropout.key + segment) >>> 0, dropout.rate);
}

/** A backend of plain f64 loops. */
export function createReferenceBackend(): ReferenceBackend {
  const ledger = new Ledger();
  const held = new Set<RefTensor | RefMatrix>();

  function drop(thing: RefTensor | RefMatrix): void {
    if (!thing.data) return;
    if (held.delete(thing)) ledger.remove(thing.owner, thing.data.byteLength);
    thing.data = null;
  }

  return {
    kind: 'reference',
    halfCaches: true,
    samples: false,
    device: 'f64 loops',
    threads: 1,
    ledger,
    maxTensorBytes: 2 ** 31,
    lost: new Promise<Error>(() => undefined),

    tensor(shape, { owner, label, dtype = 'f32' }) {
      const size = shapeSize('tensor', shape);
      const data = dtype === 'f32' ? new Float64Array(size) : new Uint32Array(size);
      const tensor: RefTensor = { shape: [...shape], size, dtype, label, owner, owns: true, data };
      held.add(tensor);
      ledger.add(owner, data.byteLength);
      return tensor;
    },
    view(tensor, offset, shape) {
      const size = shapeSize('view', shape);
      checkView(tensor, offset, size);
      const { dtype, label, owner } = tensor as RefTensor;
      const data = storage(tensor).subarray(offset, offset + size);
      return { shape: [...shape], size, dtype, label, owner, owns: false, data } satisfies RefTensor;
    },
    write(tensor, data, offset = 0) {
      checkRange('write', tensor, offset, data.length);
      storage(tensor).set(data, offset);
    },
    writeF64(tensor, data, offset = 0) {
      checkRange('writeF64', tensor, offset, data.length);
      f64(tensor).set(data, offset);
    },
    readF64: (tensor) => f64(tensor).slice(),
    async read(tensor, offset = 0, length = tensor.size - offset) {
      checkRange('read', tensor, offset, length);
      return Float32Array.from(f64(tensor).subarray(offset, offset + length));
    },
    async readU32(tensor, offset = 0, length = tensor.size - offset) {
      checkRange('readU32', tensor, offset, length);
      return u32(tensor).slice(offset, offset + length);
    },
    release(...tensors) {
      for (const tensor of tensors) if ((tensor as RefTensor).owns) drop(tensor as RefTensor);
    },
    matrix(rowCount, cols, format, { owner, label }) {
      const data = new Float64Array(shapeSize('matrix', [rowCount, cols]));
      const bytes = data.byteLength;
      const matrix: RefMatrix = { rows: rowCount, cols, format, bytes, label, owner, data };
      held.add(matrix);
      ledger.add(owner, bytes);
      return matrix;
    },
    writeRows(matrix, start, count, data) {
      checkRows('writeRows', matrix, start, count);
      if (data.format !== matrix.format)
        fail(`${matrix.label} is ${matrix.format}, got ${data.format} rows.`);
      decodeRowsInto(data, count, matrix.cols, weights(matrix), start * matrix.cols);
    },
    async readRows(matrix, start, count) {
      checkRows('readRows', matrix, start, count);
      return Float32Array.from(weights(matrix).subarray(start * matrix.cols, (start + count) * matrix.cols));
    },
    releaseMatrix(...matrices) {
      for (const matrix of matrices) drop(matrix as RefMatrix);
    },
    settle: async () => undefined,
    finish: async () => undefined,
    dispose() {
      for (const thing of [...held]) drop(thing);
    },

    fill: ({ x, value }) => void storage(x).fill(value),
    copy(op) {
      checks.copy(op);
      const size = op.size ?? op.x.size;
      if (op.x.dtype === 'u32') return u32(op.y).set(u32(op.x).subarray(0, size));
      const x = f64(op.x);
      const y = f64(op.y);
      for (let i = 0; i < size; i++) y[i] = op.accumulate ? y[i]! + x[i]! : x[i]!;
    },
    scale(op) {
      checks.scale(op);
      const x = f64(op.x);
      for (let i = 0; i < (op.size ?? op.x.size); i++) x[i]! *= op.factor;
    },
    softCap(op) {
      checks.softCap(op);
      rows.softCap(f64(op.x), op.size ?? op.x.size, op.cap);
    },
    softCapBackward(op) {
      checks.softCapBackward(op);
      rows.softCapBackward(f64(op.x), f64(op.dy), op.size ?? op.x.size, op.cap);
    },
    embed(op) {
      checks.embed(op);
      rows.gatherRows(weights(op.table), u32(op.ids), f64(op.y), op.rows, op.table.cols);
    },
    gatherRows(op) {
      checks.gatherRows(op);
      rows.gatherRows(f64(op.x), u32(op.indices), f64(op.y), op.rows, op.cols);
    },
    scatterRows(op) {
      checks.scatterRows(op);
      rows.scatterRows(f64(op.x), u32(op.indices), f64(op.y), op.rows, op.cols, op.yRows);
    },
    rmsNorm(op) {
      checks.rmsNorm(op);
      const { cols } = op;
      for (let row = 0; row < op.rows; row++) {
        rows.normRow(f64(op.x), row * cols, f64(op.weight), f64(op.y), row * cols, cols, op.eps);
      }
    },
    rmsNormBackward(op) {
      checks.rmsNormBackward(op);
      const [x, weight, dy, dx] = [f64(op.x), f64(op.weight), f64(op.dy), f64(op.dx)];
      for (let row = 0; row < op.rows; row++) {
        rows.normRowBackward(x, weight, dy, dx, row * op.cols, op.cols, op.eps, op.accumulate);
      }
    },
    qkNorm(op) {
      checks.qkNorm(op);
      const [x, y, q, k] = [f64(op.x), f64(op.y), f64(op.qWeight), f64(op.kWeight)];
      rows.eachHead(
        op,
        op.rows,
        (at, isQuery, size) => rows.normRow(x, at, isQuery ? q : k, y, at, size, op.eps),
        (from, to) => void y.set(x.subarray(from, to), from),
      );
    },
    qkNormBackward(op) {
      checks.qkNormBackward(op);
      const [x, dy, dx, q, k] = [f64(op.x), f64(op.dy), f64(op.dx), f64(op.qWeight), f64(op.kWeight)];
      rows.eachHead(
        op,
        op.rows,
        (at, isQuery, size) => rows.normRowBackward(x, isQuery ? q : k, dy, dx, at, size, op.eps, false),
        (from, to) => void dx.set(dy.subarray(from, to), from),
      );
    },
    swiglu(op) {
      checks.swiglu(op);
      rows.swiglu(f64(op.gateUp), f64(op.y), op.rows, op.ffn, op.activation);
    },
    swigluBackward(op) {
      checks.swigluBackward(op);
      rows.swigluBackward(f64(op.gateUp), f64(op.dy), f64(op.dGateUp), op.rows, op.ffn, op.activation);
    },

    linear(op) {
      checks.linear(op);
      const { weight, rows: m } = op;
      const bias = op.bias && f64(op.bias);
      const residual = op.residual && f64(op.residual);
      linear.linear(f64(op.x), weights(weight), f64(op.y), m, weight.rows, weight.cols, bias, residual);
      if (op.lora) linear.addLora(f64(op.lora.u), lora(op.lora), f64(op.y), m, weight.rows);
    },
    normedLinear(op) {
      normedLinearInParts(this, op);
    },
    linearBackward(op) {
      checks.linearBackward(op);
      const { weight, rows: m, dx } = op;
      linear.linearBackward(f64(op.dy), weights(weight), f64(dx), m, weight.rows, weight.cols, op.accumulate);
      if (!op.lora) return;
      linear.addLoraBackward(
        f64(op.lora.du),
        lora(op.lora.group),
        f64(dx),
        m,
        weight.cols,
        mask(op.lora.dropout),
      );
    },
    loraDown(op) {
      checks.loraDown(op);
      linear.loraDown(f64(op.x), lora(op.group), f64(op.u), op.rows, op.inputs, mask(op.dropout));
    },
    loraGradU(op) {
      checks.loraGradU(op);
      linear.loraGradU(f64(op.dy), lora(op.group), f64(op.du), op.rows, op.outputs);
    },
    loraGradAB(...ops) {
      for (const op of ops) {
        checks.loraGradAB(op);
        const [x, dy, u, du] = [f64(op.x), f64(op.dy), f64(op.u), f64(op.du)];
        const [group, gradA, gradB] = [lora(op.group), f64(op.gradA), f64(op.gradB)];
        const { rows, outputs, inputs } = op;
        linear.loraGradAB(x, dy, u, du, group, gradA, gradB, rows, outputs, inputs, mask(op.dropout));
      }
    },
    matmulNT(op) {
      checks.matmulNT(op);
      linear.linear(f64(op.x), f64(op.b), f64(op.y), op.rows, op.n, op.k);
    },

    rope(op) {
      checks.rope(op);
      const width = (op.heads + 2 * op.kvHeads) * op.headDim;
      const [qkv, cos, sin, positions] = [
        f64(op.qkv),
        f64(op.tables.cos),
        f64(op.tables.sin),
        u32(op.positions),
      ];
      const sign = op.inverse ? -1 : 1;
      for (let row = 0; row < op.rows; row++) {
        const count = op.heads + op.kvHeads;
        attention.rotate(
          qkv,
          row * width,
          count,
          op.headDim,
          cos,
          sin,
          positions[row]!,
          sign,
          op.tables.rotated,
        );
      }
    },
    attention(op) {
      checks.attention(op);
      attention.attention(f64(op.qkv), u32(op.documents), f64(op.out), f64(op.lse), op.rows, op);
    },
    attentionBackward(op) {
      checks.attentionBackward(op);
      attention.attentionBackward(
        f64(op.qkv),
        u32(op.documents),
        f64(op.out),
        f64(op.lse),
        f64(op.dout),
        f64(op.delta),
        f64(op.dqkv),
        op.rows,
        op,
      );
    },
    ropeAndCache(op) {
      checks.ropeAndCache(op);
      const { heads, kvHeads, headDim } = op;
      const kv = kvHeads * headDim;
      const width = heads * headDim + 2 * kv;
      const [qkv, cos, sin] = [f64(op.qkv), f64(op.tables.cos), f64(op.tables.sin)];
      const [positions, slots] = [u32(op.positions), u32(op.slots)];
      for (let row = 0; row < op.rows; row++) {
        const kAt = row * width + heads * headDim;
        const slotAt = slots[row]! * kv;
        attention.rotate(qkv, row * width, heads, headDim, cos, sin, positions[row]!, 1, op.tables.rotated);
        const k = qkv.slice(kAt, kAt + kv);
        attention.rotate(k, 0, kvHeads, headDim, cos, sin, positions[row]!, 1, op.tables.rotated);
        attention.store(storage(op.kCache), k, slotAt);
        attention.store(storage(op.vCache), qkv.subarray(kAt + kv, kAt + 2 * kv), slotAt);
      }
    },
    attentionPaged(op) {
      checks.attentionPaged(op);
      const { heads, kvHeads, headDim, maxBlocks, blockSize } = op;
      const width = (heads + 2 * kvHeads) * headDim;
      const [qkv, out] = [f64(op.qkv), f64(op.out)];
      const [kCache, vCache] = [attention.stored(storage(op.kCache)), attention.stored(storage(op.vCache))];
      const [sequences, positions, table] = [u32(op.sequences), u32(op.positions), u32(op.blockTable)];
      for (let row = 0; row < op.rows; row++) {
        const first = sequences[row]! * maxBlocks;
        for (let h = 0; h < heads; h++) {
          const kv = Math.floor((h * kvHeads) / heads);
          const place = (j: number) =>
            ((table[first + Math.floor(j / blockSize)]! * blockSize + (j % blockSize)) * kvHeads + kv) *
            headDim;
          attention.attendRow(
            qkv,
            row * width + h * headDim,
            kCache,
            place,
            vCache,
            place,
            positions[row]! + 1,
            op,
            out,
            (row * heads + h) * headDim,
          );
        }
      }
    },

    sampleRows(op) {
      checks.sampleRows(op);
      sampleByLoops(f64(op.logits), [u32(op.draws), u32(op.next), u32(op.results)], op);
    },
    crossEntropy(op) {
      checks.crossEntropy(op);
      const { rows: count, vocab, temperature = 1 } = op;
      const rowWeights = op.rowWeights && f64(op.rowWeights);
      const targets = u32(op.targets);
      loss.crossEntropy(f64(op.logits), targets, f64(op.nll), count, vocab, rowWeights, temperature);
    },
    sumSquares(op) {
      checks.sumSquares(op);
      f64(op.out)[0] = loss.sumSquares(f64(op.x));
    },
    adamw(op) {
      checks.adamw(op);
      const { clip, param, grad, m, v, ...rates } = op;
      if (clip && !Number.isFinite(f64(clip.sumSquares)[0])) return;
      const gradScale = clip ? Math.min(1, clip.maxNorm / (Math.sqrt(f64(clip.sumSquares)[0]!) + 1e-6)) : 1;
      loss.adamw(f64(param), f64(grad), f64(m), f64(v), param.size, { ...rates, gradScale });
    },
  };
}
