import { describe, expect, it } from 'vitest';
import { tuneVariants } from '../../src/compute/gpuTuning';
import { proveKernels } from '../../src/compute/proveKernels';
import { kernelSources } from '../../src/gpu/kernels';
import { DeviceProofs, parseProofs, proofKey, proofMemory } from '../../src/run/deviceProof';
import { gpuBackend } from './support';

describe('a device that was not seen before', () => {
  it('is tested in every kernel of the table', async (context) => {
    const backend = await gpuBackend(context);
    const seen = new Set<string>();
    const proof = await proveKernels(backend, {
      budgetMs: 60_000,
      breaks: (test) => {
        for (const kernel of test.kernels) seen.add(kernel);
        return false;
      },
    });
    expect(proof).toMatchObject({ excluded: [], failed: [], variants: {}, complete: true });
    expect([...seen].sort()).toEqual(Object.keys(kernelSources).sort());
  });

  it('loses the form of a kernel that computes wrong, and the tuner does not bring it back', async (context) => {
    const backend = await gpuBackend(context);
    const before = backend.defaults();
    const proof = await proveKernels(backend, {
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
      linear: [32, 32],
      rank: 4,
      format: 'f32',
      budgetMs: 0,
    });
    expect(tuned.linear).toBe(proof.variants.linear);
    // What the page shows as the reason for the device.
    const proofs = new DeviceProofs('1');
    proofs.learn({ [proofKey(backend.device, '1')]: proof });
    expect(await proofs.trust(backend)).toEqual({
      right: true,
      note: `Left out, because wrong here: ${proof.excluded.join(', ')}.`,
    });
  });

  it('is tested within its time: past the budget no case is begun, and the next run tests again', async (context) => {
    const backend = await gpuBackend(context);
    let begun = 0;
    const late = new DeviceProofs('1', { budgetMs: -1, breaks: () => ((begun += 1), false) });
    const { right, note } = await late.trust(backend);
    expect(begun).toBe(0);
    expect(right).toBe(true);
    expect(note).toMatch(/^0 tests .* time was up; the next run tests again/);
    expect(late.take()).toEqual({});

    // One case may be under way when time is up, not two.
    const budgetMs = 40;
    const ends: number[] = [];
    const began = performance.now();
    const proof = await proveKernels(backend, {
      budgetMs,
      breaks: () => (ends.push(performance.now() - began), false),
    });
    if (!proof.complete) expect(ends.filter((end) => end > budgetMs).length).toBeLessThanOrEqual(1);
    expect(proof.tested).toBe(ends.length);
  });

  it('is not used when a kernel has no right form, and the store remembers it', async (context) => {
    const backend = await gpuBackend(context);
    let tests = 0;
    const stored = new Map<string, unknown>();
    const memory = proofMemory({
      getSetting: async (key) => stored.get(key),
      putSetting: async (key, value) => void stored.set(key, value),
    });
    const broken = new DeviceProofs('1', {
      budgetMs: 60_000,
      breaks: (test) => {
        tests += 1;
        return test.kernels.includes('attention');
      },
    });
    const { right, note } = await broken.trust(backend);
    expect(right).toBe(false);
    expect(note).toMatch(/computes wrong numbers in attention.*the CPU is used/);
    await memory.save(broken.take());

    const later = new DeviceProofs('1', { breaks: () => expect.unreachable('it was tested before') });
    later.learn(parseProofs(await memory.load()));
    expect((await later.trust(backend)).right).toBe(false);
    // Another version of the app has other kernels: it tests again.
    const newer = new DeviceProofs('2', { budgetMs: 60_000 });
    newer.learn(parseProofs(await memory.load()));
    expect((await newer.trust(backend)).right).toBe(true);
    // All of the table up to the first form of attention, and not the later ones' again.
    expect(tests).toBeGreaterThan(10);
  });
});
