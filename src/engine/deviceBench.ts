/** "Bench this device": kernels, whole models on random weights, and what a read and a submit take. Sends nothing anywhere. */
import type { GpuBackend } from '../compute/gpuBackend';
import type { Backend, WeightFormat } from '../compute/ops';
import { OutOfMemoryError, throwIfAborted } from '../core/errors';
import { createAdapter, releaseAdapter } from '../lm/adapter';
import { modelShapes, type ModelName } from '../lm/shaped/emptyModel';
import { Generator } from '../lm/generate';
import { unloadModel } from '../lm/load';
import { randomModel } from '../lm/shaped/randomModel';
import type { LanguageModel } from '../lm/types';
import { defaultLora, defaultTrainOptions } from '../train/options';
import { trainExamples } from '../train/trainer';
import type { DeviceBench, DeviceFigure, KernelFigure, ModelFigure } from '../wire/deviceBench';
import { benchKernels, linearName, type BenchPatience } from './benchKernels';
import { parametersOf } from './engineModel';

export interface BenchOptions {
  readonly signal: AbortSignal;
  readonly onFigure: (figure: DeviceFigure) => void;
  /** Seconds that a work of a model may be expected to take; default 20. */
  readonly mostSeconds?: number;
  readonly patience?: BenchPatience;
}

const models: readonly (readonly [ModelName, WeightFormat])[] = [
  ['bundled', 'f16'],
  ['SmolLM2-135M', 'f16'],
  ['Qwen2.5-0.5B', 'f16'],
  ['Qwen2.5-0.5B', 'q4'],
];

interface WorkBench {
  readonly work: ModelFigure['work'];
  readonly tokens: number;
  /** Products that a parameter takes with each token. */
  readonly passes: number;
  /** Whether rows are computed by themselves. */
  readonly alone: boolean;
  /** Tokens a second. */
  speed(model: LanguageModel, tokens: number, signal: AbortSignal): Promise<number>;
}

/** Sequences of a batch, and documents of a training step. */
const sequences = 64;
const documents = 4;
const works: readonly WorkBench[] = [
  {
    work: 'decode',
    tokens: 32,
    passes: 1,
    alone: true,
    speed: (model, tokens) => decodeSpeed(model, 1, tokens),
  },
  {
    work: 'decode of 64',
    tokens: 8 * sequences,
    passes: 1,
    alone: false,
    speed: (model, tokens) => decodeSpeed(model, sequences, tokens),
  },
  { work: 'prefill of 512', tokens: 512, passes: 1, alone: false, speed: prefillSpeed },
  { work: 'training, 4 x 128', tokens: 128 * documents, passes: 3, alone: false, speed: trainingSpeed },
];

/** Seconds that a work will take, from the speed of the linears. */
function expectedSeconds(
  name: ModelName,
  format: string,
  { tokens, passes, alone }: WorkBench,
  kernels: readonly KernelFigure[],
): number {
  const linears = kernels.filter((row) => row.kernel === linearName('generate') && row.format === format);
  // The first is of one row, the last of several.
  const gflops = linears.at(alone ? 0 : -1)?.gflops ?? Number.POSITIVE_INFINITY;
  return (2 * parametersOf({ tied: true, ...modelShapes[name] }) * tokens * passes) / gflops / 1e9;
}

const ids = (count: number, vocab: number, salt: number): number[] =>
  Array.from({ length: count }, (_, i) => (i * 7 + salt * 13) % vocab);

/** Of replies, greedy; `tokens` in all. */
async function decodeSpeed(model: LanguageModel, count: number, tokens: number): Promise<number> {
  const generator = new Generator(model, null, { maxSequences: count, cacheTokens: count * 64 });
  const run = (maxTokens: number): Promise<unknown> =>
    generator.generate(
      Array.from({ length: count }, (_, i) => ({
        promptIds: ids(4, model.config.vocab, i),
        sampling: { temperature: 0, topP: 1, seed: 1, maxTokens },
      })),
    );
  try {
    await run(2);
    const began = performance.now();
    await run(tokens / count);
    return (1000 * tokens) / (performance.now() - began);
  } finally {
    await generator.dispose();
  }
}

async function prefillSpeed(model: LanguageModel, tokens: number): Promise<number> {
  const generator = new Generator(model, null, { maxSequences: 1, cacheTokens: tokens + 32 });
  const sampling = { temperature: 0, topP: 1, seed: 1, maxTokens: 1 };
  const run = (count: number, salt: number): Promise<unknown> =>
    generator.generate([{ promptIds: ids(count, model.config.vocab, salt), sampling }]);
  try {
    await run(300, 1);
    const began = performance.now();
    await run(tokens, 2);
    return (1000 * tokens) / (performance.now() - began);
  } finally {
    await generator.dispose();
  }
}

/** Of optimiser steps, after the first. */
async function trainingSpeed(model: LanguageModel, tokens: number, signal: AbortSignal): Promise<number> {
  const adapter = createAdapter(model, defaultLora, { seed: 0, owner: 'bench' });
  const steps = 3;
  let began = 0;
  try {
    await trainExamples({
      model,
      adapter,
      signal,
      owner: 'bench',
      options: { ...defaultTrainOptions, batch: documents, order: 'file', steps },
      examples: Array.from({ length: documents }, (_, i) => ({
        ids: ids(tokens / documents, model.config.vocab, i),
        responseStart: tokens / documents / 2,
      })),
      onStep: (step) => {
        if (step === 1) began = performance.now();
      },
    });
    return (1000 * (steps - 1) * tokens) / (performance.now() - began);
  } finally {
    releaseAdapter(model.backend, adapter);
  }
}

async function benchModel(
  backend: Backend,
  [name, format]: (typeof models)[number],
  kernels: readonly KernelFigure[],
  { signal, onFigure, mostSeconds = 20 }: BenchOptions,
): Promise<readonly ModelFigure[]> {
  const figures: ModelFigure[] = [];
  const add = (work: ModelFigure['work'], figure: Pick<ModelFigure, 'tokensPerSecond' | 'skipped'>): void => {
    const row = { name, format, work, ...figure };
    figures.push(row);
    onFigure({ type: 'model', row });
  };
  let model: LanguageModel | null = null;
  /** Not even the weights fit. */
  let full = false;
  try {
    for (const bench of works) {
      const { work } = bench;
      throwIfAborted(signal);
      const slow = expectedSeconds(name, format, bench, kernels) > mostSeconds;
      if (slow || full) {
        add(work, { tokensPerSecond: null, skipped: slow ? 'slow' : 'memory' });
        continue;
      }
      try {
        model ??= await randomModel(backend, name, format, { maxContext: 1024 });
        add(work, { tokensPerSecond: await bench.speed(model, bench.tokens, signal) });
      } catch (error) {
        if (!(error instanceof OutOfMemoryError)) throw error;
        full = model === null;
        add(work, { tokensPerSecond: null, skipped: 'memory' });
      }
    }
  } finally {
    if (model) unloadModel(model);
  }
  return figures;
}

async function readBack(backend: Backend): Promise<DeviceBench['readBackMs']> {
  const tensor = backend.tensor([1], { owner: 'bench', label: 'read back' });
  try {
    const times: number[] = [];
    for (let i = 0; i < 21; i++) {
      backend.fill({ x: tensor, value: i });
      await backend.finish();
      const began = performance.now();
      await backend.read(tensor);
      times.push(performance.now() - began);
    }
    times.sort((a, b) => a - b);
    return { min: times[0] ?? 0, median: times[10] ?? 0, max: times[20] ?? 0 };
  } finally {
    backend.release(tensor);
  }
}

const isGpu = (backend: Backend): backend is GpuBackend => backend.kind === 'webgpu';

/** On a backend of its own. Rejects with InterruptedError, DeviceLostError. */
export async function deviceBench(backend: Backend, options: BenchOptions): Promise<DeviceBench> {
  const { signal, onFigure, patience = { wantedMs: 60, mostMs: 400 } } = options;
  const began = performance.now();
  const readBackMs = await readBack(backend);
  if (isGpu(backend)) backend.recorder.resetLongestSubmit();
  const kernels = await benchKernels(backend, patience, {
    signal,
    onRow: (row) => onFigure({ type: 'kernel', row }),
  });
  const figures: ModelFigure[] = [];
  for (const model of models) figures.push(...(await benchModel(backend, model, kernels, options)));
  return {
    device: backend.device,
    backend: backend.kind,
    threads: backend.threads,
    readBackMs,
    longestSubmitMs: isGpu(backend) ? backend.recorder.longestSubmitMs : null,
    kernels,
    models: figures,
    seconds: (performance.now() - began) / 1000,
  };
}
