import { expect, test } from 'vitest';
import { createGpuBackend } from '../../src/compute/gpuBackend';
import { selftest } from '../../src/compute/selftest';
import { kernelSources } from '../../src/gpu/kernels';
import { AssertionError } from '../../src/core/assert';
import { ConfigError, DeviceLostError, GpuUnavailableError, OutOfMemoryError } from '../../src/core/errors';
import { encodeRows } from '../../src/compute/encode';
import { gpuBackend } from './support';

const at = { owner: 'test', label: 'thing' };

test('a missing WebGPU and a missing adapter are errors of their own and say what to do', async () => {
  await expect(createGpuBackend(undefined)).rejects.toThrow(GpuUnavailableError);
  const none = { requestAdapter: () => Promise.resolve(null) } as unknown as GPU;
  await expect(createGpuBackend(none)).rejects.toMatchObject({
    code: 'gpu-unavailable',
    hint: /CPU backend/,
  });
});

test('ops run in the order in which they were recorded, writes among them', async (context) => {
  const backend = await gpuBackend(context);
  const x = backend.tensor([5], at);
  const y = backend.tensor([5], at);
  backend.write(x, Float32Array.of(1, 2, 3, 4, 5));
  backend.copy({ x, y });
  backend.write(x, Float32Array.of(10, 20), 1);
  backend.copy({ x, y, accumulate: true });
  backend.write(x, Float32Array.of(0, 0, 0, 0, 0));
  expect([...(await backend.read(y))]).toEqual([2, 12, 23, 8, 10]);
  expect([...(await backend.read(y, 1, 2))]).toEqual([12, 23]);
});

test('more dispatches than one submit holds give the same sum', async (context) => {
  const backend = await gpuBackend(context);
  const one = backend.tensor([4], at);
  const sum = backend.tensor([4], at);
  backend.fill({ x: one, value: 1 });
  backend.fill({ x: sum, value: 0 });
  for (let i = 0; i < 700; i++) backend.copy({ x: one, y: sum, accumulate: true });
  expect([...(await backend.read(sum))]).toEqual([700, 700, 700, 700]);
});

test('views of one tensor can be read and written in one op', async (context) => {
  const backend = await gpuBackend(context);
  const flat = backend.tensor([192], at);
  backend.write(
    flat,
    Float32Array.from({ length: 192 }, (_, i) => i),
  );
  const x = backend.view(flat, 0, [64]);
  const y = backend.view(flat, 128, [64]);
  backend.copy({ x, y, accumulate: true });
  const result = await backend.read(flat, 126, 4);
  expect([...result]).toEqual([126, 127, 128, 130]);
  expect(() => backend.view(flat, 1, [64])).toThrow(AssertionError);
});

test('rows come back as they were stored, in every format and in parts', async (context) => {
  const backend = await gpuBackend(context, { bindingLimit: 40_000 });
  const values = Float32Array.from({ length: 200 * 70 }, (_, i) => ((i * 37) % 101) / 50 - 1);
  for (const format of ['f32', 'f16', 'bf16', 'q8', 'q4'] as const) {
    const matrix = backend.matrix(200, 70, format, at);
    const tail = values.subarray(100 * 70);
    backend.writeRows(matrix, 0, 100, encodeRows(values.slice(0, 100 * 70), 70, format));
    backend.writeRows(matrix, 100, 100, encodeRows(tail.slice(), 70, format));
    const rows = await backend.readRows(matrix, 60, 80);
    const worst = rows.reduce((most, value, i) => Math.max(most, Math.abs(value - values[60 * 70 + i]!)), 0);
    // Half a step of each format over [-1, 1]: 2^-24, 2^-12, 2^-9, 1/254, 1/15 and f16's rounding of the scales.
    expect(worst, format).toBeLessThan({ f32: 1e-7, f16: 2.5e-4, bf16: 2e-3, q8: 4.5e-3, q4: 0.07 }[format]);
    backend.releaseMatrix(matrix);
  }
  expect(backend.ledger.byOwner()['test']).toBeUndefined();
});

test('every buffer is counted and returns', async (context) => {
  const backend = await gpuBackend(context, { keepBytes: 0 });
  const start = { bytes: backend.ledger.total, buffers: backend.pool.count };
  const tensors = [1, 100, 100_000].map((size) => backend.tensor([size], at));
  const matrix = backend.matrix(65, 65, 'q8', at);
  expect(backend.ledger.byOwner()['test']).toBeGreaterThanOrEqual(4 * 100_101 + 65 * 68);
  for (const x of tensors) backend.fill({ x, value: 1 });
  backend.release(...tensors);
  backend.release(...tensors);
  backend.releaseMatrix(matrix);
  await backend.finish();
  expect({ bytes: backend.ledger.total, buffers: backend.pool.count }).toEqual(start);
  backend.dispose();
  expect(backend.pool.count).toBe(0);
  expect(backend.ledger.total).toBe(0);
});

test('too little memory is an OutOfMemoryError with the bytes asked for and held', async (context) => {
  const backend = await gpuBackend(context, { memoryLimit: 1_000_000 });
  const held = backend.ledger.total;
  expect(() => backend.tensor([500_000], at)).toThrow(OutOfMemoryError);
  try {
    backend.matrix(1000, 1000, 'f32', at);
    expect.unreachable();
  } catch (error) {
    expect(error).toMatchObject({
      code: 'out-of-memory',
      details: { asked: 4_000_000, held },
    });
  }
  expect(backend.ledger.total).toBe(held);
});

test('a released tensor and a wrong shape are refused at the call', async (context) => {
  const backend = await gpuBackend(context);
  const x = backend.tensor([4], at);
  const y = backend.tensor([8], at);
  expect(() => backend.copy({ x: y, y: x })).toThrow(AssertionError);
  backend.release(x);
  expect(() => backend.fill({ x, value: 0 })).toThrow(AssertionError);
});

test('the loss of the device is one promise and a typed error', async (context) => {
  const backend = await gpuBackend(context);
  const x = backend.tensor([4], at);
  backend.fill({ x, value: 1 });
  backend.open.device.destroy();
  expect(await backend.lost).toBeInstanceOf(DeviceLostError);
  await expect(backend.finish()).rejects.toThrow(DeviceLostError);
  await expect(backend.read(x)).rejects.toThrow(DeviceLostError);
});

test('the selftest lists every kernel of the table and fails when an output is corrupted', async (context) => {
  const backend = await gpuBackend(context);
  const report = await selftest(backend);
  expect(report.kernels.filter(({ pass }) => !pass)).toEqual([]);
  expect(new Set(report.kernels.map(({ name }) => name))).toEqual(new Set(Object.keys(kernelSources)));
  const broken = await selftest(backend, { kernel: 'rmsNorm', break: 'rmsNorm' });
  expect(broken.kernels.length).toBeGreaterThan(1);
  expect(broken.kernels.every(({ pass }) => !pass)).toBe(true);
  await expect(selftest(backend, { kernel: 'no such kernel' })).rejects.toThrow(ConfigError);
});
