/** What attention on a GPU counts as work, by which its dispatches are paced. */
import { expect, test } from 'vitest';
import { createGpuBackend } from '../../../src/compute/gpuBackend';
import { Maker } from '../../../src/compute/opCase';
import { CountingGpu } from '../../support/countingGpu/countingGpu';

const shape = { heads: 4, kvHeads: 2, headDim: 16 };

test('keys before a window are not counted, forward, backward and through a cache', async () => {
  const backend = await createGpuBackend(new CountingGpu().gpu);
  const make = new Maker(backend, 'cost');
  const [rows, window] = [300, 32];
  const counted = new Map<string, number>();
  backend.recorder.dispatch = ({ kernel, flops }) =>
    void counted.set(kernel.name, (counted.get(kernel.name) ?? 0) + flops);
  const spans = Uint32Array.from({ length: 2 * rows }, (_, i) => (i % 2 === 0 ? 0 : rows));
  const documents = make.u32('documents', [rows, 2], spans);
  const [out, dout] = ['out', 'dout'].map((label) => make.empty(label, [rows, 64]));
  const [qkv, dqkv] = ['qkv', 'dqkv'].map((label) => make.empty(label, [rows, 128]));
  const [lse, delta] = ['lse', 'delta'].map((label) => make.empty(label, [rows, 4]));
  const [kCache, vCache] = ['k', 'v'].map((label) => make.empty(label, [320, 32]));
  const places = Uint32Array.from({ length: rows }, (_, i) => i);
  const u32 = (label: string, values: ArrayLike<number>) => make.u32(label, [values.length], values);
  const op = { ...shape, window, qkv: qkv!, out: out!, rows };
  const packed = { ...op, documents, lse: lse!, spans };
  backend.attention(packed);
  backend.attentionBackward({ ...packed, dout: dout!, delta: delta!, dqkv: dqkv! });
  backend.attentionPaged({
    ...op,
    kCache: kCache!,
    vCache: vCache!,
    sequences: u32('sequences', new Uint32Array(rows)),
    positions: u32('positions', places),
    blockTable: u32(
      'blocks',
      Uint32Array.from({ length: 20 }, (_, i) => i),
    ),
    maxBlocks: 20,
    blockSize: 16,
    places,
  });
  const seen = places.reduce((sum, row) => sum + Math.min(window, row + 1), 0);
  const each = seen * shape.heads * shape.headDim;
  expect(Object.fromEntries(counted)).toEqual({
    attention: 4 * each,
    attentionBackwardQuery: 6 * each,
    attentionBackwardKey: 8 * each,
    attentionPaged: 4 * each,
  });
  make.free();
  backend.dispose();
});

test('on a GPU a token of more than 512 keys takes a workgroup for each 128 of them and kv head, a shorter one takes one dispatch', async () => {
  const backend = await createGpuBackend(new CountingGpu().gpu);
  const make = new Maker(backend, 'split');
  const dispatched: [string, number][] = [];
  backend.recorder.dispatch = ({ kernel, threads }) => void dispatched.push([kernel.name, threads / 64]);
  const caches = ['k', 'v'].map((label) => make.empty(label, [2048, 32]));
  const decode = (position: number, window?: number): [string, number][] => {
    const places = Uint32Array.of(position);
    backend.attentionPaged({
      ...shape,
      ...(window === undefined ? {} : { window }),
      qkv: make.empty('qkv', [1, 128]),
      out: make.empty('out', [1, 64]),
      kCache: caches[0]!,
      vCache: caches[1]!,
      sequences: make.u32('sequences', [1], [0]),
      positions: make.u32('positions', [1], places),
      blockTable: make.u32('blocks', [128], new Uint32Array(128)),
      maxBlocks: 128,
      blockSize: 16,
      rows: 1,
      places,
    });
    return dispatched.splice(0);
  };
  const { kvHeads, heads } = shape;
  expect(decode(511)).toEqual([['attentionPaged', kvHeads]]);
  expect(decode(1400, 512)).toEqual([['attentionPaged', kvHeads]]);
  expect(decode(512)).toEqual([
    ['attentionPaged', 5 * kvHeads],
    ['attentionMerge', (heads * 4) / 64],
  ]);
  // Keys 801 to 1400 are in blocks 6 to 10 of 128; wherever the window begins, six are enough.
  expect(decode(1400, 600)[0]).toEqual(['attentionPaged', 6 * kvHeads]);
  make.free();
  backend.dispose();
});
