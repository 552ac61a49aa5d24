/** What a device does that the software adapter never did: it refuses memory, is slow to compile, and goes on for hours. */
import { describe, expect, it } from 'vitest';
import { createGpuBackend } from '../../../src/compute/gpuBackend';
import { OutOfMemoryError } from '../../../src/core/errors';
import { CountingGpu } from '../../support/countingGpu/countingGpu';

const owner = 'test';

/** A backend whose kernels stand when they are let go. */
async function compiling(options: { keepBytes?: number } = {}) {
  let go: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => (go = resolve));
  let held = false;
  const gpu = new CountingGpu({ compiling: async () => (held ? gate : undefined) });
  const backend = await createGpuBackend(gpu.gpu, options);
  held = true;
  return { gpu, backend, go };
}

const soon = () => new Promise((resolve) => setTimeout(resolve, 10));

describe('writes of a batch that waits for its kernel', () => {
  it('reach the GPU before newer ones of the same buffer', async () => {
    const { gpu, backend, go } = await compiling();
    const [a, b] = ['A', 'B'].map((label) => backend.tensor([64], { owner, label }));
    await soon();
    backend.fill({ x: b!, value: 1 });
    backend.recorder.flush();
    gpu.trace = true;
    backend.write(a!, new Float32Array(64).fill(1));
    go();
    await soon();
    backend.write(a!, new Float32Array(64).fill(2));
    await backend.finish();
    const written = gpu.events.filter(({ type, label }) => type === 'write' && label === 'A');
    expect(written.map(({ value }) => value)).toEqual([1, 2]);
  });

  it('never reach a buffer that was destroyed', async () => {
    const { gpu, backend, go } = await compiling({ keepBytes: 0 });
    const [a, b] = ['A', 'B'].map((label) => backend.tensor([64], { owner, label }));
    await soon();
    backend.fill({ x: b!, value: 1 });
    backend.recorder.flush();
    gpu.trace = true;
    backend.write(a!, new Float32Array(64));
    go();
    await soon();
    backend.release(a!);
    await backend.finish();
    const events = gpu.events.filter(({ label }) => label === 'A').map(({ type }) => type);
    expect(events).toEqual(['write', 'destroy']);
    await soon();
    await backend.finish();
  });

  it('are dropped with the backend', async () => {
    const { gpu, backend, go } = await compiling();
    const [a, b] = ['A', 'B'].map((label) => backend.tensor([64], { owner, label }));
    await soon();
    backend.fill({ x: b!, value: 1 });
    backend.recorder.flush();
    backend.write(a!, new Float32Array(64));
    backend.dispose();
    gpu.trace = true;
    go();
    await soon();
    expect(gpu.events).toEqual([]);
  });
});

describe('memory that the driver refuses after the fact', () => {
  const small = { owner, label: 'small' };
  const large = { owner, label: 'large' };

  it('is an OutOfMemoryError of the next read, and the backend works on', async () => {
    const gpu = new CountingGpu({ memory: 2 ** 22 });
    const backend = await createGpuBackend(gpu.gpu);
    const x = backend.tensor([64], small);
    const y = backend.tensor([2 ** 21], large);
    backend.fill({ x: y, value: 1 });
    backend.copy({ x: y, y: x, size: 64 });
    const failed = await backend.read(x).catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(OutOfMemoryError);
    expect(failed).toMatchObject({ code: 'out-of-memory', details: { asked: 2 ** 23 } });
    expect((failed as OutOfMemoryError).hint).toMatch(/smaller model/);
    backend.release(y);
    backend.fill({ x, value: 2 });
    await expect(backend.read(x)).resolves.toHaveLength(64);
    await soon();
    await expect(backend.read(x)).resolves.toHaveLength(64);
  });

  it('is told by settle alone where the caller waits for it, and who reads next gets its numbers', async () => {
    const gpu = new CountingGpu({ memory: 2 ** 22 });
    const backend = await createGpuBackend(gpu.gpu);
    const x = backend.tensor([64], small);
    const y = backend.tensor([2 ** 21], large);
    backend.write(y, new Float32Array(64));
    await expect(backend.settle()).rejects.toBeInstanceOf(OutOfMemoryError);
    backend.release(y);
    await expect(backend.settle()).resolves.toBeUndefined();
    await expect(backend.read(x)).resolves.toHaveLength(64);
    expect(backend.ledger.byOwner()[owner]).toBe(256);
  });

  it('for what is read back is one as well', async () => {
    const gpu = new CountingGpu({ memory: 3 * 2 ** 20 });
    const backend = await createGpuBackend(gpu.gpu);
    const x = backend.tensor([2 ** 19], large);
    await backend.settle();
    await expect(backend.read(x)).rejects.toBeInstanceOf(OutOfMemoryError);
    await expect(backend.read(x, 0, 64)).resolves.toHaveLength(64);
  });

  it('never reaches a bind group or a submit', async () => {
    const gpu = new CountingGpu({ memory: 2 ** 22 });
    const backend = await createGpuBackend(gpu.gpu);
    const y = backend.tensor([2 ** 21], large);
    for (let i = 0; i < 300; i++) backend.fill({ x: y, value: i });
    await expect(backend.finish()).rejects.toBeInstanceOf(OutOfMemoryError);
    await soon();
    expect(backend.open.uncaptured()).toBeNull();
  });

  it('is not kept for the next who asks for that size', async () => {
    const gpu = new CountingGpu({ memory: 2 ** 22 });
    const backend = await createGpuBackend(gpu.gpu);
    const taken = backend.tensor([2 ** 19], small);
    const y = backend.tensor([2 ** 19 + 2 ** 18], large);
    await expect(backend.settle()).rejects.toBeInstanceOf(OutOfMemoryError);
    backend.release(y, taken);
    backend.pool.trim();
    await backend.finish();
    const again = backend.tensor([2 ** 19 + 2 ** 18], large);
    await backend.settle();
    backend.fill({ x: again, value: 1 });
    await expect(backend.read(again, 0, 4)).resolves.toHaveLength(4);
  });
});

describe('an error that no scope caught', () => {
  it('is thrown once: the work after it is not blamed', async () => {
    const gpu = new CountingGpu();
    const backend = await createGpuBackend(gpu.gpu);
    const x = backend.tensor([64], { owner, label: 'x' });
    await backend.settle();
    const broken = backend.open.device.createBuffer({ size: 256, usage: GPUBufferUsage.STORAGE });
    broken.destroy();
    backend.open.device.queue.writeBuffer(broken, 0, new Uint8Array(4));
    await soon();
    await expect(backend.read(x)).rejects.toThrow(/WebGPU/);
    await expect(backend.read(x)).resolves.toHaveLength(64);
  });
});

describe('a device that is waited for many times', () => {
  it('leaves nothing behind for a read', async () => {
    const gpu = new CountingGpu();
    const backend = await createGpuBackend(gpu.gpu);
    let listeners = 0;
    const { lost } = backend.open;
    const then = lost.then.bind(lost);
    // Each listener on a promise that never settles stays for the life of the device.
    lost.then = ((...args: Parameters<typeof then>) => {
      listeners++;
      return then(...args);
    }) as typeof lost.then;
    const x = backend.tensor([64], { owner, label: 'x' });
    for (let i = 0; i < 20; i++) await backend.read(x);
    expect(listeners).toBe(0);
  });

  it('tells its loss to all who wait', async () => {
    const gpu = new CountingGpu();
    const backend = await createGpuBackend(gpu.gpu);
    const x = backend.tensor([64], { owner, label: 'x' });
    await backend.read(x);
    const device = backend.open.device as unknown as { queue: { onSubmittedWorkDone(): Promise<void> } };
    device.queue.onSubmittedWorkDone = () => new Promise(() => undefined);
    const waiting = [backend.finish(), backend.finish()];
    gpu.lose('taken away');
    for (const one of waiting) await expect(one).rejects.toMatchObject({ code: 'device-lost' });
    await expect(backend.finish()).rejects.toMatchObject({ code: 'device-lost' });
  });
});
