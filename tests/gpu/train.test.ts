/** Training on WebGPU: loss, every LoRA gradient and 20 steps against PyTorch + peft; repeatable and resumable. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createGpuBackend, type GpuBackend } from '../../src/compute/gpuBackend';
import { InterruptedError } from '../../src/core/errors';
import { readAll } from '../../src/core/fileSource';
import { namedMatrices } from '../../src/lm/adapter';
import { UrlSource } from '../../src/lm/sources';
import { Backprop, type BackpropOptions } from '../../src/train/backprop';
import { packExamples } from '../../src/train/batch';
import { readCheckpoint, writeCheckpoint, type Checkpoint } from '../../src/train/checkpoint';
import { defaultTrainOptions } from '../../src/train/options';
import { trainExamples } from '../../src/train/trainer';
import type { TrainHooks } from '../../src/train/hooks';
import { compare, goldenFrom, type Golden, type GoldenFamily } from '../unit/train/goldenModel';

let backend: GpuBackend;
beforeAll(async () => {
  backend = await createGpuBackend(navigator.gpu);
});
afterAll(() => backend.dispose());

async function load(family: GoldenFamily): Promise<Golden> {
  const source = new UrlSource(`${location.origin}/tests/golden/train`);
  return goldenFrom(backend, await readAll(source, `${family}.safetensors`));
}

describe.each(['llama', 'qwen2', 'qwen3'] as const)('a tiny random %s on WebGPU', (family) => {
  it.each<[string, Partial<BackpropOptions>]>([
    ['all activations kept', { recompute: 'off' }],
    ['what is cheap recomputed', { recompute: 'selective' }],
    ['every layer recomputed and logits in chunks', { recompute: 'full', logitsBytes: 1 }],
  ])('has the loss and gradients of PyTorch + peft with %s', async (_, options) => {
    const golden = await load(family);
    const adapter = golden.adapter();
    const batch = packExamples([...golden.documents, ...golden.documents, ...golden.documents]);
    const targets = batch.targets.length;
    const gradient = backend.tensor([adapter.params.size], { owner: 'test', label: 'gradient' });
    const nll = backend.tensor([targets], { owner: 'test', label: 'nll' });
    backend.fill({ x: gradient, value: 0 });
    const backprop = new Backprop(golden.model, adapter, { owner: 'activations', ...options });
    backprop.forward(batch);
    backprop.backward({ nll, weights: new Float32Array(targets).fill(1 / targets), gradient });
    expect(compare(await backend.read(nll, 0, targets / 3), golden.nll).relative).toBeLessThan(1e-5);
    const ours = namedMatrices(adapter, await backend.read(gradient));
    for (const [name, { values }] of golden.named('grad.')) {
      const { cosine, relative } = compare(ours.get(name)!.values, values);
      expect(cosine, name).toBeGreaterThan(0.99999);
      expect(relative, name).toBeLessThan(1e-3);
    }
    backprop.dispose();
    expect(backend.ledger.byOwner()).not.toHaveProperty('activations');
  });
});

describe('training on WebGPU', () => {
  it('has the losses and gradient norms of 20 steps of peft + torch.optim.AdamW', async () => {
    const golden = await load('llama');
    const { losses, gradNorms, ...settings } = golden.run!;
    const adapter = golden.adapter('start.');
    const options = { ...defaultTrainOptions, ...settings, lora: golden.lora, order: 'file' as const };
    const { logs } = await trainExamples({
      model: golden.model,
      examples: golden.documents,
      options,
      adapter,
    });
    expect(logs).toHaveLength(20);
    logs.forEach((log, step) => {
      expect(Math.abs(log.loss - losses[step]!), `loss of step ${step}`).toBeLessThan(1e-4);
      expect(Math.abs(log.grad_norm / gradNorms[step]! - 1), `norm of step ${step}`).toBeLessThan(1e-3);
    });
  });

  it('stopped and resumed gives the bytes of an undisturbed run, dropout included', async () => {
    const { model, documents: examples } = await load('qwen3');
    const lora = { ...defaultTrainOptions.lora, rank: 2, alpha: 4, dropout: 0.1 };
    const options = { ...defaultTrainOptions, steps: 5, batch: 2, gradAccum: 2, lr: 0.01, lora };
    const whole = await trainExamples({ model, examples, options });
    const controller = new AbortController();
    let saved: Uint8Array<ArrayBuffer> | null = null;
    const hooks: TrainHooks<Checkpoint> = {
      signal: controller.signal,
      onLog: ({ step }) => {
        if (step === 2) controller.abort();
      },
      onCheckpoint: (checkpoint) => {
        saved = writeCheckpoint(checkpoint);
      },
    };
    await expect(trainExamples({ model, examples, options, ...hooks })).rejects.toBeInstanceOf(
      InterruptedError,
    );
    const resume = await readCheckpoint(saved!);
    expect(resume.variants).not.toBeNull();
    const rest = await trainExamples({ model, examples, options, resume });
    expect(writeCheckpoint(rest.checkpoint)).toEqual(writeCheckpoint(whole.checkpoint));
  });

  it('gives the bytes of an untuned run when its kernels are timed first, and does not time when resumed', async () => {
    const { model, documents: examples } = await load('llama');
    const lora = { ...defaultTrainOptions.lora, rank: 2, alpha: 4 };
    const options = { ...defaultTrainOptions, steps: 2, batch: 2, lr: 0.01, lora };
    const plain = await trainExamples({ model, examples, options });
    let started = 0;
    const memory = new Map<string, string>();
    const tuning = { memory, onStart: () => void started++ };
    const tuned = await trainExamples({ model, examples, options, tuning });
    expect(started).toBe(1);
    expect([...memory.keys()].every((key) => key.startsWith(backend.device))).toBe(true);
    expect(memory.size).toBe(3);
    expect(tuned.checkpoint.variants).toBe(JSON.stringify(backend.variants()));
    expect(tuned.checkpoint.params).toEqual(plain.checkpoint.params);
    expect(tuned.logs).toEqual(plain.logs);
    const form = backend.variants().linear;
    backend.useVariants({ linear: form === '4x4' ? '8x8' : '4x4' });
    await trainExamples({ model, examples, options, tuning, resume: tuned.checkpoint });
    expect(started).toBe(1);
    expect(backend.variants().linear).toBe(form);
  });
});
