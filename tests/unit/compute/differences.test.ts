/**
 * Every differentiable op of the reference against central differences in f64: for a scalar loss sum(weight * output),
 * |analytic - numeric| <= 1e-6 (|numeric| + 1e-3), step 1e-5.
 */
import { describe, expect, test } from 'vitest';
import type { LoraDropout, LoraGroup, Tensor } from '../../../src/compute/ops';
import { createReferenceBackend } from '../../../src/compute/referenceBackend';
import { RandomStream } from '../../../src/core/rng';

const b = createReferenceBackend();
const random = new RandomStream(11);

function zeros(shape: number[]): Tensor {
  return b.tensor(shape, { owner: 't', label: 't' });
}

function normal(shape: number[], scale = 1): Tensor {
  const tensor = zeros(shape);
  b.writeF64(
    tensor,
    Float64Array.from({ length: tensor.size }, () => random.normal() * scale),
  );
  return tensor;
}

function words(values: number[], shape = [values.length]): Tensor {
  const tensor = b.tensor(shape, { owner: 't', label: 't', dtype: 'u32' });
  b.write(tensor, Uint32Array.from(values));
  return tensor;
}

/** sum(weight * output). */
function inner(weight: Tensor, output: Tensor): number {
  const [w, o] = [b.readF64(weight), b.readF64(output)];
  return w.reduce((sum, value, i) => sum + value * o[i]!, 0);
}

/** Largest deviation of `gradient` from the central differences of `loss` by the elements of `x`, in units of the bound. */
function deviation(x: Tensor, gradient: Float64Array, loss: () => number): number {
  const start = b.readF64(x);
  const step = 1e-5;
  let most = 0;
  for (let i = 0; i < start.length; i++) {
    const shifted = start.slice();
    shifted[i] = start[i]! + step;
    b.writeF64(x, shifted);
    const above = loss();
    shifted[i] = start[i]! - step;
    b.writeF64(x, shifted);
    const numeric = (above - loss()) / (2 * step);
    most = Math.max(most, Math.abs(gradient[i]! - numeric) / (1e-6 * (Math.abs(numeric) + 1e-3)));
  }
  b.writeF64(x, start);
  return most;
}

const heads = { heads: 4, kvHeads: 2, headDim: 6 } as const;
const width = (heads.heads + 2 * heads.kvHeads) * heads.headDim;

describe('gradients of the reference agree with central differences', () => {
  test('of RMS norm, and accumulate adds to what was there', () => {
    const [rows, cols, eps] = [3, 7, 1e-3];
    const [x, weight, dy, y] = [
      normal([rows, cols]),
      normal([cols]),
      normal([rows, cols]),
      zeros([rows, cols]),
    ];
    const dx = normal([rows, cols]);
    const before = b.readF64(dx);
    b.rmsNormBackward({ x, weight, dy, dx, rows, cols, eps, accumulate: true });
    const gradient = b.readF64(dx).map((value, i) => value - before[i]!);
    const loss = () => {
      b.rmsNorm({ x, weight, y, rows, cols, eps });
      return inner(dy, y);
    };
    expect(deviation(x, gradient, loss)).toBeLessThan(1);
  });

  test.each([false, true])('of the QK norm, whole: %s', (whole) => {
    const rows = 2;
    const [x, dy, y, dx] = [
      normal([rows, width]),
      normal([rows, width]),
      zeros([rows, width]),
      zeros([rows, width]),
    ];
    const [qWeight, kWeight] = whole ? [normal([24]), normal([12])] : [normal([6]), normal([6])];
    const shape = { ...heads, qWeight, kWeight, rows, eps: 1e-3, whole };
    b.qkNormBackward({ ...shape, x, dy, dx });
    const loss = () => {
      b.qkNorm({ ...shape, x, y });
      return inner(dy, y);
    };
    expect(deviation(x, b.readF64(dx), loss)).toBeLessThan(1);
  });

  test.each(['silu', 'gelu'] as const)('of a gate by %s', (activation) => {
    const [rows, ffn] = [3, 5];
    const [gateUp, dy, y, dGateUp] = [
      normal([rows, 2 * ffn], 2),
      normal([rows, ffn]),
      zeros([rows, ffn]),
      zeros([rows, 2 * ffn]),
    ];
    b.swigluBackward({ gateUp, dy, dGateUp, rows, ffn, activation });
    const loss = () => {
      b.swiglu({ gateUp, y, rows, ffn, activation });
      return inner(dy, y);
    };
    expect(deviation(gateUp, b.readF64(dGateUp), loss)).toBeLessThan(1);
  });

  test('of capped logits', () => {
    const [x, dy, dx, y] = [normal([17], 8), normal([17]), zeros([17]), zeros([17])];
    b.copy({ x: dy, y: dx });
    b.softCapBackward({ x, dy: dx, cap: 5 });
    const loss = () => {
      b.copy({ x, y });
      b.softCap({ x: y, cap: 5 });
      return inner(dy, y);
    };
    expect(deviation(x, b.readF64(dx), loss)).toBeLessThan(1);
  });

  test.each([undefined, { rate: 0.3, key: 77 }] satisfies (LoraDropout | undefined)[])(
    'of a linear with LoRA by its input, A and B, with dropout %o',
    (drop) => {
      const [rows, inputs, outputs, rank] = [4, 5, 9, 2];
      const group: LoraGroup = {
        a: normal([2 * rank, inputs]),
        b: normal([6, rank]),
        rank,
        scale: 0.7,
        segments: [
          { start: 0, count: 4, bRow: 0 },
          { start: 7, count: 2, bRow: 4 },
        ],
      };
      const weight = b.matrix(outputs, inputs, 'f32', { owner: 't', label: 'w' });
      const values = Float32Array.from({ length: outputs * inputs }, () => random.normal());
      b.writeRows(weight, 0, outputs, { format: 'f32', values });
      const [x, dy] = [normal([rows, inputs]), normal([rows, outputs])];
      const [u, du] = [zeros([rows, 2 * rank]), zeros([rows, 2 * rank])];
      const [y, dx] = [zeros([rows, outputs]), zeros([rows, inputs])];
      const [gradA, gradB] = [zeros([2 * rank, inputs]), zeros([6, rank])];
      const dropout = drop ? { dropout: drop } : {};
      const loss = () => {
        b.loraDown({ x, group, u, rows, inputs, mode: 'train', ...dropout });
        b.linear({ x, weight, y, rows, mode: 'train', lora: { ...group, u } });
        return inner(dy, y);
      };
      loss();
      b.loraGradU({ dy, group, du, rows, outputs });
      b.linearBackward({ dy, weight, dx, rows, accumulate: false, lora: { group, du, ...dropout } });
      b.loraGradAB({ x, dy, u, du, group, gradA, gradB, rows, inputs, outputs, ...dropout });
      expect(deviation(x, b.readF64(dx), loss)).toBeLessThan(1);
      expect(deviation(group.a, b.readF64(gradA), loss)).toBeLessThan(1);
      expect(deviation(group.b, b.readF64(gradB), loss)).toBeLessThan(1);
      // The inner gradient du itself: y as a function of u.
      const throughU = () => {
        b.linear({ x, weight, y, rows, mode: 'train', lora: { ...group, u } });
        return inner(dy, y);
      };
      expect(deviation(u, b.readF64(du), throughU)).toBeLessThan(1);
    },
  );

  test('of the rotation: turning back is its gradient', () => {
    const rows = 3;
    const [qkv, dy] = [normal([rows, width]), normal([rows, width])];
    const tables = { cos: normal([8, 3]), sin: normal([8, 3]) };
    const positions = words([0, 5, 7]);
    const gradient = zeros([rows, width]);
    b.copy({ x: dy, y: gradient });
    b.rope({ ...heads, qkv: gradient, positions, tables, rows, inverse: true });
    const y = zeros([rows, width]);
    const loss = () => {
      b.copy({ x: qkv, y });
      b.rope({ ...heads, qkv: y, positions, tables, rows });
      return inner(dy, y);
    };
    expect(deviation(qkv, b.readF64(gradient), loss)).toBeLessThan(1);
  });

  test('of attention inside packed documents', () => {
    const rows = 7;
    const documents = words([0, 4, 0, 4, 0, 4, 0, 4, 4, 5, 5, 7, 5, 7], [rows, 2]);
    const out = heads.heads * heads.headDim;
    const [qkv, dout] = [normal([rows, width]), normal([rows, out])];
    const [y, lse, delta, dqkv] = [
      zeros([rows, out]),
      zeros([rows, heads.heads]),
      zeros([rows, heads.heads]),
      normal([rows, width]),
    ];
    const loss = () => {
      b.attention({ ...heads, qkv, documents, out: y, lse, rows });
      return inner(dout, y);
    };
    loss();
    b.attentionBackward({ ...heads, qkv, documents, out: y, lse, dout, delta, dqkv, rows });
    expect(deviation(qkv, b.readF64(dqkv), loss)).toBeLessThan(1);
  });

  test('of cross-entropy at a temperature', () => {
    const [rows, vocab] = [3, 6];
    const logits = normal([rows, vocab], 2);
    const [nll, rowWeights, copy] = [zeros([rows]), normal([rows]), zeros([rows, vocab])];
    const targets = words([4, 0, 5]);
    const shape = { targets, nll, rows, vocab, temperature: 1.3 };
    b.copy({ x: logits, y: copy });
    b.crossEntropy({ ...shape, logits: copy, rowWeights });
    const loss = () => {
      b.crossEntropy({ ...shape, logits });
      return inner(rowWeights, nll);
    };
    expect(deviation(logits, b.readF64(copy), loss)).toBeLessThan(1);
  });
});

describe('paged attention', () => {
  test('gives what attention over the whole document gives', () => {
    const [rows, blockSize] = [6, 2];
    const qkv = normal([rows, width]);
    const tables = { cos: normal([6, 3]), sin: normal([6, 3]) };
    const positions = words([0, 1, 2, 3, 4, 5]);
    const [kCache, vCache] = [zeros([10, 12]), zeros([10, 12])];
    const rotated = zeros([rows, width]);
    b.copy({ x: qkv, y: rotated });
    b.rope({ ...heads, qkv: rotated, positions, tables, rows });
    const out = heads.heads * heads.headDim;
    const [whole, paged, lse] = [zeros([rows, out]), zeros([rows, out]), zeros([rows, heads.heads])];
    const documents = words([0, 6, 0, 6, 0, 6, 0, 6, 0, 6, 0, 6], [rows, 2]);
    b.attention({ ...heads, qkv: rotated, documents, out: whole, lse, rows });
    // Blocks 3, 0, 4 hold positions 0-1, 2-3, 4-5.
    const slots = words([6, 7, 0, 1, 8, 9]);
    b.ropeAndCache({ ...heads, qkv, positions, slots, tables, kCache, vCache, rows });
    b.attentionPaged({
      ...heads,
      qkv,
      kCache,
      vCache,
      out: paged,
      sequences: words([0, 0, 0, 0, 0, 0]),
      positions,
      blockTable: words([3, 0, 4], [1, 3]),
      maxBlocks: 3,
      blockSize,
      rows,
    });
    const [want, got] = [b.readF64(whole), b.readF64(paged)];
    want.forEach((value, i) => expect(got[i]).toBeCloseTo(value, 12));
  });
});
