/** One backend in use at a time, for models that do not fit in memory together. */
import type { AgentBackend } from '../agents/agent';
import type { WorkerQueue } from './workerQueue';

export interface ShiftOptions {
  readonly queues: ReadonlyMap<AgentBackend, WorkerQueue>;
  /** Makes a backend the only one that is loaded. */
  readonly change: (backend: AgentBackend) => Promise<void>;
  /** Hears what `change` rejects with. */
  readonly fail: (error: unknown) => void;
}

/**
 * Opens one queue at a time; the others gather work until the open one has none left. So each model generates all its turns of
 * an exchange, for every question, before the next one is loaded.
 */
export class ModelSwapper {
  readonly #options: ShiftOptions;
  #now: AgentBackend | null = null;
  #changing: Promise<void> | null = null;

  constructor(options: ShiftOptions) {
    this.#options = options;
    for (const queue of options.queues.values()) queue.close();
  }

  /** To be called when work has come or has ended. */
  turn(): void {
    const { queues, change, fail } = this.#options;
    if (this.#changing || this.#load(this.#now) > 0) return;
    const next = this.#next();
    if (!next) return;
    if (this.#now) queues.get(this.#now)?.close();
    this.#changing = change(next)
      .then(() => {
        this.#now = next;
        queues.get(next)?.open();
      }, fail)
      .finally(() => {
        this.#changing = null;
      });
  }

  /** Resolves when no change is under way. */
  async settled(): Promise<void> {
    await this.#changing;
  }

  #load(backend: AgentBackend | null): number {
    return (backend && this.#options.queues.get(backend)?.load) ?? 0;
  }

  /** The first with work, after the one that worked last. */
  #next(): AgentBackend | null {
    const all = [...this.#options.queues.keys()];
    const from = this.#now ? all.indexOf(this.#now) + 1 : 0;
    const turned = [...all.slice(from), ...all.slice(0, from)];
    return turned.find((backend) => this.#load(backend) > 0) ?? null;
  }
}
