import type {
  AppConfig,
  ChatCompletionChunk,
  ChatCompletionRequestStreaming,
  InitProgressCallback,
  ModelRecord,
} from '@mlc-ai/web-llm';
import { WebllmHost, type HostParts, type WebllmEngine } from '../../../../src/agents/webllm/host';
import type { WebllmLink } from '../../../../src/agents/webllm/protocol';
import { AgentError } from '../../../../src/core/errors';

/** What a scripted engine does; times in milliseconds. */
export interface Script {
  /** Tokens of a reply. */
  readonly reply: (request: ChatCompletionRequestStreaming) => readonly string[];
  readonly prefill?: number;
  readonly token?: number;
  /** Thrown by reload, as WebLLM throws it. */
  readonly loadFailure?: unknown;
  /** Thrown after so many tokens. */
  readonly failAfter?: { readonly tokens: number; readonly error: unknown };
}

const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

/**
 * WebLLM's engine as its code behaves (engine.ts of 0.2.86): one lock a model, taken by a request and given back only at the
 * end of its stream; one interrupt flag, taken back when a stream starts, looked at between tokens and not in the prefill.
 */
export class ScriptedEngine implements WebllmEngine {
  readonly requests: ChatCompletionRequestStreaming[] = [];
  readonly log: string[] = [];
  appConfig: AppConfig | null = null;
  loaded: string | null = null;
  #interrupted = false;
  #locked = false;
  readonly #script: Script;

  constructor(script: Script) {
    this.#script = script;
  }

  setAppConfig(config: AppConfig): void {
    this.appConfig = config;
  }

  setInitProgressCallback(callback: InitProgressCallback): void {
    callback({
      progress: 0.5,
      timeElapsed: 1,
      text: 'Fetching param cache[1/2]: 3MB fetched. 50% completed',
    });
  }

  async reload(model: string | string[]): Promise<void> {
    await pause(1);
    const { loadFailure } = this.#script;
    // eslint-disable-next-line @typescript-eslint/only-throw-error -- WebLLM's worker rejects with strings
    if (loadFailure !== undefined) throw loadFailure;
    this.loaded = String(model);
    this.log.push('loaded');
  }

  async unload(): Promise<void> {
    await pause(0);
    this.loaded = null;
  }

  async resetChat(): Promise<void> {
    await pause(0);
    this.log.push('reset');
  }

  interruptGenerate(): void {
    this.#interrupted = true;
  }

  async chatCompletion(request: ChatCompletionRequestStreaming): Promise<AsyncIterable<ChatCompletionChunk>> {
    if (this.loaded === null) {
      throw Object.assign(new Error('Model not loaded before trying to complete ChatCompletionRequest.'), {
        name: 'ModelNotLoadedError',
      });
    }
    while (this.#locked) await pause(1);
    this.#locked = true;
    this.requests.push(request);
    return this.#stream(request);
  }

  async *#stream(request: ChatCompletionRequestStreaming): AsyncGenerator<ChatCompletionChunk, void, void> {
    const { prefill = 0, token = 0, reply, failAfter } = this.#script;
    this.#interrupted = false;
    this.log.push('start');
    await pause(prefill);
    const words = reply(request).slice(0, request.max_tokens ?? Infinity);
    let said = 0;
    for (const word of words) {
      if (said > 0 && this.#interrupted) break;
      if (said > 0) await pause(token);
      if (failAfter?.tokens === said) {
        this.#locked = false;

        throw failAfter.error;
      }
      said++;
      yield chunk({ delta: { content: word }, finish_reason: null, logprobs: logprobsOf(request, said) });
    }
    const cut = said === request.max_tokens;
    yield chunk({ delta: {}, finish_reason: this.#interrupted ? 'abort' : cut ? 'length' : 'stop' });
    yield {
      ...chunk(null),
      usage: { prompt_tokens: 11, completion_tokens: said - 1, total_tokens: 10 + said, extra: speeds },
    };
    this.log.push('end');
    this.#locked = false;
  }
}

const speeds = {
  e2e_latency_s: 1,
  prefill_tokens_per_s: 1,
  decode_tokens_per_s: 1,
  time_to_first_token_s: 1,
  time_per_output_token_s: 1,
};

function logprobsOf(
  request: ChatCompletionRequestStreaming,
  said: number,
): ChatCompletionChunk.Choice.Logprobs | null {
  return request.logprobs && request.top_logprobs
    ? { content: [{ token: 't', bytes: null, logprob: -said / 10, top_logprobs: [] }] }
    : null;
}

function chunk(choice: Omit<ChatCompletionChunk.Choice, 'index'> | null): ChatCompletionChunk {
  return {
    id: 'x',
    choices: choice ? [{ index: 0, ...choice }] : [],
    created: 0,
    model: 'm',
    object: 'chat.completion.chunk',
  };
}

export const records: ModelRecord[] = [
  {
    model: 'https://huggingface.co/mlc-ai/Tiny-q4f32_1-MLC',
    model_id: 'Tiny-q4f32_1-MLC',
    model_lib: 'https://example.org/Tiny-q4f32_1-ctx4k_cs1k-webgpu.wasm',
  },
  {
    model: 'https://huggingface.co/mlc-ai/Tiny-q4f16_1-MLC',
    model_id: 'Tiny-q4f16_1-MLC',
    model_lib: 'https://example.org/Tiny-q4f16_1-ctx4k_cs1k-webgpu.wasm',
  },
];

export interface HostOptions {
  readonly features?: readonly string[];
  readonly config?: object | null;
  readonly bring?: HostParts['bring'];
}

export function scriptedHost(
  engine: WebllmEngine,
  { features = [], config = null, bring }: HostOptions = {},
): WebllmHost {
  return new WebllmHost({
    openLibrary: () =>
      Promise.resolve({ version: '9.9.9', prebuilt: { model_list: records }, createEngine: () => engine }),
    adapter: () =>
      Promise.resolve({
        name: 'test adapter',
        features: new Set(features),
        maxStorageBufferBinding: 2 ** 27,
      }),
    bring: (...asked) => Promise.resolve(bring?.(...asked)),
    readText: () => Promise.resolve(config && JSON.stringify(config)),
  });
}

/** A worker's end without a worker: the same host, and calls in flight that reject when it is terminated. */
export function scriptedLink(
  engine: WebllmEngine,
  options: HostOptions = {},
): WebllmLink & { ended: boolean } {
  const host = scriptedHost(engine, options);
  const dead = new AbortController();
  const orDead = <T>(work: Promise<T>): Promise<T> =>
    Promise.race([
      work,
      new Promise<never>((_, reject) =>
        dead.signal.addEventListener('abort', () => reject(new AgentError('The worker was ended.', ''))),
      ),
    ]);
  return {
    ended: false,
    load: (model, loading) => orDead(host.load(model, loading)),
    generate: (request, callbacks) => orDead(host.generate(request, callbacks)),
    terminate() {
      this.ended = true;
      dead.abort();
    },
  };
}
