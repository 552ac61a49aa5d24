import type { LoadProgress, AgentBackend, AgentCallbacks, AgentRequest, Completion } from './agent';

/** What an engine agent needs of the engine; the run's client of the engine worker has it. */
export interface AgentEngine {
  load(
    model: string,
    options: { signal?: AbortSignal; onProgress?: (progress: LoadProgress) => void },
  ): Promise<void>;
  generate(
    target: { readonly model: string; readonly adapter: string | null },
    request: AgentRequest,
    callbacks: AgentCallbacks,
  ): Promise<Completion>;
  unload(model: string): Promise<void>;
}

/** Our own engine: one base, optionally with an adapter switched on; requests of all agents are batched in the worker. */
export function engineAgent(
  engine: AgentEngine,
  options: { readonly model: string; readonly adapter?: string | null; readonly concurrency?: number },
): AgentBackend {
  const { model, adapter = null } = options;
  return {
    model,
    kind: 'engine',
    concurrency: options.concurrency ?? 64,
    load: (loading) => engine.load(model, loading),
    generate: (request, callbacks) => engine.generate({ model, adapter }, request, callbacks),
    unload: () => engine.unload(model),
  };
}
