/** Loss and every LoRA gradient against PyTorch + peft (golden) and against central differences in f64. */
import { describe, expect, it } from 'vitest';
import type { Backend } from '../../../src/compute/ops';
import { createReferenceBackend } from '../../../src/compute/referenceBackend';
import { createWasmBackend } from '../../../src/compute/wasmBackend';
import { adapterTensors, createAdapter, namedMatrices } from '../../../src/lm/adapter';
import type { LoraConfig } from '../../../src/lm/types';
import { Backprop } from '../../../src/train/backprop';
import type { BackpropOptions } from '../../../src/train/backprop';
import { packExamples } from '../../../src/train/batch';
import { compare, loadGolden } from './golden';
import { familyGoldens } from './goldenModel';

interface Bounds {
  readonly create: () => Backend | Promise<Backend>;
  /** Largest error of a loss, and of a gradient matrix, relative to the largest of them. */
  readonly nll: number;
  readonly relative: number;
  readonly cosine: number;
}

const families = ['llama', 'qwen2', 'qwen3'] as const;

describe.each([...families, ...familyGoldens])('a tiny random %s', (family) => {
  const reference: Bounds = { create: createReferenceBackend, nll: 2e-6, cosine: 0.9999999, relative: 2e-5 };
  const wasm: Bounds = { create: createWasmBackend, nll: 1e-5, cosine: 0.99999, relative: 1e-3 };
  it.each<[string, Partial<BackpropOptions>, Bounds]>([
    ['in f64', {}, reference],
    ['in f64 with what is cheap recomputed', { recompute: 'selective' }, reference],
    ['in f64 with every layer recomputed', { recompute: 'full' }, reference],
    ['in f64 with one chunk of logits after another', { logitsBytes: 1 }, reference],
    ['in WASM SIMD', {}, wasm],
    ['in WASM SIMD with what is cheap recomputed', { recompute: 'selective' }, wasm],
    ['in WASM SIMD with every layer recomputed', { recompute: 'full' }, wasm],
    ['in WASM SIMD with one chunk of logits after another', { logitsBytes: 1 }, wasm],
  ])('has the loss and gradients of PyTorch + peft, %s', async (_, options, bounds) => {
    const backend = await bounds.create();
    const golden = await loadGolden(backend, family);
    const adapter = golden.adapter();
    const batch = packExamples([...golden.documents, ...golden.documents, ...golden.documents]);
    const targets = batch.targets.length;
    const gradient = backend.tensor([adapter.params.size], { owner: 'test', label: 'gradient' });
    const nll = backend.tensor([targets], { owner: 'test', label: 'nll' });
    backend.fill({ x: gradient, value: 0 });
    const backprop = new Backprop(golden.model, adapter, { owner: 'activations', ...options });
    backprop.forward(batch);
    backprop.backward({ nll, weights: new Float32Array(targets).fill(1 / targets), gradient });

    expect(targets).toBe(3 * golden.nll.length);
    expect(compare(await backend.read(nll, 0, targets / 3), golden.nll).relative).toBeLessThan(bounds.nll);
    const ours = namedMatrices(adapter, await backend.read(gradient));
    const theirs = golden.named('grad.');
    expect([...ours.keys()].sort()).toEqual([...theirs.keys()].sort());
    for (const [name, { values }] of theirs) {
      const { cosine, relative } = compare(ours.get(name)!.values, values);
      expect(cosine, name).toBeGreaterThan(bounds.cosine);
      expect(relative, name).toBeLessThan(bounds.relative);
    }
    backprop.dispose();
    expect(backend.ledger.byOwner()).not.toHaveProperty('activations');
  });
});

describe.each([...families, 'granite', 'olmo2', 'gemma2', 'gemma3', 'phi3'] as const)(
  'a tiny random %s',
  (family) => {
    it.each<[string, Partial<LoraConfig>]>([
      ['all linears and dropout', { dropout: 0.3 }],
      ['q and v only', { targets: ['q_proj', 'v_proj'] }],
      ['o and up, rank-stabilised', { targets: ['o_proj', 'up_proj'], rslora: true }],
      ['down only', { targets: ['down_proj'] }],
    ])('has the gradients of central differences in f64: %s', async (_, change) => {
      const backend = createReferenceBackend();
      const golden = await loadGolden(backend, family);
      const config = { ...golden.lora, ...change };
      const adapter = createAdapter(golden.model, config, { seed: 1, owner: 'adapter' });
      const params = backend.readF64(adapter.params);
      // B is zero at the start, which would leave dA zero.
      for (const { part, offset, rows, cols } of adapterTensors(adapter)) {
        if (part === 'B') for (let i = 0; i < rows * cols; i++) params[offset + i] = Math.sin(offset + i) / 5;
      }
      backend.writeF64(adapter.params, params);
      const batch = packExamples(golden.documents.slice(0, 3));
      const targets = batch.targets.length;
      const weights = Float32Array.from({ length: targets }, (__, i) => Math.cos(i));
      const gradient = backend.tensor([adapter.params.size], { owner: 'test', label: 'gradient' });
      const nll = backend.tensor([targets], { owner: 'test', label: 'nll' });
      backend.fill({ x: gradient, value: 0 });
      const backprop = new Backprop(golden.model, adapter, { owner: 'activations' });
      const temperature = 0.7;
      backprop.forward(batch, { dropoutKey: 5 });
      backprop.backward({ nll, weights, gradient, temperature });
      const analytic = backend.readF64(gradient);

      const lossAt = (index: number, delta: number): number => {
        const moved = params.slice();
        moved[index] = moved[index]! + delta;
        backend.writeF64(adapter.params, moved);
        backprop.forward(batch, { dropoutKey: 5 });
        backprop.losses({ nll, temperature });
        return backend.readF64(nll).reduce((sum, value, i) => sum + value * weights[i]!, 0);
      };
      // Two elements of every matrix, spread over it.
      for (const { name, offset, rows, cols } of adapterTensors(adapter)) {
        for (const part of [0.21, 0.77]) {
          const index = offset + Math.floor(part * rows * cols);
          const numeric = (lossAt(index, 1e-5) - lossAt(index, -1e-5)) / 2e-5;
          expect(Math.abs(analytic[index]! - numeric), name).toBeLessThan(
            1e-6 * Math.max(1, Math.abs(numeric)),
          );
        }
      }
    });
  },
);
