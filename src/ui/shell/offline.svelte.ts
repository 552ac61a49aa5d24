/** The page's end of the service worker: whether the app is stored, its large libraries, and a newer build that waits. */
import { StorageError } from '../../core/errors';
import type { OfflineAnswer, OfflineAnswers, OfflineRequest } from '../../offline/messages';
import { strings } from '../strings/device';
import { couldBeIsolated } from './isolation';

export type Registers = Pick<ServiceWorkerContainer, 'register' | 'ready' | 'controller'> & EventTarget;

/** Where the browser offers no service worker (plain http, private windows) there is none, and nothing is offered. */
export function serviceWorkers(): Registers | null {
  return isSecureContext && 'serviceWorker' in navigator ? navigator.serviceWorker : null;
}

export class Offline {
  /** 'none': this browser or address has no service worker. */
  state = $state<'none' | 'storing' | 'ready' | 'failed'>('none');
  stored = $state.raw<OfflineAnswer | null>(null);
  /** A newer build is stored and waits to take over. */
  waiting = $state.raw<ServiceWorker | null>(null);
  keeping = $state(false);
  /** A reload would isolate the page, which has threads then: the service worker sends what its host does not. */
  isolable = $state(false);
  readonly #container: Registers | null;
  readonly #reload: () => void;

  constructor(container: Registers | null, reload: () => void = () => location.reload()) {
    this.#container = container;
    this.#reload = reload;
  }

  /** Whether this browser and address have service workers at all. */
  get available(): boolean {
    return this.#container !== null;
  }

  /** Registers the worker at `script` and follows it. Never rejects: without it the app works as long as there is a network. */
  async start(script: string): Promise<void> {
    const container = this.#container;
    if (!container) return;
    this.state = 'storing';
    // The worker takes over a page once, when it is new: a page that it served and that is not isolated stays so.
    if (!container.controller && couldBeIsolated())
      container.addEventListener('controllerchange', () => (this.isolable = true), { once: true });
    try {
      const registration = await container.register(script);
      const follow = (worker: ServiceWorker | null): void => {
        worker?.addEventListener('statechange', () => {
          if (worker.state === 'redundant' && this.state === 'storing') this.state = 'failed';
          if (worker.state === 'installed' && container.controller) this.waiting = worker;
        });
      };
      if (registration.waiting && container.controller) this.waiting = registration.waiting;
      follow(registration.installing);
      registration.addEventListener('updatefound', () => follow(registration.installing));
      await container.ready;
      await this.refresh();
    } catch {
      this.state = 'failed';
    }
  }

  async refresh(): Promise<void> {
    this.stored = await this.ask({ type: 'state' });
    this.state = this.stored.ready ? 'ready' : 'failed';
  }

  /** Stores the libraries that are fetched on demand. Rejects with StorageError. */
  async keep(): Promise<void> {
    this.keeping = true;
    try {
      this.stored = await this.ask({ type: 'keep' });
    } finally {
      this.keeping = false;
    }
  }

  /** Reloads into an isolated page. */
  isolate(): void {
    this.isolable = false;
    this.#reload();
  }

  /** Lets the waiting build take over, and reloads into it. */
  update(): void {
    const { waiting } = this;
    if (!waiting) return;
    this.#container?.addEventListener('controllerchange', () => this.#reload(), { once: true });
    waiting.postMessage({ type: 'activate' } satisfies OfflineRequest);
  }

  /** Asks the worker that serves this page. Rejects with StorageError, where there is none too. */
  async ask<K extends keyof OfflineAnswers>(
    message: Extract<OfflineRequest, { type: K }>,
  ): Promise<OfflineAnswers[K]> {
    const active = (await this.#container?.ready)?.active;
    if (!active) throw new StorageError(strings.offline.failed, strings.offline.failedHint);
    const { port1, port2 } = new MessageChannel();
    return new Promise((resolve, reject) => {
      port1.onmessage = ({ data }: MessageEvent<{ answer?: OfflineAnswers[K]; failed?: string }>) => {
        port1.close();
        if (data.answer) resolve(data.answer);
        else
          reject(
            new StorageError(`${strings.offline.failed} ${data.failed ?? ''}`, strings.offline.failedHint),
          );
      };
      active.postMessage(message, [port2]);
    });
  }
}
