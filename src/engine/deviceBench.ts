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
import { benchKernels, type BenchPatience } from './benchKernels';

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
const works = ['decode', 'decode of 64', 'prefill of 512', 'training, 4 x 128'] as const;
type Work = ModelFigure['work'];

/** Parameters that a token is multiplied with. */
function parametersOf(name: ModelName): number {
  const { hidden, layers, heads, kvHeads, headDim, ffn, vocab } = modelShapes[name];
  const layer = (2 * heads + 2 * kvHeads) * headDim * hidden + 3 * ffn * hidden;
  return layers * layer + vocab * hidden;
}

/** Tokens of a work, and how many products a parameter takes in each. */
const loads: Readonly<
  Record<Work, { readonly tokens: number; readonly passes: number; readonly rows: number }>
> = {
  decode: { tokens: 32, passes: 1, rows: 1 },
  'decode of 64': { tokens: 64 * 8, passes: 1, rows: 64 },
  'prefill of 512': { tokens: 512, passes: 1, rows: 64 },
  'training, 4 x 128': { tokens: 512, passes: 3, rows: 64 },
};

/** Seconds that a work will take, from the speed of the linears. */
function expectedSeconds(
  name: ModelName,
  format: string,
  work: Work,
  kernels: readonly KernelFigure[],
): number {
  const { tokens, passes, rows } = loads[work];
  const linears = kernels.filter(({ kernel }) => kernel === 'linear (generate)');
  const of = linears.filter((row) => row.format === format);
  // The first is of one row, the second of several.
  const gflops = of[rows === 1 ? 0 : of.length - 1]?.gflops ?? Number.POSITIVE_INFINITY;
  return (2 * parametersOf(name) * tokens * passes) / gflops / 1e9;
}

const ids = (count: number, vocab: number, salt: number): number[] =>
  Array.from({ length: count }, (_, i) => (i * 7 + salt * 13) % vocab);

/** Tokens a second of replies, greedy. */
async function decodeSpeed(model: LanguageModel, sequences: number, tokens: number): Promise<number> {
  const generator = new Generator(model, null, { maxSequences: sequences, cacheTokens: sequences * 64 });
  const run = (maxTokens: number): Promise<unknown> =>
    generator.generate(
      Array.from({ length: sequences }, (_, i) => ({
        promptIds: ids(4, model.config.vocab, i),
        sampling: { temperature: 0, topP: 1, seed: 1, maxTokens },
      })),
    );
  try {
    await run(2);
    const began = performance.now();
    await run(tokens);
    return (1000 * sequences * tokens) / (performance.now() - began);
  } finally {
    await generator.dispose();
  }
}

async function prefillSpeed(model: LanguageModel): Promise<number> {
  const generator = new Generator(model, null, { maxSequences: 1, cacheTokens: 544 });
  const sampling = { temperature: 0, topP: 1, seed: 1, maxTokens: 1 };
  const run = (count: number, salt: number): Promise<unknown> =>
    generator.generate([{ promptIds: ids(count, model.config.vocab, salt), sampling }]);
  try {
    await run(300, 1);
    const began = performance.now();
    await run(model.maxContext >= 513 ? 512 : model.maxContext - 1, 2);
    return (1000 * 512) / (performance.now() - began);
  } finally {
    await generator.dispose();
  }
}

/** Tokens a second of optimiser steps on 4 documents of 128, after the first. */
async function trainingSpeed(model: LanguageModel, signal: AbortSignal): Promise<number> {
  const adapter = createAdapter(model, defaultLora, { seed: 0, owner: 'bench' });
  const steps = 3;
  let began = 0;
  try {
    await trainExamples({
      model,
      adapter,
      signal,
      owner: 'bench',
      options: { ...defaultTrainOptions, batch: 4, order: 'file', steps },
      examples: Array.from({ length: 4 }, (_, i) => ({
        ids: ids(128, model.config.vocab, i),
        responseStart: 64,
      })),
      onStep: (step) => {
        if (step === 1) began = performance.now();
      },
    });
    return (1000 * (steps - 1) * 512) / (performance.now() - began);
  } finally {
    releaseAdapter(model.backend, adapter);
  }
}

function speedOf(model: LanguageModel, work: Work, signal: AbortSignal): Promise<number> {
  switch (work) {
    case 'decode':
      return decodeSpeed(model, 1, 32);
    case 'decode of 64':
      return decodeSpeed(model, 64, 8);
    case 'prefill of 512':
      return prefillSpeed(model);
    case 'training, 4 x 128':
      return trainingSpeed(model, signal);
    default:
      return work satisfies never;
  }
}

async function benchModel(
  backend: Backend,
  [name, format]: (typeof models)[number],
  kernels: readonly KernelFigure[],
  { signal, onFigure, mostSeconds = 20 }: BenchOptions,
): Promise<readonly ModelFigure[]> {
  const figures: ModelFigure[] = [];
  const add = (work: Work, figure: Pick<ModelFigure, 'tokensPerSecond' | 'skipped'>): void => {
    const row = { name, format, work, ...figure };
    figures.push(row);
    onFigure({ type: 'model', row });
  };
  const slow = new Set(works.filter((work) => expectedSeconds(name, format, work, kernels) > mostSeconds));
  let model: LanguageModel | null = null;
  /** Not even the weights fit. */
  let full = false;
  try {
    for (const work of works) {
      throwIfAborted(signal);
      if (slow.has(work)) {
        add(work, { tokensPerSecond: null, skipped: 'slow' });
        continue;
      }
      if (full) {
        add(work, { tokensPerSecond: null, skipped: 'memory' });
        continue;
      }
      try {
        model ??= await randomModel(backend, name, format, { maxContext: 1024 });
        add(work, { tokensPerSecond: await speedOf(model, work, signal) });
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
