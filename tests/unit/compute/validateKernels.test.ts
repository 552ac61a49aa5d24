/** What becomes of products in workgroup memory where a device computes them wrong for a model’s own weights. */
import { expect, it } from 'vitest';
import type { GpuBackend } from '../../../src/compute/gpuBackend';
import { createReferenceBackend } from '../../../src/compute/referenceBackend';
import { hasUntested, validateKernels } from '../../../src/compute/validateKernels';
import { defaultVariants, type Variants } from '../../../src/gpu/variants';

const models = [
  {
    ...{ heads: 2, kvHeads: 1, headDim: 8, hidden: 64, ffn: 96, vocab: 96, qkvBias: false, qkNorm: false },
    formats: ['q4'],
  },
] as const;

/** The reference, with the forms of a GPU. */
function backendOf(): GpuBackend {
  const defaults = defaultVariants(false);
  let variants: Variants = defaults;
  return {
    ...createReferenceBackend(),
    kind: 'webgpu',
    variants: () => variants,
    defaults: () => defaults,
    useVariants: (change: Partial<Variants>) => void (variants = { ...variants, ...change }),
  } as unknown as GpuBackend;
}

it('a device that is right in both tiles keeps them, and is tested in both for every linear of its models', async () => {
  const seen = new Set<string>();
  const proof = await validateKernels(backendOf(), {
    ...{ models, budgetMs: Infinity },
    breaks: (test, { linear }) => (test.variant.startsWith('q4 train') && seen.add(linear), false),
  });
  expect(proof).toMatchObject({ excluded: [], failed: [], variants: {}, left: 0 });
  expect([...seen].sort()).toEqual(['32x32', '64x64']);
  expect(hasUntested(proof, models, defaultVariants(false))).toBe(false);
});

it('one that is wrong in one tile for 4 bits gets tiles of threads, and all its linears are tested in these', async () => {
  const proof = await validateKernels(backendOf(), {
    ...{ models, budgetMs: Infinity },
    breaks: (test, { linear }) => test.variant.startsWith('q4 train') && linear === '64x64',
  });
  const families = { linear: '4x8', linearGenerate: '4x4', linearBackward: '4x8' };
  expect(proof).toMatchObject({ failed: [], variants: families, left: 0 });
  expect([...proof.excluded].sort()).toEqual(Object.keys(families).map((family) => `${family} shared`).sort()); // prettier-ignore
  expect(hasUntested(proof, models, defaultVariants(false))).toBe(false);
  expect(new Set(proof.proven).size).toBe(proof.proven.length);
});
