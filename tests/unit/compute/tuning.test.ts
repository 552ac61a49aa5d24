/** What the tuner may choose on a GPU: any form that computes the same, each linear at its own shape. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createGpuBackend, type GpuBackend } from '../../../src/compute/gpuBackend';
import { tuneVariants } from '../../../src/compute/gpuTuning';
import { createReferenceBackend } from '../../../src/compute/referenceBackend';
import { kernelKey } from '../../../src/gpu/kernels';
import { defaultVariants, productKey, type ProductForm, type Variants } from '../../../src/gpu/variants';
import { CountingGpu } from '../../support/countingGpu/countingGpu';

const linears = [
  [48, 96],
  [96, 48],
] as const;
const request = { rows: 100, rank: 4, format: 'f32', linears } as const;

let now = 0;
beforeEach(() => void vi.spyOn(performance, 'now').mockImplementation(() => now));
afterEach(() => void vi.restoreAllMocks());

interface Behaviour {
  readonly ms: number;
  /** What every result is multiplied by. */
  readonly factor?: number;
}

/** The reference with forms: ops have the error of the linears' form, and take its time on a clock of their own. */
function backendOf(forms: Partial<Record<ProductForm, Behaviour>>, usual: Behaviour): GpuBackend {
  const reference = createReferenceBackend();
  const defaults = defaultVariants(false);
  let variants: Variants = defaults;
  const behaviour = (): Behaviour => forms[variants.linear] ?? usual;
  return {
    ...reference,
    kind: 'webgpu',
    open: { software: false },
    recorder: { submitFlops: 1e9 },
    variants: () => variants,
    defaults: () => defaults,
    useVariants: (change: Partial<Variants>) => void (variants = { ...variants, ...change }),
    read: async (...what: Parameters<GpuBackend['read']>) => {
      const { factor = 1 } = behaviour();
      return (await reference.read(...what)).map((value) => value * factor);
    },
    finish: () => {
      now += behaviour().ms;
      return Promise.resolve();
    },
  } as unknown as GpuBackend;
}

const chosenFor = (variants: Variants, inputs: number, outputs: number): ProductForm | undefined =>
  variants.shapes[productKey('linear', 'f32', [request.rows, inputs, outputs])];

describe('a GPU', () => {
  it('gets a form of other bits where that is much faster, and never one that is wrong', async () => {
    const tuned = await tuneVariants(
      backendOf({ '4x4': { ms: 1, factor: 1.01 }, '64x64': { ms: 20, factor: 1 + 2 ** -20 } }, { ms: 60 }),
      { ...request, budgetMs: 60_000 },
    );
    expect(chosenFor(tuned, 48, 96)).toBe('64x64');
    expect(tuned.linear).toBe('shared');
  });

  it('keeps its form where one of other bits is a little faster, and leaves it for one of the same bits', async () => {
    const other = backendOf({ '64x64': { ms: 100, factor: 1 + 2 ** -20 } }, { ms: 120 });
    expect(chosenFor(await tuneVariants(other, { ...request, budgetMs: 60_000 }), 48, 96)).toBe('32x32');
    const same = backendOf({ '64x64': { ms: 90 } }, { ms: 120 });
    expect(chosenFor(await tuneVariants(same, { ...request, budgetMs: 60_000 }), 48, 96)).toBe('64x64');
  });

  it('has each linear and its gradient in a form of its own, which its products of that size and format run', async () => {
    const gpu = new CountingGpu();
    const backend = await createGpuBackend(gpu.gpu);
    const known = new Map<string, string>();
    const memory = {
      get: (key: string) => known.get(key) ?? (/linear f32 .*128x64x128/.test(key) ? '8x4' : undefined),
      set: (key: string, choice: string) => void known.set(key, choice),
    };
    const tuned = await tuneVariants(backend, { ...request, memory });
    expect(Object.keys(tuned.shapes).sort()).toEqual([
      'linear f32 128x128x64',
      'linear f32 128x64x128',
      'linearBackward f32 128x128x64',
      'linearBackward f32 128x64x128',
    ]);
    // Not LoRA's gradient: on a GPU workgroups share its sums.
    expect(known.size).toBe(4);
    expect(chosenFor(tuned, 48, 96)).toBe('8x4');
    // A batch of another size class is not that product.
    const keys: string[] = [];
    backend.recorder.dispatch = ({ kernel }) => void keys.push(kernelKey(kernel));
    const own = { owner: 'test', label: 'x' };
    const weight = backend.matrix(96, 48, 'f32', own);
    const [x, y] = [backend.tensor([300, 48], own), backend.tensor([300, 96], own)];
    for (const rows of [90, 300]) backend.linear({ x, weight, y, rows, mode: 'train' });
    expect(keys).toEqual([
      'linear f32 VEC4 OUT4 ROWS=8 QUADS=1 WORKGROUP=64',
      'linear f32 SHARED VEC4 OUT4 ROWS=4 TALL=1 QUADS=1 ACROSS=8 DOWN=8',
    ]);
    backend.dispose();
  });
});
