/** The agents of a job: loaded when there is something left to say, all or one at a time, released before the student comes. */
import type { AgentBackend } from '../agents/agent';
import type { JobEvent } from '../wire/jobEvents';
import type { AgentInfo, PromptStyle } from '../records/records';
import type { RunConfig } from '../settings/config';
import { personaOf } from '../settings/personas';
import { withLoadRate } from './loadRate';

export interface AgentSlot {
  readonly backend: AgentBackend;
  readonly style: PromptStyle;
}

export interface AgentPoolOptions {
  readonly slots: readonly AgentSlot[];
  readonly signal: AbortSignal;
  emit(event: Extract<JobEvent, { type: 'load' }>): void;
}

export class AgentPool {
  readonly #options: AgentPoolOptions;
  #loading: Promise<void> | null = null;
  /** The only one that is loaded, where they come one at a time. */
  #alone: AgentBackend | null = null;

  constructor(options: AgentPoolOptions) {
    this.#options = options;
  }

  get #backends(): readonly AgentBackend[] {
    return [...new Set(this.#options.slots.map(({ backend }) => backend))];
  }

  /** Loads every agent once; throws what an agent's load throws. A debate that is all stored needs no agent at all. */
  ready(): Promise<void> {
    this.#loading ??= this.#load();
    return this.#loading;
  }

  /** Frees the one before and loads this one; throws what an agent's load throws. */
  async only(backend: AgentBackend): Promise<void> {
    if (this.#alone === backend) return;
    await this.#alone?.unload();
    this.#alone = null;
    await this.#loadOne(backend);
    this.#alone = backend;
  }

  async #load(): Promise<void> {
    for (const backend of this.#backends) await this.#loadOne(backend);
  }

  async #loadOne(backend: AgentBackend): Promise<void> {
    const { signal, emit } = this.#options;
    await backend.load({
      signal,
      onProgress: withLoadRate((progress) => emit({ type: 'load', model: backend.model, ...progress })),
    });
  }

  /** Frees the agents that hold memory of their own; our engine's models are shared with the student and stay. */
  async release(): Promise<void> {
    if (this.#alone) await settle(this.#alone);
    this.#alone = null;
    const loading = this.#loading;
    this.#loading = null;
    if (loading === null) return;
    await loading.catch(() => undefined);
    for (const backend of this.#backends) await settle(backend);
  }
}

/** Frees all but models of our engine. */
async function settle(backend: AgentBackend): Promise<void> {
  if (backend.kind !== 'engine') await backend.unload();
  // A lost device has taken it already.
  else await backend.release?.().catch(() => undefined);
}

/** What each agent of the run is, for the report. */
export function agentInfos(config: RunConfig, slots: readonly AgentSlot[]): readonly AgentInfo[] {
  return Array.from({ length: config.nAgents }, (_, agent) => {
    const slot = slots[agent % slots.length];
    const persona = personaOf(config.personas, config.nAgents, agent);
    return {
      agent,
      model: slot?.backend.model ?? '',
      backend: slot?.backend.kind ?? '',
      persona: persona?.name ?? null,
      // Compact prompts have no place for a system prompt.
      system: slot?.style === 'natural' ? (persona?.system ?? null) : null,
      temperature: persona?.temperature ?? config.temperature,
      topP: persona?.topP ?? config.topP,
      seed: persona?.seed ?? config.seed,
    };
  });
}
