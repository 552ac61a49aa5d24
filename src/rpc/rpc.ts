/**
 * Typed calls between a page and its workers: request, progress, response, abort. Knows no feature: the protocol is a
 * type that both sides import. Errors cross as data and are rebuilt as the same class (core/errors).
 */
import {
  ArkletError,
  asArkletError,
  errorFromData,
  ImportError,
  InterruptedError,
  type ErrorData,
} from '../core/errors';

/** What one method takes, reports while it works, and gives. */
export interface Method {
  readonly request: unknown;
  readonly progress: unknown;
  readonly response: unknown;
}

/** A protocol maps method names to their shapes. */
export type Protocol<P> = { readonly [K in keyof P]: Method };

/** MessagePort, Worker and a worker's own global scope all fit. */
export interface Port {
  postMessage(message: unknown, transfer: Transferable[]): void;
  addEventListener(type: 'message', listener: (event: MessageEvent) => void): void;
  removeEventListener(type: 'message', listener: (event: MessageEvent) => void): void;
}

type Envelope =
  | { readonly rpc: 'call'; readonly id: number; readonly method: string; readonly request: unknown }
  | { readonly rpc: 'abort'; readonly id: number }
  | { readonly rpc: 'progress'; readonly id: number; readonly progress: unknown }
  | { readonly rpc: 'result'; readonly id: number; readonly response: unknown }
  | { readonly rpc: 'failure'; readonly id: number; readonly error: ErrorData };

function envelopeOf(data: unknown): Envelope | null {
  return typeof data === 'object' && data !== null && 'rpc' in data ? (data as Envelope) : null;
}

/** What a handler gets beside its request. */
export interface CallContext<M extends Method> {
  readonly signal: AbortSignal;
  progress(progress: M['progress']): void;
}

export type Handlers<P extends Protocol<P>> = {
  readonly [K in keyof P]: (
    request: P[K]['request'],
    context: CallContext<P[K]>,
  ) => Promise<P[K]['response'] | Transferring<P[K]['response']>>;
};

/** A response that moves its buffers instead of copying them. */
export class Transferring<T> {
  readonly value: T;
  readonly transfer: Transferable[];

  constructor(value: T, transfer: Transferable[]) {
    this.value = value;
    this.transfer = transfer;
  }
}

/** What posting a message throws: data from outside can be nested deeper than can be copied. */
function uncopied(thrown: unknown): ArkletError {
  const deep =
    thrown instanceof RangeError || (thrown instanceof DOMException && thrown.name === 'DataCloneError');
  if (!deep) return asArkletError(thrown);
  return new ImportError('The data are nested too deeply to be read.', 'Use a file that is not damaged.', {
    cause: thrown,
  });
}

function startPort(port: Port): void {
  if ('start' in port) (port as MessagePort).start();
}

/**
 * Answers calls that arrive at the port; the returned function stops serving and aborts what runs. Calls wait for handlers that
 * are still being made, and reject where that fails.
 */
export function serve<P extends Protocol<P>>(
  port: Port,
  handlers: Handlers<P> | Promise<Handlers<P>>,
): () => void {
  const running = new Map<number, AbortController>();
  // Each call rejects with it.
  if (handlers instanceof Promise) handlers.catch(() => undefined);

  const onMessage = (event: MessageEvent): void => {
    const message = envelopeOf(event.data);
    if (message?.rpc === 'abort') running.get(message.id)?.abort();
    if (message?.rpc !== 'call') return;
    const { id, method, request } = message;
    const controller = new AbortController();
    running.set(id, controller);
    const send = (reply: Envelope, transfer: Transferable[] = []): void => port.postMessage(reply, transfer);
    const context = {
      signal: controller.signal,
      progress: (progress: unknown): void => send({ rpc: 'progress', id, progress }),
    };
    const work = async (): Promise<unknown> => {
      const made = handlers instanceof Promise ? await handlers : handlers;
      const handler = Object.hasOwn(made, method) ? made[method as keyof P] : undefined;
      if (handler) return handler(request, context);
      throw new ArkletError(`There is no method ${method}.`, 'Reload the page: its parts differ in version.');
    };
    work()
      .then((response: unknown) => {
        const [value, transfer] =
          response instanceof Transferring ? [response.value as unknown, response.transfer] : [response, []];
        try {
          send({ rpc: 'result', id, response: value }, transfer);
        } catch (thrown) {
          throw uncopied(thrown);
        }
      })
      .catch((thrown: unknown) => send({ rpc: 'failure', id, error: asArkletError(thrown).toData() }))
      .finally(() => running.delete(id));
  };
  port.addEventListener('message', onMessage);
  startPort(port);
  return () => {
    port.removeEventListener('message', onMessage);
    for (const controller of running.values()) controller.abort();
  };
}

export interface CallOptions<M extends Method> {
  readonly signal?: AbortSignal;
  onProgress?(progress: M['progress']): void;
  readonly transfer?: Transferable[];
}

interface Pending {
  resolve(response: unknown): void;
  reject(error: Error): void;
  onProgress: ((progress: unknown) => void) | undefined;
  done: () => void;
}

/** The calling side. `close` rejects every call in flight with the error given. */
export class RpcClient<P extends Protocol<P>> {
  readonly #port: Port;
  readonly #pending = new Map<number, Pending>();
  #next = 1;
  #closed: Error | null = null;

  constructor(port: Port) {
    this.#port = port;
    port.addEventListener('message', this.#onMessage);
    startPort(port);
  }

  /** Rejects with the handler's error, rebuilt as its own class; an abort rejects as the handler decides. */
  call<K extends keyof P & string>(
    method: K,
    request: P[K]['request'],
    options: CallOptions<P[K]> = {},
  ): Promise<P[K]['response']> {
    const { signal } = options;
    if (this.#closed) return Promise.reject(this.#closed);
    if (signal?.aborted) {
      return Promise.reject(new InterruptedError('Stopped.', 'Run it again to continue where it stopped.'));
    }
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      const onAbort = (): void => this.#port.postMessage({ rpc: 'abort', id } satisfies Envelope, []);
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#pending.set(id, {
        resolve,
        reject,
        onProgress: options.onProgress && ((progress) => options.onProgress?.(progress)),
        done: () => signal?.removeEventListener('abort', onAbort),
      });
      try {
        this.#port.postMessage(
          { rpc: 'call', id, method, request } satisfies Envelope,
          options.transfer ?? [],
        );
      } catch (thrown) {
        this.#settle(id)?.reject(uncopied(thrown));
      }
    });
  }

  /** Whether the other side is gone: every call is rejected. */
  get closed(): boolean {
    return this.#closed !== null;
  }

  /** Calls in flight. */
  get pending(): number {
    return this.#pending.size;
  }

  close(error: Error): void {
    this.#closed ??= error;
    this.#port.removeEventListener('message', this.#onMessage);
    for (const id of [...this.#pending.keys()]) this.#settle(id)?.reject(error);
  }

  readonly #onMessage = (event: MessageEvent): void => {
    const message = envelopeOf(event.data);
    if (!message) return;
    switch (message.rpc) {
      case 'progress':
        this.#pending.get(message.id)?.onProgress?.(message.progress);
        return;
      case 'result':
        this.#settle(message.id)?.resolve(message.response);
        return;
      case 'failure':
        this.#settle(message.id)?.reject(errorFromData(message.error));
        return;
      case 'call':
      case 'abort':
        return;
      default:
        message satisfies never;
    }
  };

  #settle(id: number): Pending | undefined {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    pending?.done();
    return pending;
  }
}
