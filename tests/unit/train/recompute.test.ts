/** Recomputation changes memory and no byte: losses, gradients, trainings and their resumption. */
import { describe, expect, it } from 'vitest';
import { createReferenceBackend } from '../../../src/compute/referenceBackend';
import { createWasmBackend } from '../../../src/compute/wasmBackend';
import { InterruptedError } from '../../../src/core/errors';
import { createAdapter } from '../../../src/lm/adapter';
import { recomputations, type Recomputation } from '../../../src/lm/recompute';
import { Backprop } from '../../../src/train/backprop';
import { packExamples } from '../../../src/train/batch';
import { readCheckpoint, writeCheckpoint, type Checkpoint } from '../../../src/train/checkpoint';
import { defaultTrainOptions } from '../../../src/train/options';
import { trainExamples } from '../../../src/train/trainer';
import { bitsOf } from '../../support/backendSuite';
import { loadGolden } from './golden';

const families = ['llama', 'qwen2', 'qwen3', 'granite', 'olmo2', 'gemma2', 'gemma3', 'phi3'] as const;

describe.each([
  ['f64', async () => createReferenceBackend()],
  ['WASM SIMD', () => createWasmBackend()],
] as const)('recomputation in %s', (_, create) => {
  it.each(families)('of %s gives the same bits of loss and gradient, twice from one forward pass too', async (family) => {
    const backend = await create();
    const golden = await loadGolden(backend, family);
    const adapter = createAdapter(golden.model, { ...golden.lora, dropout: 0.2 }, { seed: 1, owner: 'adapter' });
    backend.write(adapter.params, Float32Array.from({ length: adapter.params.size }, (__, i) => Math.sin(i) / 5));
    const batch = packExamples(golden.documents);
    const targets = batch.targets.length;
    const gradient = backend.tensor([adapter.params.size], { owner: 'test', label: 'gradient' });
    const nll = backend.tensor([targets], { owner: 'test', label: 'nll' });
    const weights = Float32Array.from({ length: targets }, (__, i) => 1 + Math.cos(i));
    const found = new Map<Recomputation, Uint32Array[]>();
    const held = new Map<Recomputation, number>();
    for (const recompute of recomputations) {
      const backprop = new Backprop(golden.model, adapter, { owner: 'activations', recompute });
      backprop.forward(batch, { dropoutKey: 5 });
      const bits: Uint32Array[] = [];
      for (let time = 0; time < 2; time++) {
        backend.fill({ x: gradient, value: 0 });
        backprop.backward({ nll, weights, gradient });
        bits.push(bitsOf(await backend.read(nll)), bitsOf(await backend.read(gradient)));
      }
      found.set(recompute, bits);
      held.set(recompute, backend.ledger.byOwner()['activations'] ?? 0);
      backprop.dispose();
    }
    expect(found.get('selective')).toEqual(found.get('off'));
    expect(found.get('full')).toEqual(found.get('off'));
    expect(held.get('full')).toBeLessThan(held.get('selective')!);
    expect(held.get('selective')).toBeLessThan(held.get('off')!);
    backend.dispose();
  }); // prettier-ignore
});

describe('a training', () => {
  it('has the same bytes with any recomputation, and goes on with another one than it began with', async () => {
    const backend = await createWasmBackend();
    const { model, lora, documents } = await loadGolden(backend, 'qwen3');
    const options = { ...defaultTrainOptions, steps: 4, batch: 2, saveEvery: 2, lora };
    const run = async (recompute: Recomputation, resume: Checkpoint | null = null) => {
      const states: Uint8Array<ArrayBuffer>[] = [];
      const { checkpoint } = await trainExamples({
        ...{ model, options, resume, examples: documents },
        recompute: () => recompute,
        onCheckpoint: (saved) => {
          states.push(writeCheckpoint(saved));
        },
      });
      return { half: states[0]!, whole: writeCheckpoint(checkpoint) };
    };
    const kept = await run('off');
    const [selective, full] = [await run('selective'), await run('full')];
    expect(selective).toEqual(kept);
    expect(full).toEqual(kept);
    const { whole } = await run('full', await readCheckpoint(kept.half));
    expect(whole).toEqual(kept.whole);
    backend.dispose();
  });

  it('is told the size of its largest pass before it takes memory', async () => {
    const backend = await createWasmBackend();
    const { model, lora, documents } = await loadGolden(backend, 'llama');
    const options = { ...defaultTrainOptions, steps: 1, batch: documents.length, lora };
    const sizes: { rows: number; targets: number }[] = [];
    const stop = AbortSignal.abort();
    const before = backend.ledger.byOwner();
    await expect(
      trainExamples({
        ...{ model, options, examples: documents, signal: stop },
        recompute: (size) => {
          sizes.push(size);
          return 'full';
        },
      }),
    ).rejects.toBeInstanceOf(InterruptedError);
    const { rows, targets } = packExamples(documents);
    expect(sizes).toEqual([{ rows, targets: targets.length }]);
    expect(backend.ledger.byOwner()).toEqual(before);
    backend.dispose();
  });
});
