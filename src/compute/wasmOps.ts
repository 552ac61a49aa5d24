/** The ops of the WASM backend but the linears: checks and pointers around the kernels of src/cpu/assembly. */
import type { Kernels } from '../cpu/kernels';
import { fail } from '../core/assert';
import type { ScoreForm } from '../cpu/referenceAttention';
import type { Activation, Backend, Tensor } from './ops';
import { sampleByLoops } from './sampling/loopSampling';
import { checks, rotatedOf } from './shapes';
import { pointerOf, weightFormat, weightPointer, type WasmMemory } from './wasmMemory';

type OpName =
  | 'fill'
  | 'copy'
  | 'scale'
  | 'softCap'
  | 'softCapBackward'
  | 'embed'
  | 'gatherRows'
  | 'scatterRows'
  | 'rmsNorm'
  | 'rmsNormBackward'
  | 'qkNorm'
  | 'qkNormBackward'
  | 'swiglu'
  | 'swigluBackward'
  | 'rope'
  | 'attention'
  | 'attentionBackward'
  | 'ropeAndCache'
  | 'attentionPaged'
  | 'sampleRows'
  | 'crossEntropy'
  | 'sumSquares'
  | 'adamw';

/** scale, cap and window as the kernels take them. */
function scoreArguments({ scale = 0, softCap = 0, window = 0 }: ScoreForm): [number, number, number] {
  return [scale, softCap, Math.min(window, 2 ** 30)];
}

/** A gate's activation as the kernels take it. */
const formOf = ({ activation }: { readonly activation?: Activation }): number =>
  activation === 'gelu' ? 1 : 0;

/** The ops over one memory and its kernels. */
export function createWasmOps(memory: WasmMemory, k: Kernels): Pick<Backend, OpName> {
  const p = pointerOf;

  /** Ids lie below `limit`: a wild one would read foreign memory. */
  function checkIds(op: string, ids: Tensor, count: number, limit: number): void {
    const words = memory.words(ids, 'u32');
    const from = p(ids) / 4;
    for (let i = from; i < from + count; i++) {
      if (words[i]! >= limit)
        fail(`${op}: ${ids.label}[${i - from}] is ${words[i]}, below ${limit} is needed.`);
    }
  }

  /** Longest run of keys of a row: documents are (start, end) by row. */
  function longestDocument(documents: Tensor, rows: number): number {
    const words = memory.words(documents, 'u32');
    const from = p(documents) / 4;
    let longest = 1;
    for (let row = 0; row < rows; row++) longest = Math.max(longest, row + 1 - words[from + 2 * row]!);
    return longest;
  }

  return {
    fill({ x, value }) {
      if (x.dtype === 'u32') memory.words(x, 'u32').fill(value, p(x) / 4, p(x) / 4 + x.size);
      else k.fill(p(x), x.size, value);
    },
    copy(op) {
      checks.copy(op);
      const size = op.size ?? op.x.size;
      if (op.accumulate) k.add(p(op.x), p(op.y), size);
      else memory.heap.u32.copyWithin(p(op.y) / 4, p(op.x) / 4, p(op.x) / 4 + size);
    },
    scale(op) {
      checks.scale(op);
      k.scale(p(op.x), op.size ?? op.x.size, op.factor);
    },
    softCap(op) {
      checks.softCap(op);
      k.softCap(p(op.x), op.size ?? op.x.size, op.cap);
    },
    softCapBackward(op) {
      checks.softCapBackward(op);
      k.softCapBackward(p(op.x), p(op.dy), op.size ?? op.x.size, op.cap);
    },
    embed(op) {
      checks.embed(op);
      checkIds('embed', op.ids, op.rows, op.table.rows);
      const { table, ids, rows, y } = op;
      k.gatherPacked(weightPointer(table), weightFormat(table), table.cols, p(ids), rows, p(y));
    },
    gatherRows(op) {
      checks.gatherRows(op);
      checkIds('gatherRows', op.indices, op.rows, Math.floor(op.x.size / op.cols));
      k.gatherRows(p(op.x), p(op.indices), p(op.y), op.rows, op.cols);
    },
    scatterRows(op) {
      checks.scatterRows(op);
      checkIds('scatterRows', op.indices, op.rows, op.yRows);
      k.scatterRows(p(op.x), p(op.indices), p(op.y), op.rows, op.cols, op.yRows);
    },
    rmsNorm(op) {
      checks.rmsNorm(op);
      k.rmsNorm(p(op.x), p(op.weight), p(op.y), op.rows, op.cols, op.eps);
    },
    rmsNormBackward(op) {
      checks.rmsNormBackward(op);
      const accumulate = op.accumulate ? 1 : 0;
      k.rmsNormBackward(p(op.x), p(op.weight), p(op.dy), p(op.dx), op.rows, op.cols, op.eps, accumulate);
    },
    qkNorm(op) {
      checks.qkNorm(op);
      const { rows, heads, kvHeads, headDim, eps } = op;
      const [q, kw, whole] = [p(op.qWeight), p(op.kWeight), op.whole ? 1 : 0];
      k.qkNorm(p(op.x), q, kw, p(op.y), rows, heads, kvHeads, headDim, eps, whole);
    },
    qkNormBackward(op) {
      checks.qkNormBackward(op);
      const { rows, heads, kvHeads, headDim, eps } = op;
      const [q, kw, whole] = [p(op.qWeight), p(op.kWeight), op.whole ? 1 : 0];
      k.qkNormBackward(p(op.x), q, kw, p(op.dy), p(op.dx), rows, heads, kvHeads, headDim, eps, whole);
    },
    swiglu(op) {
      checks.swiglu(op);
      k.swiglu(p(op.gateUp), p(op.y), op.rows, op.ffn, formOf(op));
    },
    swigluBackward(op) {
      checks.swigluBackward(op);
      k.swigluBackward(p(op.gateUp), p(op.dy), p(op.dGateUp), op.rows, op.ffn, formOf(op));
    },

    rope(op) {
      checks.rope(op);
      const { rows, heads, kvHeads, headDim, tables } = op;
      const rotated = rotatedOf(tables, headDim);
      checkIds('rope', op.positions, rows, tables.cos.size / (rotated / 2));
      const sign = op.inverse ? -1 : 1;
      const [cos, sin] = [p(tables.cos), p(tables.sin)];
      k.rope(p(op.qkv), p(op.positions), cos, sin, rows, heads, kvHeads, headDim, sign, rotated);
    },
    attention(op) {
      checks.attention(op);
      const { rows, heads, kvHeads, headDim } = op;
      memory.scratch(k.attentionScratch(longestDocument(op.documents, rows), headDim) >>> 0);
      const [out, lse] = [p(op.out), p(op.lse)];
      k.attention(p(op.qkv), p(op.documents), out, lse, rows, heads, kvHeads, headDim, ...scoreArguments(op));
    },
    attentionBackward(op) {
      checks.attentionBackward(op);
      const { rows, heads, kvHeads, headDim } = op;
      memory.scratch(k.attentionScratch(longestDocument(op.documents, rows), headDim) >>> 0);
      k.attentionBackward(
        p(op.qkv),
        p(op.documents),
        p(op.out),
        p(op.lse),
        p(op.dout),
        p(op.delta),
        p(op.dqkv),
        rows,
        heads,
        kvHeads,
        headDim,
        ...scoreArguments(op),
      );
    },
    ropeAndCache(op) {
      checks.ropeAndCache(op);
      if (op.kCache.dtype !== 'f32') fail('The CPU keeps caches as f32.');
      const { rows, heads, kvHeads, headDim, tables } = op;
      const kv = kvHeads * headDim;
      const rotated = rotatedOf(tables, headDim);
      checkIds('ropeAndCache', op.positions, rows, tables.cos.size / (rotated / 2));
      checkIds('ropeAndCache', op.slots, rows, Math.floor(Math.min(op.kCache.size, op.vCache.size) / kv));
      k.ropeAndCache(
        p(op.qkv),
        p(op.positions),
        p(op.slots),
        p(tables.cos),
        p(tables.sin),
        p(op.kCache),
        p(op.vCache),
        rows,
        heads,
        kvHeads,
        headDim,
        rotated,
      );
    },
    attentionPaged(op) {
      checks.attentionPaged(op);
      const { rows, heads, kvHeads, headDim, maxBlocks, blockSize } = op;
      checkIds('attentionPaged', op.positions, rows, maxBlocks * blockSize);
      checkIds('attentionPaged', op.sequences, rows, Math.floor(op.blockTable.size / maxBlocks));
      const words = memory.heap.u32;
      const from = p(op.positions) / 4;
      let longest = 1;
      for (let row = 0; row < rows; row++) longest = Math.max(longest, words[from + row]! + 1);
      memory.scratch(k.pagedScratch(longest) >>> 0);
      k.attentionPaged(
        p(op.qkv),
        p(op.kCache),
        p(op.vCache),
        p(op.out),
        p(op.sequences),
        p(op.positions),
        p(op.blockTable),
        maxBlocks,
        blockSize,
        rows,
        heads,
        kvHeads,
        headDim,
        ...scoreArguments(op),
      );
    },

    sampleRows(op) {
      checks.sampleRows(op);
      const u32 = (tensor: Tensor): Uint32Array => memory.words(tensor, 'u32').subarray(p(tensor) / 4);
      const logits = memory.words(op.logits, 'f32').subarray(p(op.logits) / 4);
      sampleByLoops(logits, [u32(op.draws), u32(op.next), u32(op.results)], op);
    },
    crossEntropy(op) {
      checks.crossEntropy(op);
      checkIds('crossEntropy', op.targets, op.rows, op.vocab);
      const rowWeights = op.rowWeights ? p(op.rowWeights) : 0;
      const inverse = 1 / (op.temperature ?? 1);
      k.crossEntropy(p(op.logits), p(op.targets), p(op.nll), op.rows, op.vocab, rowWeights, inverse);
    },
    sumSquares(op) {
      checks.sumSquares(op);
      k.sumSquares(p(op.x), p(op.out), op.x.size);
    },
    adamw(op) {
      checks.adamw(op);
      const { param, clip, step, lr, beta1, beta2, eps, weightDecay } = op;
      let gradScale = 1;
      if (clip) {
        const squares = memory.words(clip.sumSquares, 'f32')[p(clip.sumSquares) / 4]!;
        if (!Number.isFinite(squares)) return;
        gradScale = Math.min(1, clip.maxNorm / (Math.sqrt(squares) + 1e-6));
      }
      k.adamw(
        p(param),
        p(op.grad),
        p(op.m),
        p(op.v),
        param.size,
        gradScale,
        1 - lr * weightDecay,
        beta2,
        1 - beta1,
        1 - beta2,
        lr / (1 - beta1 ** step),
        1 / Math.sqrt(1 - beta2 ** step),
        eps,
      );
    },
  };
}
