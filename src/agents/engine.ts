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
  /** Loads a model once and tells its longest sequence in tokens. */
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
