/** Weights that the CPU keeps in their own format: numbers, bits, memory; with and without fused multiply-adds. */
import { setFlagsFromString } from 'node:v8';
import { afterAll, describe, expect, test } from 'vitest';
import { decodeRows, encodeRows, numberToF16 } from '../../../src/cpu/decode';
import { fusedAvailable } from '../../../src/cpu/fused';
import { linearCases } from '../../../src/compute/opCasesLinear';
import { rowCases } from '../../../src/compute/opCasesRows';
import { Maker } from '../../../src/compute/opCase';
import type { Backend, RowData, WeightFormat } from '../../../src/compute/ops';
import { createWasmBackend } from '../../../src/compute/wasmBackend';
import { cpuSizer } from '../../../src/models/engineMemory';
import { bitsOf, holdAgainstReference } from '../../support/backendSuite';
import { emptyModel, modelShapes } from '../../../src/lm/shaped/emptyModel';
import { formats } from '../../support/opTable';

// Node 20 has relaxed SIMD behind a flag.
setFlagsFromString('--experimental-wasm-relaxed-simd');
const fusedHere = await fusedAvailable();
const at = { owner: 'test', label: 'test' };

const opened: Backend[] = [];
afterAll(() => opened.forEach((backend) => backend.dispose()));
async function open(options: Parameters<typeof createWasmBackend>[0]): Promise<Backend> {
  const backend = await createWasmBackend({ packFrom: 0, ...options });
  opened.push(backend);
  return backend;
}

const narrow = [
  [64, 64],
  [65, 70],
  [7, 1],
  [520, 33],
] as const;
const wide = [
  [45, 37],
  [1001, 70],
] as const;

/** Rows [rows, cols] times W^T, as the linear of a backend has them. */
async function product(
  backend: Backend,
  data: RowData,
  [outputs, inputs]: readonly [number, number],
  x: Float32Array,
): Promise<Uint32Array> {
  const rows = x.length / inputs;
  const weight = backend.matrix(outputs, inputs, data.format, at);
  backend.writeRows(weight, 0, outputs, data);
  const [from, to] = [backend.tensor([rows, inputs], at), backend.tensor([rows, outputs], at)];
  backend.write(from, x);
  backend.linear({ x: from, weight, y: to, rows, mode: 'generate' });
  const result = await backend.read(to);
  backend.release(from, to);
  backend.releaseMatrix(weight);
  return bitsOf(result);
}

/** Made once: the reference computes a case once for all backends. */
const cases = Object.fromEntries(
  formats.map((format) => [
    format,
    [
      ...[1, 2, 3, 4, 7, 9, 65].flatMap((rows) =>
        (rows === 65 ? wide : narrow).flatMap(([inputs, outputs]) => [
          linearCases.linear(rows, inputs, outputs, { format, mode: 'generate' }),
          linearCases.linear(rows, inputs, outputs, { format, mode: 'generate', extras: 'all' }),
          linearCases.linearBackward(rows, inputs, outputs, { format }),
        ]),
      ),
      linearCases.linearBackward(9, 65, 70, { format, extras: true, rank: 3, rate: 0.25 }),
      ...[65, 96, 45, 1].map((cols) => rowCases.embed(9, 70, cols, format)),
    ],
  ]),
);

describe.each([
  { name: 'two roundings, one thread', options: { fused: false } },
  { name: 'two roundings, three threads', options: { fused: false, threads: 3 } },
  { name: 'fused, one thread', options: {} },
  { name: 'fused, three threads', options: { threads: 3 } },
])('with $name', ({ options }) => {
  const skipped = !('fused' in options) && !fusedHere;

  test.skipIf(skipped).each(formats)(
    'linears over %s and their gradients equal the reference',
    async (format) => {
      const backend = await open(options);
      for (const one of cases[format]!) await holdAgainstReference(backend, one);
    },
  );

  test.skipIf(skipped).each(formats)(
    'a row over %s has the same bits alone and among others',
    async (format) => {
      const backend = await open(options);
      for (const [inputs, outputs] of [
        [64, 192],
        [65, 70],
        [600, 75],
        [1500, 40],
      ] as const) {
        const make = new Maker(backend, 'bits');
        const data = encodeRows(make.values('weight', outputs * inputs), inputs, format);
        const values = make.values('x', 67 * inputs);
        const all = await product(backend, data, [outputs, inputs], values);
        for (const rows of [1, 2, 3, 4, 5, 6, 8, 13, 61, 64]) {
          const part = await product(backend, data, [outputs, inputs], values.subarray(0, rows * inputs));
          expect(part, `${rows} rows of ${inputs}`).toEqual(all.subarray(0, rows * outputs));
        }
      }
    },
  );
});

test('three threads give the bits of one over every format', async () => {
  const [one, three] = [await open({}), await open({ threads: 3 })];
  for (const format of formats)
    for (const rows of [1, 40]) {
      const op = linearCases.linear(rows, 700, 803, { format, mode: 'generate' });
      expect((await op.run(three)).map(bitsOf)).toEqual((await op.run(one)).map(bitsOf));
    }
});

test.each(['f16', 'bf16'] as const)(
  '%s weights give the bits of the f32 that they stand for',
  async (format) => {
    const backend = await open({ fused: false });
    const [outputs, inputs] = [41, 530];
    const make = new Maker(backend, 'half');
    const values = make
      .values('weight', outputs * inputs)
      .map((value, i) => (i % 7 ? value : value * 2 ** -17));
    const data = encodeRows(values, inputs, format);
    const wide: RowData = { format: 'f32', values: decodeRows(data, outputs, inputs) };
    for (const rows of [1, 3, 9]) {
      const x = make.values('x', rows * inputs, 30);
      expect(await product(backend, data, [outputs, inputs], x)).toEqual(
        await product(backend, wide, [outputs, inputs], x),
      );
    }
  },
);

test('an infinite f16 weight is not hidden, whatever the number of rows', async () => {
  const backend = await open({});
  const [outputs, inputs] = [32, 8];
  const values = new Uint16Array(outputs * inputs).fill(numberToF16(1));
  values[3] = 0x7c00;
  values[inputs] = 0x7e00;
  for (const rows of [1, 4]) {
    const x = new Float32Array(rows * inputs).fill(2);
    const words = await product(backend, { format: 'f16', values }, [outputs, inputs], x);
    const got = new Float32Array(words.buffer, words.byteOffset, 3);
    expect([...got]).toEqual([Infinity, NaN, 16]);
  }
});

test.each(formats)('NaN and infinity of an input over %s come out', async (format) => {
  const backend = await open({});
  const data = encodeRows(new Float32Array(16 * 40).fill(0.5), 40, format);
  for (const rows of [1, 5])
    for (const wild of [NaN, Infinity]) {
      const x = new Float32Array(rows * 40).fill(1);
      x[7] = wild;
      const words = await product(backend, data, [16, 40], x);
      const got = new Float32Array(words.buffer, words.byteOffset, 1)[0]!;
      expect(Number.isFinite(got)).toBe(false);
    }
});

test('small matrices are kept as f32, with the same bits with and without fused multiply-adds', async () => {
  const [plain, fused] = [await createWasmBackend({ fused: false }), await createWasmBackend()];
  opened.push(plain, fused);
  const small = plain.matrix(384, 64, 'f16', at);
  expect(small.bytes).toBe(384 * 64 * 4);
  const op = linearCases.linear(9, 64, 384, { format: 'f16', mode: 'generate', extras: 'all' });
  expect((await op.run(fused)).map(bitsOf)).toEqual((await op.run(plain)).map(bitsOf));
  expect(plain.device).toBe('WASM SIMD, 1 thread');
  if (!fusedHere) return;
  expect(fused.device).toBe('WASM SIMD, 1 thread, FMA');
  const large = linearCases.linear(9, 512, 256, { mode: 'generate' });
  expect((await large.run(fused)).map(bitsOf)).not.toEqual((await large.run(plain)).map(bitsOf));
});

test('Llama-3.2-1B of 4 bits takes 0.93 GB of the CPU path, as the planner says', async () => {
  const backend = await createWasmBackend();
  opened.push(backend);
  const before = backend.ledger.total;
  const model = emptyModel(backend, 'Llama-3.2-1B', 'q4', 64);
  const sizer = cpuSizer(1);
  const matrices = [
    model.embed,
    ...model.layers.flatMap(({ qkv, o, gateUp, down }) => [qkv, o, gateUp, down]),
  ];
  const planned = matrices.reduce((sum, { rows, cols, format }) => sum + sizer.matrix(rows, cols, format), 0);
  expect(matrices.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(planned);
  expect(backend.ledger.total - before).toBeGreaterThan(planned);
  // 6 bits a weight: 4 of the quant, a scale and a minimum of 32 bits for 32 of them.
  const weights = matrices.reduce((sum, { rows, cols }) => sum + rows * cols, 0);
  expect(weights).toBeGreaterThan(1.2e9);
  expect(planned).toBe((weights * 6) / 8);
});

test.each(Object.keys(modelShapes) as (keyof typeof modelShapes)[])(
  "the planner's bytes of a matrix of %s are the backend's in every format",
  async (name) => {
    const backend = await createWasmBackend();
    opened.push(backend);
    const { hidden, heads, kvHeads, headDim } = modelShapes[name];
    const sizer = cpuSizer(1);
    for (const format of ['f32', 'f16', 'bf16', 'q8', 'q4'] as WeightFormat[])
      for (const [rows, cols] of [
        [(heads + 2 * kvHeads) * headDim, hidden],
        [13, hidden + 1],
      ] as const) {
        const matrix = backend.matrix(rows, cols, format, at);
        expect(sizer.matrix(rows, cols, format)).toBe(matrix.bytes);
        backend.releaseMatrix(matrix);
      }
  },
);
