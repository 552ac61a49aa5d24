import { expect, test } from 'vitest';
import { tuneVariants } from '../../src/compute/gpuTuning';
import { fastest, shapeClass } from '../../src/gpu/tuner';
import { variantChoices } from '../../src/gpu/variants';
import { gpuBackend } from './support';

test('the fastest candidate wins only by a clear margin over the default', async () => {
  const pick = (ms: Record<'a' | 'b', number>): Promise<'a' | 'b'> =>
    fastest(['a', 'b'], (name) => Promise.resolve(ms[name]), { rounds: 3, margin: 0.05 });
  expect(await pick({ a: 10, b: 9.8 })).toBe('a');
  expect(await pick({ a: 10, b: 9 })).toBe('b');
  expect(shapeClass([2560, 64, 1])).toBe('4096x64x1');
});

test('tuning chooses among the forms, remembers them by adapter and takes what it remembers', async (context) => {
  const backend = await gpuBackend(context);
  const known = new Map<string, string>();
  const memory = {
    get: (key: string) => known.get(key),
    set: (key: string, choice: string) => void known.set(key, choice),
  };
  const request = { rows: 16, linear: [32, 48], rank: 4, format: 'f32', memory } as const;
  const chosen = await tuneVariants(backend, request);
  expect(variantChoices.linear).toContain(chosen.linear);
  expect(known.size).toBe(4);
  expect([...known.keys()].every((key) => key.startsWith(backend.device))).toBe(true);
  const key = [...known.keys()].find((name) => name.includes('| linear f32'))!;
  known.set(key, '4x4');
  expect((await tuneVariants(backend, request)).linear).toBe('4x4');
});
