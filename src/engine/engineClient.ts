import { AssertionError } from '../core/assert';
import type { AgentCallbacks, AgentRequest, Completion, LoadOptions } from '../agents/agent';
import type { AgentEngine } from '../agents/engine';
import type { ArkletError } from '../core/errors';
import type { KernelInfo } from '../wire/device';
import type { DeviceBench, DeviceFigure } from '../wire/deviceBench';
import type { SelftestReport, SelftestRow } from '../compute/selftestReport';
import type { ModelRef } from '../models/modelSpec';
import type { RpcClient } from '../rpc/rpc';
import type { DeviceInfo, EngineProtocol, ModelInfo, TrainRequest, TrainUpdate } from './engineProtocol';
import type { PadProtocol } from './padProtocol';
import type { ValidationMemory } from './validationRecords';

/** The coordinator's view of the engine worker. Every call rejects with the engine's own typed error. */
export class EngineClient implements AgentEngine {
  readonly #rpc: RpcClient<EngineProtocol>;
  readonly #refs = new Map<string, ModelRef>();
  readonly #loads = new Map<string, Promise<ModelInfo>>();
  readonly #memory: ValidationMemory | null;
  readonly #end: ((error: ArkletError) => void) | null;
  #device: string | null = null;

  /** `end` ends the worker; without one `terminate` only lets its calls go. */
  constructor(
    rpc: RpcClient<EngineProtocol>,
    memory: ValidationMemory | null = null,
    end: ((error: ArkletError) => void) | null = null,
  ) {
    this.#rpc = rpc;
    this.#memory = memory;
    this.#end = end;
  }

  /** Whether its worker has ended: every further call fails. */
  get closed(): boolean {
    return this.#rpc.closed;
  }

  /** Ends the worker at once: every call in flight, and every later one, rejects with the error. */
  terminate(error: ArkletError): void {
    this.#end?.(error);
    this.#rpc.close(error);
  }

  /** Opens the device; `models` are what it is measured for and what `load` knows by id. */
  async open(
    backend: 'auto' | 'webgpu' | 'cpu',
    models: readonly ModelRef[],
    kvCache: 'f32' | 'f16' = 'f32',
    losses = 0,
  ): Promise<DeviceInfo> {
    for (const model of models) this.#refs.set(model.id, model);
    const { info, proofs } = await this.#rpc.call('open', {
      backend,
      kvCache,
      models,
      losses,
      proofs: (await this.#memory?.load()) ?? {},
    });
    await this.#memory?.save(proofs);
    // Another device holds none of the models that the one before it held, and with another cache they are loaded again.
    const device = `${info.backend} ${info.device} ${kvCache}`;
    if (this.#device !== device) this.#loads.clear();
    this.#device = device;
    return info;
  }

  async selftest(
    backend: 'webgpu' | 'cpu',
    options: { signal: AbortSignal; onRow: (row: SelftestRow) => void },
  ): Promise<SelftestReport> {
    const { signal, onRow } = options;
    const { report, proofs } = await this.#rpc.call('selftest', { backend }, { signal, onProgress: onRow });
    await this.#memory?.save(proofs);
    return report;
  }

  bench(
    backend: 'webgpu' | 'cpu',
    { signal, onFigure }: { signal: AbortSignal; onFigure: (figure: DeviceFigure) => void },
  ): Promise<DeviceBench> {
    return this.#rpc.call('bench', { backend }, { signal, onProgress: onFigure });
  }

  /** After a lost device: everything must be loaded again. */
  forget(): void {
    this.#loads.clear();
  }

  async load(model: string, options: LoadOptions = {}): Promise<void> {
    await this.info(model, options);
  }

  /** Loads a model once and gives its sizes. */
  info(model: string, options: LoadOptions = {}): Promise<ModelInfo> {
    const known = this.#loads.get(model);
    if (known) return known;
    const ref = this.#refs.get(model);
    if (!ref) return Promise.reject(new AssertionError(`${model} was not named when the device was opened.`));
    const loading = this.#rpc.call('load', { model: ref }, options);
    this.#loads.set(model, loading);
    loading.catch(() => this.#loads.delete(model));
    return loading;
  }

  generate(
    target: { readonly model: string; readonly adapter: string | null },
    request: AgentRequest,
    { signal, onText }: AgentCallbacks,
  ): Promise<Completion> {
    return this.#rpc.call(
      'generate',
      { ...target, messages: request.messages, sampling: request.sampling, stream: onText !== undefined },
      { ...(signal && { signal }), ...(onText && { onProgress: ({ text }) => onText(text) }) },
    );
  }

  baseHash(model: string, signal: AbortSignal): Promise<string> {
    return this.#rpc.call('baseHash', { model }, { signal });
  }

  count(model: string, texts: readonly string[]): Promise<readonly number[]> {
    return this.#rpc.call('count', { model, texts });
  }

  unknownWords(model: string, text: string): Promise<readonly string[]> {
    return this.#rpc.call('unknownWords', { model, text });
  }

  kernels(): Promise<readonly KernelInfo[]> {
    return this.#rpc.call('kernels', null);
  }

  async putAdapter(
    model: string,
    adapter: string,
    files: Readonly<Record<string, Uint8Array>>,
  ): Promise<void> {
    await this.#rpc.call('putAdapter', { model, adapter, files });
  }

  async dropAdapter(model: string, adapter: string): Promise<void> {
    await this.#rpc.call('dropAdapter', { model, adapter });
  }

  async train(
    request: TrainRequest,
    options: { signal?: AbortSignal; onUpdate?: (update: TrainUpdate) => void } = {},
  ): Promise<Readonly<Record<string, Uint8Array>>> {
    const { signal, onUpdate } = options;
    const { files } = await this.#rpc.call('train', request, {
      ...(signal && { signal }),
      ...(onUpdate && { onProgress: onUpdate }),
    });
    return files;
  }

  exportStudent(
    request: EngineProtocol['exportStudent']['request'],
    options: {
      signal: AbortSignal;
      onProgress: (progress: EngineProtocol['exportStudent']['progress']) => void;
    },
  ): Promise<Readonly<Record<string, Uint8Array>>> {
    return this.#rpc.call('exportStudent', request, options);
  }

  /** A call of process-aware distillation. */
  pad<K extends keyof PadProtocol>(
    call: K,
    request: PadProtocol[K]['request'],
    options: { signal: AbortSignal; onProgress?: (progress: PadProtocol[K]['progress']) => void },
  ): Promise<PadProtocol[K]['response']> {
    return this.#rpc.call(call, request, options);
  }

  async gate(action: 'pause' | 'unpause' | 'step'): Promise<void> {
    await this.#rpc.call('gate', { action });
  }

  memory(): Promise<EngineProtocol['memory']['response']> {
    return this.#rpc.call('memory', null);
  }

  async unload(model: string): Promise<void> {
    this.#loads.delete(model);
    await this.#rpc.call('unload', { model });
  }

  async close(): Promise<void> {
    this.#loads.clear();
    await this.#rpc.call('close', null);
  }
}
