/** Attention with a scale, a soft-cap and a window against torch and its autograd (tests/golden/cpu/attention.py). */
import { describe, expect, test } from 'vitest';
import type { AttentionShape } from '../../../src/compute/ops';
import { createReferenceBackend } from '../../../src/compute/referenceBackend';
import golden from '../../golden/cpu/attention.json';

const b = createReferenceBackend();
const { heads, kvHeads, headDim } = golden.heads;
const rows = golden.documents.length;
const owned = { owner: 't', label: 't' };

function tensor(values: readonly number[]) {
  const made = b.tensor([values.length], owned);
  b.writeF64(made, Float64Array.from(values));
  return made;
}

function expectClose(got: Float64Array, want: readonly number[]): void {
  expect(got.length).toBe(want.length);
  want.forEach((value, i) => expect(Math.abs(got[i]! - value)).toBeLessThan(1e-12 * (1 + Math.abs(value))));
}

describe.each(golden.cases)('with $form', ({ form, out, lse, gradient }) => {
  // What a case of the file lacks is not a field of it.
  const shape = { heads, kvHeads, headDim, ...form } as AttentionShape;

  test('packed documents, their log-sum-exp and the gradient are those of torch', () => {
    const documents = b.tensor([rows, 2], { ...owned, dtype: 'u32' });
    b.write(documents, Uint32Array.from(golden.documents.flat()));
    const [outputs, sums, delta] = [out, lse, lse].map(({ length }) => b.tensor([length], owned));
    const [qkv, dout, dqkv] = [tensor(golden.qkv), tensor(golden.dout), b.tensor([gradient.length], owned)];
    const op = { ...shape, qkv, documents, out: outputs!, lse: sums!, rows };
    b.attention(op);
    expectClose(b.readF64(outputs!), out);
    expectClose(b.readF64(sums!), lse);
    b.attentionBackward({ ...op, dout, delta: delta!, dqkv });
    expectClose(b.readF64(dqkv), gradient);
  });

  test('the rows of a document read through a cache are those of torch', () => {
    const [width, kv] = [(heads + 2 * kvHeads) * headDim, kvHeads * headDim];
    const starts = golden.documents.map(([start]) => start!);
    const sequences = [...new Set(starts)];
    const place = (row: number): number => sequences.indexOf(starts[row]!) * rows + row - starts[row]!;
    const [kCache, vCache] = [0, 1].map((part) => {
      const cache = new Float64Array(sequences.length * rows * kv);
      for (let row = 0; row < rows; row++) {
        const from = row * width + heads * headDim + part * kv;
        cache.set(golden.qkv.slice(from, from + kv), place(row) * kv);
      }
      return tensor([...cache]);
    });
    const u32 = (values: readonly number[]) => {
      const made = b.tensor([values.length], { ...owned, dtype: 'u32' });
      b.write(made, Uint32Array.from(values));
      return made;
    };
    const outputs = b.tensor([out.length], owned);
    b.attentionPaged({
      ...shape,
      qkv: tensor(golden.qkv),
      kCache: kCache!,
      vCache: vCache!,
      out: outputs,
      sequences: u32(starts.map((start) => sequences.indexOf(start))),
      positions: u32(starts.map((start, row) => row - start)),
      blockTable: u32(sequences.map((_, i) => i)),
      maxBlocks: 1,
      blockSize: rows,
      rows,
    });
    expectClose(b.readF64(outputs), out);
  });
});
