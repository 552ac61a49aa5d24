/** The linears of the WASM backend and their LoRA: blocks, pointers and strides around the one product kernel. */
import { bKind, type Kernels } from '../cpu/kernels';
import { fail } from '../core/assert';
import type { Backend, LoraDropout, LoraGradients } from './ops';
import { checks } from './shapes';
import { pointerOf, weightForm, weightPointer, type WasmMemory } from './wasmMemory';

type OpName = 'linear' | 'linearBackward' | 'loraDown' | 'loraGradU' | 'loraGradAB' | 'matmulNT';

/** Floats of masked activations that are kept at a time (1 MiB). */
const maskedFloats = 1 << 18;

/** Rows of a linear with LoRA that are done at a time. */
const loraRows = 256;

/** The linears over one memory and its kernels. */
export function createWasmLinears(memory: WasmMemory, k: Kernels): Pick<Backend, OpName> {
  const p = pointerOf;

  /** y (+)= mask_s * x on `count` elements from element `first` of the masked activation. */
  function mask(
    x: number,
    y: number,
    count: number,
    first: number,
    dropout: LoraDropout,
    segment: number,
    accumulate: boolean,
  ): void {
    const threshold = Math.ceil(dropout.rate * 2 ** 32);
    const factor = 1 / (1 - dropout.rate);
    k.dropout(x, y, count, first, dropout.key + segment, threshold, factor, accumulate ? 1 : 0);
  }

  function active(dropout: LoraDropout | undefined): dropout is LoraDropout {
    if (!dropout || dropout.rate === 0) return false;
    if (!(dropout.rate > 0 && dropout.rate < 1))
      fail(`LoRA dropout is ${dropout.rate}, a rate from 0 to below 1 is needed.`);
    return true;
  }

  /** Calls `visit` for blocks of rows whose activations fit the buffer. */
  function eachBlock(rows: number, cols: number, visit: (row: number, count: number) => void): void {
    const step = Math.max(4, Math.floor(maskedFloats / Math.max(1, cols)) & ~3);
    for (let row = 0; row < rows; row += step) visit(row, Math.min(step, rows - row));
  }

  function loraGradAB(op: LoraGradients): void {
    checks.loraGradAB(op);
    const { rows, inputs, outputs, group, dropout } = op;
    const { rank, segments, scale } = group;
    const width = segments.length * rank;
    const ld = inputs * 4;
    const [x, du, gradA] = [p(op.x), p(op.du), p(op.gradA)];
    if (active(dropout)) {
      eachBlock(rows, inputs, (row, count) => {
        const part = memory.floats(count * inputs);
        for (let s = 0; s < segments.length; s++) {
          mask(x + row * ld, part, count * inputs, row * inputs, dropout, s, false);
          const from = du + (row * width + s * rank) * 4;
          const to = gradA + s * rank * ld;
          k.product(rank, inputs, count, from, width * 4, 1, part, ld, bKind.natural, to, ld, 1, 1);
        }
      });
    } else {
      k.product(width, inputs, rows, du, width * 4, 1, x, ld, bKind.natural, gradA, ld, 1, 1);
    }
    for (let s = 0; s < segments.length; s++) {
      const { start, count, bRow } = segments[s]!;
      const part = memory.floats(rank * count);
      const u = p(op.u) + s * rank * 4;
      const dy = p(op.dy) + start * 4;
      // dB^T = u^T dy: dy is the operand that is read in rows of 8.
      const natural = bKind.natural;
      k.product(rank, count, rows, u, width * 4, 1, dy, outputs * 4, natural, part, count * 4, scale, 0);
      k.addTransposed(part, count * 4, p(op.gradB) + bRow * rank * 4, rank * 4, rank, count);
    }
  }

  return {
    linear(op) {
      checks.linear(op);
      const { rows, weight, bias, residual, lora } = op;
      const n = weight.rows;
      const x = p(op.x);
      const y = p(op.y);
      const beside = residual ? p(residual) : 0;
      if (bias || (residual && beside !== y)) k.addBias(y, bias ? p(bias) : 0, beside, rows, n);
      const add = bias || residual ? 1 : 0;
      const w = weightPointer(weight);
      const form = bKind.packed + weightForm(weight);
      const { cols } = weight;
      // With LoRA, block by block: y is still in the cache when the second product adds to it.
      const step = lora ? loraRows : rows;
      for (let row = 0; row < rows; row += step) {
        const m = Math.min(step, rows - row);
        const to = y + row * n * 4;
        k.product(m, n, cols, x + row * cols * 4, cols * 4, 0, w, 0, form, to, n * 4, 1, add);
        if (!lora) continue;
        const { rank, scale, segments } = lora;
        const ldu = segments.length * rank * 4;
        for (let s = 0; s < segments.length; s++) {
          const { start, count, bRow } = segments[s]!;
          const u = p(lora.u) + row * ldu + s * rank * 4;
          const b = p(lora.b) + bRow * rank * 4;
          const { transposed } = bKind;
          k.product(m, count, rank, u, ldu, 0, b, rank * 4, transposed, to + start * 4, n * 4, scale, 1);
        }
      }
    },
    linearBackward(op) {
      checks.linearBackward(op);
      const { rows, weight, lora } = op;
      const { rows: n, cols } = weight;
      const dx = p(op.dx);
      const w = weightPointer(weight);
      const add = op.accumulate ? 1 : 0;
      const form = bKind.backward + weightForm(weight);
      k.product(rows, cols, n, p(op.dy), n * 4, 0, w, cols, form, dx, cols * 4, 1, add);
      if (!lora) return;
      const { rank, segments } = lora.group;
      const { dropout } = lora;
      const width = segments.length * rank;
      const du = p(lora.du);
      const a = p(lora.group.a);
      const ld = cols * 4;
      if (!active(dropout)) {
        k.product(rows, cols, width, du, width * 4, 0, a, ld, bKind.natural, dx, ld, 1, 1);
        return;
      }
      eachBlock(rows, cols, (row, count) => {
        const part = memory.floats(count * cols);
        for (let s = 0; s < segments.length; s++) {
          const from = du + (row * width + s * rank) * 4;
          const as = a + s * rank * ld;
          k.product(count, cols, rank, from, width * 4, 0, as, ld, bKind.natural, part, ld, 1, 0);
          mask(part, dx + row * ld, count * cols, row * cols, dropout, s, true);
        }
      });
    },
    loraDown(op) {
      checks.loraDown(op);
      const { rows, inputs, group, dropout } = op;
      const { rank, segments } = group;
      const width = segments.length * rank;
      const ld = inputs * 4;
      const [x, a, u] = [p(op.x), p(group.a), p(op.u)];
      if (!active(dropout)) {
        k.product(rows, width, inputs, x, ld, 0, a, ld, bKind.transposed, u, width * 4, 1, 0);
        return;
      }
      eachBlock(rows, inputs, (row, count) => {
        const part = memory.floats(count * inputs);
        for (let s = 0; s < segments.length; s++) {
          mask(x + row * ld, part, count * inputs, row * inputs, dropout, s, false);
          const as = a + s * rank * ld;
          const to = u + (row * width + s * rank) * 4;
          k.product(count, rank, inputs, part, ld, 0, as, ld, bKind.transposed, to, width * 4, 1, 0);
        }
      });
    },
    loraGradU(op) {
      checks.loraGradU(op);
      const { rows, outputs, group } = op;
      const { rank, segments, scale } = group;
      const ldu = segments.length * rank * 4;
      for (let s = 0; s < segments.length; s++) {
        const { start, count, bRow } = segments[s]!;
        const dy = p(op.dy) + start * 4;
        const b = p(group.b) + bRow * rank * 4;
        const du = p(op.du) + s * rank * 4;
        k.product(rows, rank, count, dy, outputs * 4, 0, b, rank * 4, bKind.natural, du, ldu, scale, 0);
      }
    },
    loraGradAB: (...ops) => ops.forEach(loraGradAB),
    matmulNT(op) {
      checks.matmulNT(op);
      const { rows, n, k: inner } = op;
      const ld = inner * 4;
      k.product(rows, n, inner, p(op.x), ld, 0, p(op.b), ld, bKind.transposed, p(op.y), n * 4, 1, 0);
    },
  };
}
