import type {
  AgentBackend,
  AgentCallbacks,
  AgentRequest,
  Completion,
  ContextLimit,
  LoadOptions,
} from './agent';

/** What an engine agent needs of the engine; the run's client of the engine worker has it. */
export interface AgentEngine {
  /** Loads a model once and gives its longest sequence in tokens. */
  info(model: string, options: LoadOptions): Promise<{ readonly maxContext: number }>;
  /** Tokens of each text. */
  count(model: string, texts: readonly string[]): Promise<readonly number[]>;
  generate(
    target: { readonly model: string; readonly adapter: string | null },
    request: AgentRequest,
    callbacks: AgentCallbacks,
  ): Promise<Completion>;
  unload(model: string): Promise<void>;
}

/** An engine that takes adapters, as the run's client of the engine worker does. */
export interface AdapterEngine extends AgentEngine {
  putAdapter(model: string, adapter: string, files: Readonly<Record<string, Uint8Array>>): Promise<void>;
  dropAdapter(model: string, adapter: string): Promise<void>;
}

/** An adapter's files on a model that others may use too; turns are stored under `name`. */
export function adapterAgent(
  engine: AdapterEngine,
  options: {
    readonly model: string;
    readonly name: string;
    readonly files: Readonly<Record<string, Uint8Array>>;
    readonly shortens?: boolean;
  },
): AgentBackend {
  const { model, name, files, shortens = false } = options;
  const speaker = engineAgent(engine, { model, adapter: name, shortens });
  return {
    model: name,
    weights: model,
    kind: speaker.kind,
    concurrency: speaker.concurrency,
    get context() {
      return speaker.context ?? null;
    },
    async load(loading) {
      await speaker.load(loading);
      await engine.putAdapter(model, name, files);
    },
    generate: (request, callbacks) => speaker.generate(request, callbacks),
    unload: () => speaker.unload(),
    release: () => engine.dropAdapter(model, name),
  };
}

/**
 * Our own engine: one base, optionally with an adapter switched on; requests of all agents are batched in the worker.
 * `shortens`: whether earlier replies may be shortened to the model's context (a model that reads whole replies only says no).
 */
export function engineAgent(
  engine: AgentEngine,
  options: {
    readonly model: string;
    readonly adapter?: string | null;
    readonly concurrency?: number;
    readonly shortens?: boolean;
  },
): AgentBackend {
  const { model, adapter = null, shortens = false } = options;
  let context: ContextLimit | null = null;
  return {
    model,
    kind: 'engine',
    concurrency: options.concurrency ?? 64,
    get context() {
      return context;
    },
    async load(loading) {
      const { maxContext } = await engine.info(model, loading);
      if (shortens) context = { tokens: maxContext, count: (texts) => engine.count(model, texts) };
    },
    generate: (request, callbacks) => engine.generate({ model, adapter }, request, callbacks),
    unload: () => engine.unload(model),
  };
}
