/** The figures of a step are read while the next one is computed; what a training results in is the same. */
import { describe, expect, it } from 'vitest';
import type { Backend } from '../../../src/compute/ops';
import { createReferenceBackend } from '../../../src/compute/referenceBackend';
import { createWasmBackend } from '../../../src/compute/wasmBackend';
import { TrainingError } from '../../../src/core/errors';
import { Gate } from '../../../src/core/gate';
import type { Checkpoint } from '../../../src/train/checkpoint';
import { defaultTrainOptions } from '../../../src/train/options';
import { trainExamples } from '../../../src/train/trainer';
import type { TrainLog } from '../../../src/records/trainLog';
import { loadGolden } from './golden';

it('a step is recorded while the figures of the one before it are on their way', async () => {
  const backend = await createWasmBackend();
  const steps = 4;
  let [passes, late] = [0, 0];
  const waiting: (() => void)[] = [];
  // Losses come back only once the next forward pass was recorded, but for those of the last step.
  const slow = Object.create(backend, {
    embed: {
      value: (op: Parameters<Backend['embed']>[0]) => {
        passes++;
        for (const go of waiting.splice(0)) go();
        backend.embed(op);
      },
    },
    read: {
      value: async (...args: Parameters<Backend['read']>) => {
        const read = await backend.read(...args);
        if (args[0].label !== 'losses' || passes === steps) return read;
        late++;
        await new Promise<void>((resolve) => waiting.push(resolve));
        return read;
      },
    },
  }) as Backend;
  const { model, lora, documents } = await loadGolden(slow, 'llama');
  const options = { ...defaultTrainOptions, steps, batch: 2, lora };
  const { logs } = await trainExamples({ model, options, examples: documents });
  expect(late).toBe(steps - 1);
  expect(logs.map(({ step }) => step)).toEqual([1, 2, 3, 4]);
  backend.dispose();
});

it('a paused training has told every step that it took', async () => {
  const backend = await createWasmBackend();
  const { model, lora, documents } = await loadGolden(backend, 'llama');
  const gate = new Gate();
  const options = { ...defaultTrainOptions, steps: 3, batch: 2, lora };
  const told: number[] = [];
  gate.pause();
  const training = trainExamples({
    ...{ model, options, gate, examples: documents },
    onLog: ({ step }) => told.push(step),
  });
  const passed = async (): Promise<void> => {
    for (let i = 0; i < 20; i++) await new Promise((resolve) => setTimeout(resolve, 5));
  };
  for (const steps of [1, 2, 3]) {
    gate.step();
    await passed();
    expect(told).toEqual([1, 2, 3].slice(0, steps));
  }
  await training;
  backend.dispose();
});

describe.each([
  ['f64', async (): Promise<Backend> => createReferenceBackend()],
  ['WASM SIMD', (): Promise<Backend> => createWasmBackend()],
])('a gradient that is not finite, in %s', (_, create) => {
  it('leaves parameters and moments of its last good step, though the next one was recorded', async () => {
    const backend = await create();
    const { model, lora, documents } = await loadGolden(backend, 'llama');
    const options = { ...defaultTrainOptions, steps: 6, batch: 2, lora };
    const states: Checkpoint[] = [];
    const good: Checkpoint[] = [];
    const logs: TrainLog[] = [];
    await trainExamples({
      ...{ model, options: { ...options, saveEvery: 1 }, examples: documents },
      onCheckpoint: (saved) => {
        good.push(saved);
      },
    });
    let step = 0;
    const breaking = Object.create(backend, {
      sumSquares: {
        value: (op: Parameters<Backend['sumSquares']>[0]) => {
          backend.sumSquares(op);
          // As a gradient that is not finite leaves it.
          if (++step === 3) backend.write(op.out, Float32Array.of(Number.NaN));
        },
      },
    }) as Backend;
    await expect(
      trainExamples({
        ...{ model: { ...model, backend: breaking }, options, examples: documents },
        onLog: (log) => logs.push(log),
        onCheckpoint: (saved) => {
          states.push(saved);
        },
      }),
    ).rejects.toBeInstanceOf(TrainingError);
    expect(step).toBe(4);
    expect(logs.map((log) => log.step)).toEqual([1, 2]);
    const [kept] = states;
    const second = good.find((saved) => saved.step === 2);
    expect(kept).toMatchObject({ step: 2, tokens: second?.tokens });
    for (const part of ['params', 'm', 'v'] as const) expect(kept?.[part]).toEqual(second?.[part]);
    backend.dispose();
  });
});
