/** The engine worker's logic: one backend, each base loaded once, adapters switched, everything in turns. */
import type { Completion } from '../agents/agent';
import type { Backend } from '../compute/ops';
import type { ModelForms } from '../compute/modelCases';
import { selftest } from '../compute/selftest';
import { fail } from '../core/assert';
import { asArkletError, DeviceLostError } from '../core/errors';
import type { FileSource } from '../core/fileSource';
import { Gate } from '../core/gate';
import { Transferring, type CallContext, type Handlers } from '../rpc/rpc';
import { baseHash } from './baseHash';
import { deviceBench } from './deviceBench';
import { chooseBackend, trusted, type BackendMakers, type BenchmarkSize } from './chooseBackend';
import { type KernelValidation } from './kernelValidation';
import { parseValidation } from './validationRecords';
import { loadEngineModel, type EngineModel } from './engineModel';
import type { DeviceInfo, EngineProtocol } from './engineProtocol';
import type { ModelRef } from '../models/modelSpec';
import { variantsOf } from '../lm/variantsOf';
import { canHalve } from '../lm/cache';
import { kernelInfos } from './kernelInfos';
import { readModelFormats, type ConfigWithFormats } from '../models/readModelShape';
import { mergeStudent } from './mergeStudent';
import { continueSteps, runGroupRl, scoreSteps, trainReward, type PadHooks } from './padEngine';
import { trainAdapter } from './trainAdapter';

export interface EngineParts extends Omit<BackendMakers, 'prove'> {
  /** Tests GPUs that are new; without it every device is trusted. */
  readonly proofs?: KernelValidation;
  openSource(ref: ModelRef): FileSource;
}

/** 64 sequences become 4. */
const mostHalvings = 4;

type Context<K extends keyof EngineProtocol> = CallContext<EngineProtocol[K]>;

const smallest: BenchmarkSize = { hidden: 96, ffn: 288, layers: 3, format: 'f32' };

/** What the backends are measured with: the largest model, or `smallest`. */
function largestOf(models: readonly ConfigWithFormats[]): BenchmarkSize {
  const work = ({ hidden, ffn, layers }: BenchmarkSize): number => hidden * ffn * layers;
  return models
    .map((shape) => ({ ...shape, format: shape.formats[0] ?? 'f32' }))
    .reduce((most, one) => (work(one) > work(most) ? one : most), smallest);
}

export class EngineService {
  readonly #parts: EngineParts;
  readonly #gate = new Gate();
  /** Forms of kernels chosen so far, for the worker's life; a training's own are in its checkpoints. */
  readonly #tuned = new Map<string, string>();
  readonly #models = new Map<string, EngineModel>();
  /** Where the files of loaded models are. */
  readonly #refs = new Map<string, ModelRef>();
  /** `info` without the results of kernel validation. */
  #device: { readonly backend: Backend; readonly info: DeviceInfo } | null = null;
  #lost: Error | null = null;
  #kvCache: EngineProtocol['open']['request']['kvCache'] = 'f32';
  /** Devices lost so far: models that are loaded afterwards take half as often as much at once. */
  #losses = 0;

  constructor(parts: EngineParts) {
    this.#parts = parts;
  }

  handlers(): Handlers<EngineProtocol> {
    return {
      open: async (request) => {
        const info = await this.open(request);
        return { info, proofs: this.#parts.proofs?.take() ?? {} };
      },
      selftest: (request, context) => this.#selftest(request, context),
      bench: (request, context) => this.#bench(request, context),
      load: (request, context) => this.#guard(() => this.load(request.model, context)),
      unload: ({ model }) => this.#unload(model),
      generate: (request, context) => this.#guard(() => this.#generate(request, context)),
      baseHash: async ({ model }, { signal }) => {
        const ref = this.#refs.get(model);
        if (!ref) fail(`${model} is not loaded.`);
        return baseHash(this.#parts.openSource(ref), signal);
      },
      count: async ({ model, texts }) => this.#model(model).count(texts),
      unknownWords: async ({ model, text }) => this.#model(model).tokenizer.unknownWords(text),
      kernels: async () => kernelInfos(this.#lost ? null : (this.#device?.backend ?? null)),
      putAdapter: ({ model, adapter, files }) =>
        this.#guard(async () => {
          await this.#model(model).putAdapter(adapter, files);
          return null;
        }),
      dropAdapter: async ({ model, adapter }) => {
        this.#models.get(model)?.dropAdapter(adapter);
        return null;
      },
      exportStudent: (request, context) =>
        this.#guard(async () => {
          const ref = this.#refs.get(request.model);
          if (!ref) fail(`${request.model} is not loaded.`);
          const source = this.#parts.openSource(ref);
          const held = this.#opened().ledger.total;
          const files = await mergeStudent(this.#model(request.model), { ...request, source, held }, context);
          return new Transferring(
            files,
            Object.values(files).map(({ buffer }) => buffer),
          );
        }),
      train: (request, context) => this.#guard(() => this.#train(request, context)),
      continueSteps: (request, context) =>
        this.#guard(() => continueSteps(this.#model(request.model), request, this.#hooks(context))),
      trainReward: (request, context) =>
        this.#guard(() => trainReward(this.#model(request.model), request, this.#hooks(context))),
      groupRl: (request, context) =>
        this.#guard(() => runGroupRl(this.#model(request.model), request, this.#hooks(context))),
      scoreSteps: (request, context) =>
        this.#guard(() => scoreSteps(this.#model(request.model), request, context.signal)),
      gate: async ({ action }) => {
        this.#gate[action]();
        return null;
      },
      memory: async () => {
        const ledger = this.#opened().ledger;
        const prompts = { computed: 0, reused: 0 };
        for (const { stats } of this.#models.values()) {
          prompts.computed += stats.prompted;
          prompts.reused += stats.shared + stats.reused;
        }
        return { total: ledger.total, peak: ledger.peak, byOwner: ledger.byOwner(), prompts };
      },
      close: () => this.#close(),
    };
  }

  /**
   * Opens the device once; after a loss, or for another kind of backend, a new one. The caller is about to begin:
   * kernels that there was no time to test are tested now, and what is found wrong then costs the device its place.
   */
  async open(request: EngineProtocol['open']['request']): Promise<DeviceInfo> {
    const { proofs } = this.#parts;
    // A worker that ended took its own count with it.
    this.#losses = Math.max(this.#losses, Math.min(mostHalvings, request.losses ?? 0));
    if (request.kvCache !== this.#kvCache) {
      if (!this.#lost) for (const id of [...this.#models.keys()]) await this.#unload(id);
      this.#kvCache = request.kvCache;
    }
    if (this.#device && !this.#lost) {
      const { backend, info } = this.#device;
      // Opening is a start: the peak is that of what begins.
      backend.ledger.resetPeak();
      const fits = request.backend === 'auto' || (request.backend === 'cpu') === (info.backend !== 'webgpu');
      const forms = variantsOf(backend);
      // The CPU is not tested: its models are not read again.
      const models = fits && info.backend === 'webgpu' ? await this.#forms(request.models) : [];
      const trust = fits ? ((await proofs?.trust(backend, models)) ?? trusted) : null;
      // What was tuned against other forms may be wrong as well.
      if (variantsOf(backend) !== forms) this.#tuned.clear();
      if (trust?.right) return { ...info, reason: [...info.reason, ...trust.facts] };
    }
    await this.#close();
    const forms = await this.#forms(request.models);
    const size = largestOf(forms);
    proofs?.learn(parseValidation(request.proofs));
    const { backend, reason, found } = await chooseBackend(request.backend, size, {
      ...this.#parts,
      ...(proofs && { prove: (gpu: Backend) => proofs.trust(gpu, forms) }),
    });
    const { kind, device, threads } = backend;
    const info: DeviceInfo = { backend: kind, device, reason, threads };
    this.#device = { backend, info };
    this.#lost = null;
    void backend.lost.then((error) => {
      if (this.#device?.backend !== backend) return;
      this.#lost = error;
      this.#losses = Math.min(mostHalvings, this.#losses + 1);
    });
    return { ...info, reason: [...reason, ...found] };
  }

  async load(ref: ModelRef, context: Context<'load'>): Promise<EngineProtocol['load']['response']> {
    const known = this.#models.get(ref.id);
    if (known) return known.info;
    const backend = this.#opened();
    const model = await loadEngineModel(this.#parts.openSource(ref), backend, {
      id: ref.id,
      signal: context.signal,
      onProgress: (progress) => context.progress(progress),
      halvings: this.#losses,
      halfCache: this.#kvCache === 'f16',
    });
    this.#models.set(ref.id, model);
    this.#refs.set(ref.id, ref);
    return model.info;
  }

  /** On a backend of its own: the one in use keeps its models. */
  async #selftest(
    { backend: kind }: EngineProtocol['selftest']['request'],
    { signal, progress }: Context<'selftest'>,
  ): Promise<EngineProtocol['selftest']['response']> {
    const { proofs, webgpu, wasm } = this.#parts;
    const backend = await (kind === 'webgpu' ? webgpu() : wasm(1));
    try {
      const report = await selftest(backend, { signal, onRow: progress });
      await proofs?.again(backend);
      return { report, proofs: proofs?.take() ?? {} };
    } finally {
      backend.dispose();
    }
  }

  async #bench(
    { backend: kind }: EngineProtocol['bench']['request'],
    { signal, progress }: Context<'bench'>,
  ): Promise<EngineProtocol['bench']['response']> {
    const { webgpu, wasm, threads } = this.#parts;
    const backend = await (kind === 'webgpu' ? webgpu() : wasm(threads));
    try {
      return await deviceBench(backend, { signal, onFigure: progress });
    } finally {
      backend.dispose();
    }
  }

  async #generate(
    request: EngineProtocol['generate']['request'],
    context: Context<'generate'>,
  ): Promise<Completion> {
    return this.#model(request.model).generate(request, {
      signal: context.signal,
      ...(request.stream && { onText: (text: string) => context.progress({ text }) }),
    });
  }

  async #train(
    request: EngineProtocol['train']['request'],
    context: Context<'train'>,
  ): Promise<Transferring<EngineProtocol['train']['response']>> {
    const files = await trainAdapter(this.#model(request.model), request, {
      signal: context.signal,
      gate: this.#gate,
      tuned: this.#tuned,
      onUpdate: (update) => context.progress(update),
    });
    return new Transferring({ files }, []);
  }

  #hooks<T>(context: { signal: AbortSignal; progress(update: T): void }): PadHooks<T> {
    return { signal: context.signal, gate: this.#gate, onUpdate: (update) => context.progress(update) };
  }

  /** What decides which kernels each model runs. */
  async #forms(models: readonly ModelRef[]): Promise<readonly (ConfigWithFormats & ModelForms)[]> {
    const shapes: (ConfigWithFormats & ModelForms)[] = [];
    for (const ref of models) {
      const shape = await readModelFormats(this.#parts.openSource(ref));
      shapes.push({ ...shape, halfCache: this.#kvCache === 'f16' && canHalve(shape) });
    }
    return shapes;
  }

  #opened(): Backend {
    if (this.#lost) throw this.#lost;
    if (!this.#device) fail('The engine has no device yet.');
    return this.#device.backend;
  }

  #model(id: string): EngineModel {
    this.#opened();
    const model = this.#models.get(id);
    if (!model) fail(`${id} is not loaded.`);
    return model;
  }

  /** Work that fails because the device went away fails with that reason. */
  async #guard<T>(work: () => Promise<T>): Promise<T> {
    const backend = this.#opened();
    try {
      return await work();
    } catch (thrown) {
      // A lost device shows first as whatever call it broke: its own reason comes within a moment.
      const gone = await Promise.race([
        backend.lost,
        new Promise<null>((resolve) => setTimeout(resolve, backend.kind === 'webgpu' ? 50 : 0, null)),
      ]);
      throw gone instanceof DeviceLostError ? gone : asArkletError(thrown);
    }
  }

  async #unload(id: string): Promise<null> {
    const model = this.#models.get(id);
    this.#models.delete(id);
    await model?.dispose();
    return null;
  }

  async #close(): Promise<null> {
    if (!this.#lost) for (const model of this.#models.values()) await model.dispose();
    this.#models.clear();
    this.#device?.backend.dispose();
    this.#device = null;
    this.#lost = null;
    return null;
  }
}
