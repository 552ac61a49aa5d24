/** The agents of a job: loaded when there is something left to say, released before the student needs the room. */
import type { AgentBackend } from '../agents/agent';
import type { JobEvent } from '../core/jobApi';
import type { AgentInfo, RunConfig } from '../core/records';
import { personaOf } from '../core/personas';
import type { AgentSlot } from './job';

export interface CrewOptions {
  readonly slots: readonly AgentSlot[];
  readonly signal: AbortSignal;
  emit(event: JobEvent): void;
}

export class Crew {
  readonly #options: CrewOptions;
  #loading: Promise<void> | null = null;

  constructor(options: CrewOptions) {
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

  async #load(): Promise<void> {
    const { signal, emit } = this.#options;
    for (const backend of this.#backends) {
      await backend.load({
        signal,
        onProgress: (progress) => emit({ type: 'load', model: backend.model, ...progress }),
      });
    }
  }

  /** Frees the agents that hold memory of their own; our engine's models are shared with the student and stay. */
  async release(): Promise<void> {
    const loading = this.#loading;
    this.#loading = null;
    if (loading === null) return;
    await loading.catch(() => undefined);
    for (const backend of this.#backends) if (backend.kind !== 'engine') await backend.unload();
  }
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
