/** The bench of a device: on the CPU path its figures are of real work; on the counting GPU, memory that runs out is said, not thrown. */
import { describe, expect, it } from 'vitest';
import { createGpuBackend } from '../../../src/compute/gpuBackend';
import { createWasmBackend } from '../../../src/compute/wasmBackend';
import { InterruptedError } from '../../../src/core/errors';
import { deviceBench } from '../../../src/engine/deviceBench';
import type { DeviceFigure } from '../../../src/wire/deviceBench';
import { CountingGpu } from '../../support/countingGpu/countingGpu';

/** One op each, with the fewest rows. */
const patience = { wantedMs: 0, mostMs: 0 };
const running = () => new AbortController().signal;

describe('the bench of a device', () => {
  it('measures every kernel once and the models that are small enough', async () => {
    const backend = await createWasmBackend();
    const heard: DeviceFigure[] = [];
    const bench = await deviceBench(backend, {
      signal: running(),
      onFigure: (figure) => heard.push(figure),
      mostSeconds: 0.5,
      patience,
    });
    expect(bench).toMatchObject({ backend: 'wasm', threads: 1, longestSubmitMs: null });
    expect(heard.flatMap((one) => (one.type === 'kernel' ? [one.row] : []))).toEqual(bench.kernels);
    expect(heard.flatMap((one) => (one.type === 'model' ? [one.row] : []))).toEqual(bench.models);
    const forms = bench.kernels.map(({ kernel, format, shape }) =>
      [kernel, format, shape.split(' ')[0]].join(),
    );
    expect(new Set(forms).size).toBe(forms.length);
    for (const { ms, gbps, gflops } of bench.kernels) {
      expect(ms).toBeGreaterThan(0);
      expect(gbps).toBeGreaterThan(0);
      expect(gflops === null || gflops > 0).toBe(true);
    }
    const small = bench.models.filter(({ name }) => name === 'bundled');
    expect(small.map(({ work }) => work)).toEqual([
      'decode',
      'decode of 64',
      'prefill of 512',
      'training, 4 x 128',
    ]);
    for (const row of small) expect(row.tokensPerSecond, row.work).toBeGreaterThan(0);
    const slow = bench.models.filter(
      ({ name, work }) => name === 'Qwen2.5-0.5B' && work.startsWith('training'),
    );
    expect(slow.map(({ tokensPerSecond, skipped }) => [tokensPerSecond, skipped])).toEqual([
      [null, 'slow'],
      [null, 'slow'],
    ]);
    const { readBackMs } = bench;
    expect(readBackMs.min <= readBackMs.median && readBackMs.median <= readBackMs.max).toBe(true);
    // Everything was given back.
    expect(backend.ledger.byOwner()['bench'] ?? 0).toBe(0);
    expect(backend.ledger.byOwner()['model'] ?? 0).toBe(0);
    backend.dispose();
  });

  it('leaves out what does not fit into memory', async () => {
    const gpu = new CountingGpu({ memory: 400 << 20 });
    const backend = await createGpuBackend(gpu.gpu);
    const { models, longestSubmitMs } = await deviceBench(backend, {
      signal: running(),
      onFigure: () => undefined,
      mostSeconds: Infinity,
      patience,
    });
    const of = (name: string, format: string) =>
      models
        .filter((row) => row.name === name && row.format === format)
        .map(({ skipped }) => skipped ?? 'measured');
    expect(of('bundled', 'f16')).toEqual(['measured', 'measured', 'measured', 'measured']);
    expect(of('Qwen2.5-0.5B', 'f16')).toEqual(['memory', 'memory', 'memory', 'memory']);
    expect(longestSubmitMs).toBeGreaterThan(0);
    backend.dispose();
  });

  it('ends when it is told to', async () => {
    const backend = await createWasmBackend();
    const stop = new AbortController();
    const bench = deviceBench(backend, { signal: stop.signal, onFigure: () => stop.abort(), patience });
    await expect(bench).rejects.toBeInstanceOf(InterruptedError);
    expect(backend.ledger.byOwner()['bench'] ?? 0).toBe(0);
    backend.dispose();
  });
});
