import type { Turn, TurnTiming } from '../records/records';
import type { JobStore, TimedTurn } from '../store/jobStore';

interface Waiting extends TimedTurn {
  resolve(): void;
  reject(error: unknown): void;
}

/**
 * Writes turns as they end. Those that end while a transaction runs go together into the next one, so that a batch of
 * 64 sequences does not wait for 64 commits. Resolves when the turn is stored.
 */
export class TurnWriter {
  readonly #store: Pick<JobStore, 'putTurns'>;
  #waiting: Waiting[] = [];
  #busy = false;

  constructor(store: Pick<JobStore, 'putTurns'>) {
    this.#store = store;
  }

  write(turn: Turn, timing: TurnTiming): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ turn, timing, resolve, reject });
      if (!this.#busy) void this.#flush();
    });
  }

  async #flush(): Promise<void> {
    this.#busy = true;
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      try {
        await this.#store.putTurns(batch.map(({ turn, timing }) => ({ turn, timing })));
        for (const { resolve } of batch) resolve();
      } catch (thrown) {
        for (const { reject } of batch) reject(thrown);
      }
    }
    this.#busy = false;
  }
}
