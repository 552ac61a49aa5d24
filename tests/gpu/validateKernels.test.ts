import type { DeviceFacts } from '../../src/records/device';
import { describe, expect, it } from 'vitest';
import { createGpuBackend } from '../../src/compute/gpuBackend';
import { tuneVariants } from '../../src/compute/gpuTuning';
import type { OpCase } from '../../src/compute/opCase';
import { validateKernels } from '../../src/compute/validateKernels';
import { createWasmBackend } from '../../src/compute/wasmBackend';
import { kernelSources } from '../../src/gpu/kernels';
import type { Variants } from '../../src/gpu/variants';
import { KernelValidation, validationKey } from '../../src/engine/kernelValidation';
import { validationMemory } from '../../src/coordinator/validationMemory';
import { parseValidation } from '../../src/engine/validationRecords';
import type { ValidationMemory } from '../../src/engine/validationRecords';
import { EngineService } from '../../src/engine/engineService';
import { gpuBackend } from './support';

function memoryOfProofs(): ValidationMemory {
  const stored = new Map<string, unknown>();
  return validationMemory({
    getSetting: async (key) => stored.get(key),
    editSetting: async (key, edit) => void stored.set(key, edit(stored.get(key))),
  });
}

/** How many tests of kernels passed. */
function passedIn(facts: DeviceFacts): number {
  return facts.reduce((sum, fact) => (fact.kind === 'tests' ? sum + fact.passed : sum), 0);
}

describe('a device that was not seen before', () => {
  it('is tested in every kernel of the table', async (context) => {
    const backend = await gpuBackend(context);
    const seen = new Set<string>();
    const proof = await validateKernels(backend, {
      budgetMs: 60_000,
      breaks: (test) => {
        for (const kernel of test.kernels) seen.add(kernel);
        return false;
      },
    });
    expect(proof).toMatchObject({ excluded: [], failed: [], variants: {}, left: 0 });
    expect([...seen].sort()).toEqual(Object.keys(kernelSources).sort());
  });

  it('loses the form of a kernel that computes wrong, and the tuner does not bring it back', async (context) => {
    const backend = await gpuBackend(context);
    const before = backend.defaults();
    const proof = await validateKernels(backend, {
      budgetMs: 60_000,
      breaks: (test, forms) =>
        test.kernels.includes('linear') &&
        !test.variant.includes('generate') &&
        forms.linear === before.linear,
    });
    expect(proof.excluded).toContain(`linear ${before.linear}`);
    expect(proof.failed).toEqual([]);
    expect(proof.variants.linear).toBeDefined();
    expect(proof.variants.linear).not.toBe(before.linear);
    backend.trust(proof.variants);
    expect(backend.variants().linear).toBe(proof.variants.linear);
    const tuned = await tuneVariants(backend, {
      rows: 16,
      linears: [[32, 32]],
      rank: 4,
      format: 'f32',
      budgetMs: 0,
    });
    expect(tuned.linear).toBe(proof.variants.linear);
    // What the page shows as the reason for the device.
    const proofs = new KernelValidation('1');
    proofs.learn({ [validationKey(backend.device, '1')]: proof });
    expect(await proofs.trust(backend)).toEqual({
      right: true,
      facts: [{ kind: 'left-out', variants: proof.excluded }],
    });
  });

  it('is tested within its time: past the budget no case is begun', async (context) => {
    const backend = await gpuBackend(context);
    let begun = 0;
    const late = new KernelValidation('1', { budgetMs: -1, breaks: () => ((begun += 1), false) });
    const { right, facts } = await late.trust(backend);
    expect(begun).toBe(0);
    expect(right).toBe(true);
    const [tests] = facts;
    expect(facts).toMatchObject([{ kind: 'tests', passed: 0 }]);
    expect(tests?.kind === 'tests' && tests.left).toBeGreaterThan(0);
    expect(late.take()).toEqual({});

    // One case may be under way when time is up, not two.
    const budgetMs = 40;
    const ends: number[] = [];
    const began = performance.now();
    const proof = await validateKernels(backend, {
      budgetMs,
      breaks: () => (ends.push(performance.now() - began), false),
    });
    if (proof.left > 0) expect(ends.filter((end) => end > budgetMs).length).toBeLessThanOrEqual(1);
    expect(proof.tested).toBe(ends.length);
  });

  it('is tested on at the next opening where time was up, each case once, until every kernel is proven', async (context) => {
    const backend = await gpuBackend(context);
    const usual = backend.defaults();
    const memory = memoryOfProofs();
    const cases: string[] = [];
    const name = (test: OpCase, forms: Variants): string =>
      [...test.kernels, test.variant, ...test.shape, JSON.stringify(forms)].join(' ');
    const kernels = new Set<string>();
    const notes: DeviceFacts[] = [];
    while (notes.length < 100) {
      const proofs = new KernelValidation('1', {
        budgetMs: 5,
        breaks: (test, forms) => {
          cases.push(name(test, forms));
          for (const kernel of test.kernels) kernels.add(kernel);
          return (
            test.kernels.includes('linear') &&
            !test.variant.includes('generate') &&
            forms.linear === usual.linear
          );
        },
      });
      proofs.learn(parseValidation(await memory.load()));
      const { right, facts } = await proofs.trust(backend);
      expect(right).toBe(true);
      await memory.save(proofs.take());
      notes.push(facts);
      if (!facts.some((fact) => fact.kind === 'tests' && fact.left > 0)) break;
    }
    expect(notes.length).toBeGreaterThan(1);
    expect(cases).toHaveLength(new Set(cases).size);
    expect([...kernels].sort()).toEqual(Object.keys(kernelSources).sort());
    // What is said counts up, and never leaves out what was excluded at an earlier opening.
    const passed = notes.slice(0, -1).map(passedIn);
    expect(passed).toEqual([...new Set(passed)].sort((a, b) => a - b));
    const leftOut = { kind: 'left-out', variants: [`linear ${usual.linear}`] };
    expect(notes.at(-2)).toMatchObject([leftOut, { kind: 'tests' }]);
    expect(notes.at(-1)).toEqual([leftOut]);
    const known = new KernelValidation('1', { breaks: () => expect.unreachable('all is proven') });
    known.learn(parseValidation(await memory.load()));
    expect((await known.trust(backend)).facts).toEqual(notes.at(-1));
    expect(backend.variants().linear).not.toBe(usual.linear);
  });

  it('is tested on by an engine that stayed open, which gives it up for what is found wrong then', async (context) => {
    await gpuBackend(context);
    let wrong = false;
    const service = new EngineService({
      webgpu: () => createGpuBackend(navigator.gpu),
      wasm: () => createWasmBackend(),
      threads: 1,
      openSource: () => expect.unreachable('no model is asked for'),
      proofs: new KernelValidation('1', { budgetMs: 5, breaks: () => wrong }),
    });
    const open = () => service.open({ backend: 'webgpu', kvCache: 'f32', models: [], proofs: {} });
    try {
      const reasons = [(await open()).reason, (await open()).reason];
      for (const reason of reasons) expect(reason[0]).toEqual({ kind: 'asked', backend: 'webgpu' });
      const passed = reasons.map(passedIn);
      expect(passed[1]).toBeGreaterThan(passed[0]!);
      wrong = true;
      await expect(open()).rejects.toThrow(/computes wrong numbers/);
    } finally {
      await service
        .handlers()
        .close(null, { signal: new AbortController().signal, progress: () => undefined });
    }
  });

  it('is not used when a kernel has no right form, and the store remembers it', async (context) => {
    const backend = await gpuBackend(context);
    let tests = 0;
    const memory = memoryOfProofs();
    const broken = new KernelValidation('1', {
      budgetMs: 60_000,
      breaks: (test) => {
        tests += 1;
        return test.kernels.includes('attention');
      },
    });
    const { right, facts } = await broken.trust(backend);
    expect(right).toBe(false);
    expect(facts).toMatchObject([
      { kind: 'wrong-kernels', kernels: [{ kernel: expect.stringContaining('attention') as string }] },
    ]);
    await memory.save(broken.take());

    const later = new KernelValidation('1', { breaks: () => expect.unreachable('it was tested before') });
    later.learn(parseValidation(await memory.load()));
    expect((await later.trust(backend)).right).toBe(false);
    // Another version of the app has other kernels: it tests again.
    const newer = new KernelValidation('2', { budgetMs: 60_000 });
    newer.learn(parseValidation(await memory.load()));
    expect((await newer.trust(backend)).right).toBe(true);
    // All of the table up to the first form of attention, and not the later ones' again.
    expect(tests).toBeGreaterThan(10);
  });
});
