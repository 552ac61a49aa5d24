/** LoRA on a base that the CPU keeps quantised: gradients, and a training that is interrupted. */
import { setFlagsFromString } from 'node:v8';
import { expect, it } from 'vitest';
import type { Backend } from '../../../src/compute/ops';
import { InterruptedError } from '../../../src/core/errors';
import { createReferenceBackend } from '../../../src/compute/referenceBackend';
import { createWasmBackend } from '../../../src/compute/wasmBackend';
import { createAdapter, namedMatrices } from '../../../src/lm/adapter';
import { loadModel } from '../../../src/lm/load';
import { Backprop } from '../../../src/train/backprop';
import { packExamples } from '../../../src/train/batch';
import { readCheckpoint, writeCheckpoint, type Checkpoint } from '../../../src/train/checkpoint';
import type { TrainHooks } from '../../../src/train/hooks';
import { defaultLora, defaultTrainOptions } from '../../../src/train/options';
import { trainExamples } from '../../../src/train/trainer';
import { golden } from '../lm/fixtures';
import { compare } from './golden';

// Node 20 has relaxed SIMD behind a flag.
setFlagsFromString('--experimental-wasm-relaxed-simd');

const examples = Array.from({ length: 6 }, (_, i) => ({
  ids: Array.from({ length: 20 + i }, (_unused, t) => 3 + ((7 * i + 5 * t) % 60)),
  responseStart: 8,
}));

async function gradients(backend: Backend) {
  const model = await loadModel((await golden('gguf')).source, backend);
  const adapter = createAdapter(model, defaultLora, { seed: 5, owner: 'adapter' });
  // B is 0 at first, and A's gradient with it.
  const params = await backend.read(adapter.params);
  backend.write(
    adapter.params,
    params.map((value, i) => value + 0.02 * Math.sin(i)),
  );
  const batch = packExamples(examples);
  const targets = batch.targets.length;
  const gradient = backend.tensor([adapter.params.size], { owner: 'test', label: 'gradient' });
  const nll = backend.tensor([targets], { owner: 'test', label: 'nll' });
  backend.fill({ x: gradient, value: 0 });
  const backprop = new Backprop(model, adapter, { owner: 'activations' });
  backprop.forward(batch);
  backprop.backward({ nll, weights: new Float32Array(targets).fill(1 / targets), gradient });
  const formats = new Set(
    model.layers.flatMap(({ qkv, o, gateUp, down }) => [qkv, o, gateUp, down]).map((m) => m.format),
  );
  return {
    formats,
    nll: await backend.read(nll, 0, targets),
    named: namedMatrices(adapter, await backend.read(gradient)),
  };
}

it('its gradients are those of f64 on the decoded weights', async () => {
  const ours = await gradients(await createWasmBackend({ packFrom: 0 }));
  const exact = await gradients(createReferenceBackend());
  expect([...ours.formats].some((format) => format === 'q4' || format === 'q8')).toBe(true);
  expect(compare(ours.nll, exact.nll).relative).toBeLessThan(1e-5);
  for (const [name, { values }] of exact.named) {
    const { cosine, relative } = compare(ours.named.get(name)!.values, values);
    expect(cosine, name).toBeGreaterThan(0.99999);
    expect(relative, name).toBeLessThan(1e-3);
  }
});

it('a training that is interrupted gives the same bytes, whatever the threads', async () => {
  const options = { ...defaultTrainOptions, steps: 4, batch: 2, lr: 0.01 };
  const run = async (threads: number, hooks: TrainHooks<Checkpoint>) => {
    const backend = await createWasmBackend({ packFrom: 0, threads });
    try {
      const model = await loadModel((await golden('gguf')).source, backend);
      const { checkpoint } = await trainExamples({ model, examples, options, ...hooks });
      return writeCheckpoint(checkpoint);
    } finally {
      backend.dispose();
    }
  };
  const whole = await run(1, {});
  const controller = new AbortController();
  let saved: Uint8Array<ArrayBuffer> | null = null;
  const stopped = run(1, {
    signal: controller.signal,
    onLog: ({ step }) => {
      if (step === 2) controller.abort();
    },
    onCheckpoint(checkpoint) {
      saved = writeCheckpoint(checkpoint);
    },
  });
  await expect(stopped).rejects.toBeInstanceOf(InterruptedError);
  const resume = await readCheckpoint(saved!);
  expect(resume.step).toBe(2);
  expect(await run(1, { resume })).toEqual(whole);
  // The device's name is in the file: the numbers are compared.
  const numbers = async (bytes: Uint8Array<ArrayBuffer>) => (await readCheckpoint(bytes)).params;
  expect(await numbers(await run(2, { resume }))).toEqual(await numbers(whole));
});
