/** `npm run -s counts` in Node: what a token and a training step ask of a GPU, and how long a submit gets, on the counting GPU. */
import { createGpuBackend, type GpuBackend } from '../src/compute/gpuBackend';
import type { WeightFormat } from '../src/compute/ops';
import { createAdapter } from '../src/lm/adapter';
import { Generator } from '../src/lm/generate';
import { defaultLora, defaultTrainOptions } from '../src/train/options';
import { trainExamples } from '../src/train/trainer';
import { VirtualClock } from '../tests/support/countingGpu/clock';
import { CountingGpu, type Counts } from '../tests/support/countingGpu/countingGpu';
import { emptyModel, type ModelName } from '../src/lm/shaped/emptyModel';

export interface StepCounts {
  readonly dispatches: number;
  readonly submits: number;
  readonly bytesRead: number;
  readonly reads: number;
  /** Processor time of the page in a step, the sampler's too. */
  readonly jsMs: number;
}

export interface CountsReport {
  readonly models: readonly {
    readonly name: string;
    readonly format: string;
    /** A token of one sequence. */
    readonly decode: StepCounts;
    /** A step of 64 sequences. */
    readonly decode64: StepCounts;
    /** A step of 4 documents of 128 tokens. */
    readonly train: StepCounts;
  }[];
  readonly longestSubmitMs: readonly {
    readonly gflops: number;
    readonly work: string;
    readonly ms: number;
  }[];
}

const models: readonly (readonly [ModelName, WeightFormat])[] = [
  ['SmolLM2-135M', 'f16'],
  ['Qwen2.5-0.5B', 'f16'],
  ['Qwen3-0.6B', 'f16'],
  ['Llama-3.2-1B', 'q4'],
];
const paced: readonly (readonly [ModelName, WeightFormat])[] = [
  ['Qwen2.5-0.5B', 'f16'],
  ['Llama-3.2-1B', 'q4'],
];
const speeds = [40, 150, 1000];

const rounded = (value: number, digits = 1): number => Math.round(value * 10 ** digits) / 10 ** digits;

/** What changed between two states of the counters, for each step. */
async function perStep(gpu: CountingGpu, work: () => Promise<number>): Promise<StepCounts> {
  const before: Counts = { ...gpu.counts };
  const cpu = process.cpuUsage();
  const steps = await work();
  const { user, system } = process.cpuUsage(cpu);
  const of = (key: keyof Counts, digits = 1): number =>
    rounded((gpu.counts[key] - before[key]) / steps, digits);
  return {
    dispatches: of('dispatches'),
    submits: of('submits'),
    bytesRead: of('readBytes'),
    reads: of('reads', 3),
    jsMs: rounded((user + system) / 1000 / steps),
  };
}

async function decode(
  backend: GpuBackend,
  gpu: CountingGpu,
  model: ReturnType<typeof emptyModel>,
  sequences: number,
): Promise<StepCounts> {
  // How many tokens come between two reads is by time, which is not this machine's.
  const generator = new Generator(model, null, { chainMs: Infinity });
  const run = async (tokens: number): Promise<number> => {
    const before = generator.stats.steps;
    const sampling = { temperature: 0, topP: 1, seed: 1, maxTokens: tokens };
    await generator.generate(
      Array.from({ length: sequences }, (_, i) => ({ promptIds: [1, 2, 3 + i], sampling })),
    );
    return generator.stats.steps - before;
  };
  await run(8);
  const counted = await perStep(gpu, () => run(sequences > 1 ? 24 : 40));
  await generator.dispose();
  await backend.finish();
  return counted;
}

const documents = (count: number, tokens: number) =>
  Array.from({ length: count }, () => ({
    ids: Array.from({ length: tokens }, (_, i) => i + 1),
    responseStart: tokens / 2,
  }));

async function countModel(name: ModelName, format: WeightFormat): Promise<CountsReport['models'][number]> {
  const gpu = new CountingGpu();
  const backend = await createGpuBackend(gpu.gpu);
  const model = emptyModel(backend, name, format);
  const one = await decode(backend, gpu, model, 1);
  const many = await decode(backend, gpu, model, 64);
  const adapter = createAdapter(model, defaultLora, { seed: 0, owner: 'adapter' });
  const options = { ...defaultTrainOptions, batch: 4, order: 'file' as const, steps: 8 };
  let began: { counts: Counts; cpu: NodeJS.CpuUsage } | null = null;
  let train: StepCounts | null = null;
  await trainExamples({
    ...{ model, adapter, options, examples: documents(4, 128) },
    onStep: async (step) => {
      if (step === 3) began = { counts: { ...gpu.counts }, cpu: process.cpuUsage() };
      if (step !== 7 || !began) return;
      const { counts, cpu } = began;
      const { user, system } = process.cpuUsage(cpu);
      const of = (key: keyof Counts): number => rounded((gpu.counts[key] - counts[key]) / 4);
      train = {
        dispatches: of('dispatches'),
        submits: of('submits'),
        bytesRead: of('readBytes'),
        reads: of('reads'),
        jsMs: rounded((user + system) / 4000),
      };
    },
  });
  if (!train) throw new Error('no training step was counted');
  backend.dispose();
  return { name, format, decode: one, decode64: many, train };
}

/** The longest submit of a work that is done three times on a device of a given speed, the first time too. */
export async function longestSubmit(
  name: ModelName,
  format: WeightFormat,
  work: 'prefill 2048' | 'train 4x512' | 'decode 64',
  gflops: number,
): Promise<number> {
  const clock = new VirtualClock();
  const uninstall = clock.install();
  try {
    const gpu = new CountingGpu({ clock, gflops });
    const backend = await createGpuBackend(gpu.gpu);
    const model = emptyModel(backend, name, format);
    if (work === 'train 4x512') {
      const adapter = createAdapter(model, defaultLora, { seed: 0, owner: 'adapter' });
      const options = { ...defaultTrainOptions, batch: 4, steps: 3, order: 'file' as const };
      await trainExamples({ model, adapter, options, examples: documents(4, 512) });
    } else {
      const generator = new Generator(model, null);
      const [count, tokens, most] = work === 'decode 64' ? [64, 16, 3] : [1, 2048, 2];
      const sampling = { temperature: 0, topP: 1, seed: 1, maxTokens: most };
      for (let time = 0; time < 3; time++) {
        await generator.generate(
          Array.from({ length: count }, (_, i) => ({
            promptIds: Array.from({ length: tokens }, (__, j) => ((j * 7 + i + 64 * time) % 1000) + 1),
            sampling,
          })),
        );
      }
      await generator.dispose();
    }
    backend.dispose();
    return gpu.counts.longestSubmitMs;
  } finally {
    uninstall();
  }
}

export async function counts(): Promise<CountsReport> {
  const counted: CountsReport['models'][number][] = [];
  for (const [name, format] of models) counted.push(await countModel(name, format));
  const longestSubmitMs: CountsReport['longestSubmitMs'][number][] = [];
  for (const gflops of speeds) {
    for (const [name, format] of paced) {
      for (const work of ['prefill 2048', 'train 4x512', 'decode 64'] as const) {
        const ms = rounded(await longestSubmit(name, format, work, gflops));
        longestSubmitMs.push({ gflops, work: `${name} ${work}`, ms });
      }
    }
  }
  return { models: counted, longestSubmitMs };
}
