/** One WebLLM model as the job sees it: a worker that can be replaced, shared by the personas that generate with it. */
import { AgentError, asArkletError, throwIfAborted } from '../../core/errors';
import type {
  AgentBackend,
  AgentCallbacks,
  AgentRequest,
  Completion,
  ContextLimit,
  LoadProgress,
} from '../agent';
import type { WebllmInfo, WebllmLink } from './protocol';
import { FairQueue } from './queue';
import type { WebllmRef } from './spec';
import { countTokens } from './tokenCount';

export interface WebllmModelOptions {
  readonly ref: WebllmRef;
  /** Starts a worker. */
  open(): WebllmLink;
  /** Exact token counts from the model's tokenizer.json; null when it cannot be read. */
  readonly openCounter?: (
    tokenizerUrl: string,
    signal?: AbortSignal,
  ) => Promise<((text: string) => number) | null>;
  /** Seconds that a cancelled reply may take to end before its worker is replaced; default 10. */
  readonly drainSeconds?: number;
  /** Seconds without a new token after which a worker counts as hung and is replaced; default 1,800. */
  readonly stallSeconds?: number;
}

interface LoadOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: LoadProgress) => void;
}

interface Opened {
  readonly link: WebllmLink;
  readonly info: Promise<WebllmInfo>;
}

const noUsage = { prompt: 0, completion: 0 };

/** Settles when the seconds have passed; `clear` stops the clock, `touch` restarts it. */
function timer(seconds: number): { readonly due: Promise<'due'>; touch(): void; clear(): void } {
  let ring = (): void => undefined;
  const due = new Promise<'due'>((resolve) => (ring = () => resolve('due')));
  let id = setTimeout(ring, seconds * 1000);
  return {
    due,
    touch: () => {
      clearTimeout(id);
      id = setTimeout(ring, seconds * 1000);
    },
    clear: () => clearTimeout(id),
  };
}

export class WebllmModel {
  readonly #options: WebllmModelOptions;
  readonly #queue = new FairQueue();
  readonly #personas = new Set<object>();
  #opened: Opened | null = null;
  #context: ContextLimit | null = null;

  constructor(options: WebllmModelOptions) {
    this.#options = options;
  }

  /** Null before it is loaded, and for a model whose files do not say how long its context is. */
  get context(): ContextLimit | null {
    return this.#context;
  }

  /** Requests that wait for their turn. */
  get waiting(): number {
    return this.#queue.length;
  }

  /** Loads once for all personas. Throws what `translate` makes of WebLLM's failures. */
  async load(persona: object, options: LoadOptions): Promise<WebllmInfo> {
    this.#personas.add(persona);
    const info = await this.#open(options);
    const { contextTokens: tokens, tokenizerUrl } = info;
    if (!this.#context && tokens !== null) {
      const counter =
        tokenizerUrl === null ? null : this.#options.openCounter?.(tokenizerUrl, options.signal);
      const exact = (await counter?.catch(() => null)) ?? null;
      this.#context = {
        tokens,
        count: (texts) => Promise.resolve(texts.map((text) => countTokens(text, exact))),
      };
    }
    return info;
  }

  /** Waits for the engine's turn, however many personas ask. An abort gives the text so far, at once. */
  async generate(persona: object, request: AgentRequest, callbacks: AgentCallbacks): Promise<Completion> {
    const { signal } = callbacks;
    const leave = await this.#queue.enter(persona, signal);
    if (!leave) return { text: '', finishReason: 'aborted', usage: noUsage, logprobKind: null };
    let drained: Promise<void> = Promise.resolve();
    try {
      const opened = await this.#ready(signal);
      if (!opened) return { text: '', finishReason: 'aborted', usage: noUsage, logprobKind: null };
      const reply = this.#speak(opened, request, callbacks);
      drained = reply.drained;
      return await reply.completion;
    } finally {
      // The engine is free only when its stream has ended, which an abort does not wait for.
      void drained.then(leave);
    }
  }

  /** Ends the worker when no persona uses it any more. */
  async unload(persona: object): Promise<void> {
    this.#personas.delete(persona);
    if (this.#personas.size === 0) this.#drop();
  }

  #open(options: LoadOptions): Promise<WebllmInfo> {
    if (this.#opened) return this.#opened.info;
    const link = this.#options.open();
    const info = link.load(this.#options.ref, options);
    const opened = { link, info };
    this.#opened = opened;
    info.catch(() => this.#drop(opened));
    return info;
  }

  /** The worker, loaded again if it was replaced; null when the signal fires in the meantime. */
  async #ready(signal: AbortSignal | undefined): Promise<Opened | null> {
    try {
      throwIfAborted(signal);
      await this.#open({});
      throwIfAborted(signal);
      return this.#opened;
    } catch (thrown) {
      if (signal?.aborted) return null;
      throw thrown;
    }
  }

  #drop(opened: Opened | null = this.#opened): void {
    opened?.link.terminate();
    if (this.#opened === opened) this.#opened = null;
  }

  /** `completion` settles with the reply or at once when aborted, `drained` when the engine can take the next request. */
  #speak(
    opened: Opened,
    request: AgentRequest,
    { signal, onText }: AgentCallbacks,
  ): { completion: Promise<Completion>; drained: Promise<void> } {
    const { drainSeconds = 10, stallSeconds = 1800, ref } = this.#options;
    let text = '';
    let tokens = 0;
    const stall = timer(stallSeconds);
    const call = opened.link
      .generate(
        { ...request, logprobs: ref.logprobs },
        {
          ...(signal && { signal }),
          onText: (more) => {
            stall.touch();
            text += more;
            tokens++;
            if (!signal?.aborted) onText?.(more);
          },
        },
      )
      .catch((thrown: unknown) => {
        const error = asArkletError(thrown);
        // An engine that lost its device or its model is of no more use.
        if (error.code === 'agent') this.#drop(opened);
        throw error;
      });
    const hung = stall.due.then((): never => {
      this.#drop(opened);
      throw new AgentError(
        `${ref.id} sent nothing for ${stallSeconds} s.`,
        'Its worker was replaced; the turn is tried again.',
      );
    });
    let onAbort = (): void => undefined;
    const stopped = new Promise<Completion>((resolve) => {
      onAbort = () =>
        resolve({
          text,
          finishReason: 'aborted',
          usage: { prompt: 0, completion: tokens },
          logprobKind: null,
        });
      signal?.addEventListener('abort', onAbort, { once: true });
      if (signal?.aborted) onAbort();
    });
    const completion = Promise.race([call, stopped, hung]).finally(() =>
      signal?.removeEventListener('abort', onAbort),
    );
    const ended = call.then(
      () => undefined,
      () => undefined,
    );
    const drained = (async (): Promise<void> => {
      await completion.catch(() => undefined);
      stall.clear();
      const drain = timer(drainSeconds);
      const first = await Promise.race([ended, drain.due]);
      drain.clear();
      if (first === 'due') this.#drop(opened);
    })();
    hung.catch(() => undefined);
    return { completion, drained };
  }
}

/** One persona of a model. Personas take turns; each has its own sampling in its requests. */
export function webllmAgent(model: WebllmModel, name: string): AgentBackend {
  const persona = {};
  return {
    model: name,
    kind: 'webllm',
    concurrency: 1,
    get context() {
      return model.context;
    },
    async load(options) {
      await model.load(persona, options);
    },
    generate: (request, callbacks) => model.generate(persona, request, callbacks),
    unload: () => model.unload(persona),
  };
}
