/** A tab: a coordinator worker of its own, and what it tells. */
import { connectJob } from '../../src/coordinator/jobClient';
import type { JobApi } from '../../src/wire/jobApi';
import type { JobEvent } from '../../src/wire/jobEvents';
import type { Fault } from './faults';
import { isChaos, type Order, type Told } from './strike';

export interface TabEars {
  onEvent(event: JobEvent): void;
  onTold(told: Told): void;
}

export class Tab {
  readonly api: JobApi;
  readonly #worker: Worker;
  readonly #close: () => void;

  constructor({ onEvent, onTold }: TabEars) {
    this.#worker = new Worker(new URL('./coordinator.worker.ts', import.meta.url), { type: 'module' });
    this.#worker.addEventListener('message', ({ data }) => {
      if (isChaos<Told>(data)) onTold(data);
    });
    const { api, listen } = connectJob(this.#worker);
    this.api = api;
    this.#close = listen(onEvent);
  }

  arm({ kind, choice }: Fault, after: number): void {
    this.#send({ chaos: 'arm', kind, after, choice });
  }

  heal(): void {
    this.#send({ chaos: 'heal' });
  }

  /** Some turns are not stored from here on. */
  break(): void {
    this.#send({ chaos: 'break' });
  }

  /** As the browser ends a tab. */
  kill(): void {
    this.#close();
    this.#worker.terminate();
  }

  #send(order: Order): void {
    this.#worker.postMessage(order);
  }
}
