/** The training loop: PyTorch's 20 steps, repeatability, resuming, stopping, diverging. */
import { describe, expect, it } from 'vitest';
import type { Backend } from '../../../src/compute/ops';
import { createReferenceBackend } from '../../../src/compute/referenceBackend';
import type { ReferenceBackend } from '../../../src/compute/referenceBackend';
import { createWasmBackend } from '../../../src/compute/wasmBackend';
import { InterruptedError, TrainingError } from '../../../src/core/errors';
import type { TrainLog } from '../../../src/records/trainLog';
import { readAdapter } from '../../../src/lm/adapter';
import { Generator } from '../../../src/lm/generate';
import type { LanguageModel } from '../../../src/lm/types';
import { readCheckpoint, writeCheckpoint } from '../../../src/train/checkpoint';
import type { Checkpoint } from '../../../src/train/checkpoint';
import { defaultTrainOptions } from '../../../src/train/options';
import type { TrainOptions } from '../../../src/train/options';
import { trainExamples } from '../../../src/train/trainer';
import type { TrainHooks } from '../../../src/train/hooks';
import type { TrainExamplesRequest, TrainResult } from '../../../src/train/trainRun';
import { compare, loadGolden } from './golden';

const short: TrainOptions = {
  ...defaultTrainOptions,
  steps: 6,
  batch: 2,
  gradAccum: 2,
  lr: 0.01,
  scheduler: 'cosine',
  warmup: 1,
  lora: { ...defaultTrainOptions.lora, rank: 2, alpha: 4, dropout: 0.1 },
  seed: 3,
  evalEvery: 2,
};

interface Outcome extends TrainResult {
  readonly bytes: Uint8Array;
  readonly owners: Record<string, number>;
}

/** The reference with parameters and moments kept in f32 between steps, as every other backend keeps them. */
function createF32StateBackend(): ReferenceBackend {
  const backend = createReferenceBackend();
  return {
    ...backend,
    adamw(op) {
      backend.adamw(op);
      for (const tensor of [op.param, op.m, op.v])
        backend.writeF64(tensor, backend.readF64(tensor).map(Math.fround));
    },
  };
}

/** Trains a fresh tiny model on the golden's first four documents; the last two are held out. */
async function run(
  options: TrainOptions,
  hooks: TrainHooks<Checkpoint> = {},
  create: () => Backend | Promise<Backend> = createF32StateBackend,
  hooksOf: (model: LanguageModel) => Pick<TrainExamplesRequest, 'onStep'> = () => ({}),
): Promise<Outcome> {
  const backend = await create();
  const { model, documents } = await loadGolden(backend, 'qwen3');
  const [examples, evalExamples] = [documents.slice(0, 4), documents.slice(4)];
  try {
    const result = await trainExamples({
      model,
      examples,
      evalExamples,
      options,
      ...hooks,
      ...hooksOf(model),
    });
    return { ...result, bytes: writeCheckpoint(result.checkpoint), owners: backend.ledger.byOwner() };
  } catch (error) {
    expect(backend.ledger.byOwner()).not.toHaveProperty('train');
    throw error;
  }
}

describe('training', () => {
  it.each([
    ['f64', createReferenceBackend],
    ['WASM SIMD', createWasmBackend],
  ])('in %s has the losses, norms and end of 20 steps of peft + torch.optim.AdamW', async (_, create) => {
    const backend = await create();
    const golden = await loadGolden(backend, 'llama');
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
      expect(Math.abs(log.loss - losses[step]!), `loss of step ${step}`).toBeLessThan(2e-5);
      expect(Math.abs(log.grad_norm / gradNorms[step]! - 1), `norm of step ${step}`).toBeLessThan(2e-4);
    });
    expect(losses[0]! - losses[19]!).toBeGreaterThan(1);
    const ours = await readAdapter(backend, adapter);
    for (const [name, { values }] of golden.named('end.')) {
      expect(compare(ours.get(name)!.values, values).cosine, name).toBeGreaterThan(0.99999);
    }
  });

  it('gives the same bytes for the same seed and others for another', async () => {
    const [first, second, other] = [await run(short), await run(short), await run({ ...short, seed: 4 })];
    expect(second.bytes).toEqual(first.bytes);
    expect(second.logs).toEqual(first.logs);
    expect(other.bytes).not.toEqual(first.bytes);
  });

  it('gives the same bytes whether or not the adapter in training answers questions between its steps', async () => {
    const silent = await run(short, {}, createWasmBackend);
    const replies: string[] = [];
    const asked = await run(short, {}, createWasmBackend, (model) => {
      const generator = new Generator(model, null, { maxSequences: 2, owner: 'probe' });
      return {
        async onStep(step, adapter) {
          const sampling = { temperature: 0, topP: 1, seed: 0, maxTokens: 5 };
          const [reply] = await generator.generate([{ promptIds: [1, 2, 3], sampling }], { adapter });
          replies.push(`${step}: ${reply!.ids.length}`);
        },
      };
    });
    expect(replies).toEqual(Array.from({ length: short.steps + 1 }, (_, step) => `${step}: 5`));
    expect(asked.bytes).toEqual(silent.bytes);
  });

  it.each<[number, string, () => Backend | Promise<Backend>]>([
    [1, 'f64', createF32StateBackend],
    [3, 'f64', createF32StateBackend],
    [2, 'WASM SIMD', createWasmBackend],
    [5, 'WASM SIMD', createWasmBackend],
  ])(
    'stopped after step %i in %s and resumed gives the bytes of an undisturbed run',
    async (stop, _, create) => {
      const undisturbed = await run(short, {}, create);
      const controller = new AbortController();
      let saved: Uint8Array<ArrayBuffer> | null = null;
      const before: TrainLog[] = [];
      const hooks: TrainHooks<Checkpoint> = {
        signal: controller.signal,
        onLog(log) {
          before.push(log);
          if (log.step === stop) controller.abort();
        },
        onCheckpoint(checkpoint) {
          saved = writeCheckpoint(checkpoint);
        },
      };
      const stopped = run(short, hooks, create);
      await expect(stopped).rejects.toBeInstanceOf(InterruptedError);
      const resume = await readCheckpoint(saved!);
      expect(resume.step).toBe(stop);
      const resumed = await run(short, { resume }, create);
      expect(resumed.bytes).toEqual(undisturbed.bytes);
      expect([...before, ...resumed.logs]).toEqual(undisturbed.logs);
    },
  );

  it('refuses to resume with other settings or other data, and says which', async () => {
    const { checkpoint } = await run({ ...short, steps: 2 });
    const reordered = Object.fromEntries(
      Object.entries({ ...short, steps: 2 }).reverse(),
    ) as unknown as TrainOptions;
    expect((await run(reordered, { resume: checkpoint })).logs).toEqual([]);
    await expect(run({ ...short, steps: 2, lr: 0.5 }, { resume: checkpoint })).rejects.toThrow(/another lr/);
    await expect(run({ ...short, steps: 2 }, { resume: { ...checkpoint, data: 1 } })).rejects.toThrow(
      /other training data/,
    );
  });

  it('logs under the names of TRL, with the held-out loss when it is due', async () => {
    const { logs } = await run(short);
    expect(Object.keys(logs[1]!).sort()).toEqual(
      ['epoch', 'eval_loss', 'grad_norm', 'learning_rate', 'loss', 'num_tokens', 'step'].sort(),
    );
    expect(logs.map((log) => 'eval_loss' in log)).toEqual([false, true, false, true, false, true]);
    // Cosine after one step of warm-up: 0, then lr (1 + cos(pi k / 5)) / 2.
    expect(logs[0]!.learning_rate).toBe(0);
    expect(logs[1]!.learning_rate).toBe(0.01);
    expect(logs[2]!.learning_rate).toBeCloseTo(0.01 * 0.9045085, 8);
    // Four documents a step out of four.
    expect(logs.map((log) => log.epoch)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('keeps the best parameters and stops early when the held-out loss rises', async () => {
    const eager = { ...short, steps: 60, lr: 0.3, scheduler: 'constant' as const, patience: 3, evalEvery: 1 };
    const { logs, best, stoppedEarly, checkpoint } = await run({ ...eager, loadBest: true });
    const held = logs.map((log) => log.eval_loss!);
    expect(stoppedEarly).toBe(true);
    expect(best!.loss).toBe(Math.min(...held));
    expect(held.indexOf(best!.loss) + 1).toBe(best!.step);
    expect(logs).toHaveLength(best!.step + 3);
    expect(checkpoint.best!.params).not.toEqual(checkpoint.params);
  });

  it('ends a diverging run with a typed error and keeps the last finite state', async () => {
    let kept: Checkpoint | null = null;
    const wild = { ...short, lr: 10, warmup: 0, steps: 50, scheduler: 'constant' as const, maxGradNorm: 0 };
    const seen: TrainLog[] = [];
    const backend = createReferenceBackend();
    const { model, documents } = await loadGolden(backend, 'qwen3');
    const attempt = trainExamples({
      model,
      examples: documents,
      options: wild,
      onLog: (log) => seen.push(log),
      onStep(step) {
        // A poisoned weight, as a faulty device would leave it.
        if (step === 2)
          backend.writeRows(model.layers[1]!.o, 0, 1, {
            format: 'f32',
            values: new Float32Array(model.layers[1]!.o.cols).fill(NaN),
          });
      },
      onCheckpoint(checkpoint) {
        kept = checkpoint;
      },
    });
    await expect(attempt).rejects.toBeInstanceOf(TrainingError);
    expect(seen).toHaveLength(2);
    expect(kept!.step).toBe(2);
    expect(kept!.params.every(Number.isFinite)).toBe(true);
    expect(Object.keys(backend.ledger.byOwner())).toEqual(['model']);
  });

  it('leaves nothing allocated but the adapter', async () => {
    const { owners, adapter } = await run({ ...short, steps: 1 });
    expect(owners['train']).toBe(adapter.params.size * 8);
  });
});
