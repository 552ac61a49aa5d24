import { expect, test } from 'vitest';
import { tuneVariants } from '../../src/compute/gpuTuning';
import { linearCases } from '../../src/compute/opCasesLinear';
import { fastest, shapeClass } from '../../src/gpu/tuner';
import { sharedTiles, tiles, variantChoices } from '../../src/gpu/variants';
import { gpuBackend } from './support';

test('the fastest candidate wins only by a clear margin over the default', async () => {
  const pick = (ms: Record<'a' | 'b', number>): Promise<'a' | 'b'> =>
    fastest(['a', 'b'], (name) => Promise.resolve(ms[name]), { rounds: 3, margin: () => 0.05 });
  expect(await pick({ a: 10, b: 9.8 })).toBe('a');
  expect(await pick({ a: 10, b: 9 })).toBe('b');
  const past = { rounds: 3, margin: () => 0.05, deadline: performance.now() - 1 };
  expect(await fastest(['a', 'b'], () => Promise.reject(new Error('timed')), past)).toBe('a');
  expect(shapeClass([2560, 64, 1])).toBe('4096x64x1');
});

test('tuning chooses among the variants, remembers them by adapter and takes what it remembers', async (context) => {
  const backend = await gpuBackend(context);
  const known = new Map<string, string>();
  const memory = {
    get: (key: string) => known.get(key),
    set: (key: string, choice: string) => void known.set(key, choice),
  };
  const request = { rows: 16, linears: [[32, 48]], rank: 4, format: 'f32', memory } as const;
  const chosen = await tuneVariants(backend, request);
  expect(variantChoices.linear).toContain(chosen.linear);
  expect(known.size).toBe(3);
  expect([...known.keys()].every((key) => key.startsWith(backend.device))).toBe(true);
  const key = [...known.keys()].find((name) => name.includes('| linear f32'))!;
  known.set(key, '4x4');
  expect((await tuneVariants(backend, request)).linear).toBe('4x4');
});

test('on a software adapter no choice changes a bit of a training or touches generation, and none is made without time', async (context) => {
  const backend = await gpuBackend(context);
  const before = backend.variants();
  const cases = [
    linearCases.linear(43, 64, 96, { extras: 'all' }),
    linearCases.linearBackward(43, 64, 96, { extras: true, rate: 0.25 }),
    linearCases.loraGrad(43, 64, 96, 8),
  ];
  const bits = async (): Promise<Float32Array[][]> => {
    const results: Float32Array[][] = [];
    for (const one of cases) results.push(await one.run(backend));
    return results;
  };
  const wanted = await bits();
  const shape = { rows: 43, linears: [[64, 96]], rank: 8, format: 'f32' } as const;
  const tuned = await tuneVariants(backend, shape);
  for (const kept of ['linearGenerate', 'loraGradAB', 'workgroup'] as const) {
    expect(tuned[kept]).toBe(before[kept]);
  }
  expect(await bits()).toEqual(wanted);
  expect(await tuneVariants(backend, { ...shape, rows: 1024, budgetMs: 0 })).toEqual(before);
  const aborted = AbortSignal.abort();
  await expect(tuneVariants(backend, { ...shape, signal: aborted })).rejects.toThrow();
  expect(backend.variants()).toEqual(before);
});

test('each tile of a training kernel has the bits of the others on a software adapter', async (context) => {
  const backend = await gpuBackend(context);
  if (!backend.open.software)
    return context.skip('a driver may compile tiles differently; tuning compares them');
  for (const family of ['linear', 'linearBackward', 'loraGradU'] as const) {
    const one = {
      linear: linearCases.linear(43, 65, 67, { extras: 'all' }),
      linearBackward: linearCases.linearBackward(43, 65, 67, { extras: true, rate: 0.25 }),
      loraGradU: linearCases.loraGrad(43, 65, 67, 9),
    }[family];
    // The products of a gradient are added four at a time by threads, one by one by workgroups.
    const same = family === 'linear' ? [...tiles, ...sharedTiles] : tiles;
    const results: Float32Array[][] = [];
    for (const choice of same) {
      backend.useVariants({ [family]: choice });
      results.push(await one.run(backend));
    }
    for (const result of results) expect(result, family).toEqual(results[0]);
  }
});
