/** The worker's side of a WebLLM model: loads it, answers one request at a time, drains what was cancelled. */
import type {
  AppConfig,
  ChatCompletionChunk,
  ChatCompletionRequestStreaming,
  InitProgressReport,
  MLCEngineInterface,
  ModelRecord,
} from '@mlc-ai/web-llm';
import { fail } from '../../core/assert';
import { ConfigError, throwIfAborted } from '../../core/errors';
import { parseJson } from '../../core/json';
import type { WebllmPlace } from '../../specs/modelEntry';
import { listed as ofList } from '../../specs/webllm';
import type { FinishReason } from '../../records/records';
import { splitThoughts, ThoughtStream } from '../../records/thoughts';
import type { AgentCallbacks, Completion, LoadOptions, LoadProgress } from '../agent';
import { replyTokens } from '../replyTokens';
import { checkFeatures, type AdapterFacts } from './features';
import type { WebllmGenerate, WebllmInfo } from './protocol';
import { localHost, storedPlace, type WebllmRef } from './spec';
import { translate, type Circumstance } from './translate';

/** What the host uses of WebLLM's engine. */
export type WebllmEngine = Pick<
  MLCEngineInterface,
  'reload' | 'unload' | 'interruptGenerate' | 'resetChat' | 'setInitProgressCallback' | 'setAppConfig'
> & {
  chatCompletion(request: ChatCompletionRequestStreaming): Promise<AsyncIterable<ChatCompletionChunk>>;
};

/** The package, opened when a model is first loaded. */
export interface WebllmLibrary {
  readonly version: string;
  readonly prebuilt: AppConfig;
  createEngine(): WebllmEngine;
}

export interface HostParts {
  openLibrary(): Promise<WebllmLibrary>;
  /** Null without WebGPU. */
  adapter(): Promise<AdapterFacts | null>;
  /** Brings a model of the list, by where the list says it is, into the app's own storage. */
  bring(place: WebllmPlace, options: LoadOptions): Promise<void>;
  /** A small text file of the model: from storage or where WebLLM cached it, else from the network; null when none has it. */
  readText(url: string, signal?: AbortSignal): Promise<string | null>;
}

/** The engine, and what its messages are about. */
interface Opened {
  readonly engine: WebllmEngine;
  readonly circumstance: Omit<Circumstance, 'doing'>;
}

/** Models whose thinking WebLLM can switch off: it puts an empty block of thoughts before the reply, which others would not understand. */
const switchable = /\bqwen3(?:\.\d+)?-(?!.*(?:instruct|coder|thinking|embedding))/i;

const finishReasons: Readonly<Record<string, FinishReason>> = { length: 'length', abort: 'aborted' };

export class WebllmHost {
  readonly #parts: HostParts;
  #opened: Opened | null = null;
  #busy = false;
  /** The model was heard thinking. */
  #thinks = false;

  constructor(parts: HostParts) {
    this.#parts = parts;
  }

  async load(ref: WebllmRef, options: LoadOptions): Promise<WebllmInfo> {
    const { signal, onProgress } = options;
    const library = await this.#parts.openLibrary();
    const circumstance = { model: ref.id, version: library.version };
    try {
      throwIfAborted(signal);
      const listed = recordOf(ref, library);
      const adapter = await this.#parts.adapter();
      checkFeatures(listed, adapter, library.prebuilt.model_list);
      throwIfAborted(signal);
      const record = await this.#brought(ref, listed, options);
      const engine = library.createEngine();
      this.#opened = { engine, circumstance };
      engine.setAppConfig({ ...library.prebuilt, model_list: [record], cacheBackend: ref.cache });
      // What is read from our storage is no download.
      const stored = record.model.startsWith(localHost);
      engine.setInitProgressCallback((report) => {
        const progress = progressOf(report);
        onProgress?.(stored && progress.phase === 'download' ? { ...progress, phase: 'compile' } : progress);
      });
      // WebLLM's unload aborts a reload that is under way, which then resolves as if it had loaded.
      const stop = (): void => void engine.unload();
      signal?.addEventListener('abort', stop, { once: true });
      try {
        await engine.reload(record.model_id);
      } finally {
        signal?.removeEventListener('abort', stop);
      }
      throwIfAborted(signal);
      const facts = await this.#chatConfig(record, signal);
      onProgress?.({ phase: 'ready', loaded: 1, total: 1 });
      return {
        version: library.version,
        device: adapter?.name ?? 'unknown',
        contextTokens: record.overrides?.context_window_size ?? facts.contextTokens,
        tokenizerUrl: facts.tokenizerUrl,
      };
    } catch (thrown) {
      throwIfAborted(signal);
      throw translate(thrown, { ...circumstance, doing: 'load' });
    }
  }

  /**
   * One reply. After an abort the stream is read to its end: a stream that is left keeps the engine's lock without end. A
   * conversation starts from an empty cache, so that a reply does not depend on what was asked before.
   */
  async generate(request: WebllmGenerate, { signal, onText }: AgentCallbacks): Promise<Completion> {
    if (this.#busy) fail('A WebLLM engine was asked twice at once.');
    const { engine, circumstance } = (this.#opened ??= await this.#withoutModel());
    const interrupt = (): void => void engine.interruptGenerate();
    this.#busy = true;
    signal?.addEventListener('abort', interrupt, { once: true });
    const { sampling } = request;
    try {
      for (;;) {
        const room = replyTokens(sampling, this.#thinks);
        const reply = new Reply(sampling.maxTokens);
        await engine.resetChat();
        const stream = await engine.chatCompletion(chatRequest(request, room, circumstance.model));
        for await (const chunk of stream) {
          const text = reply.add(chunk);
          if (text !== '' && !signal?.aborted) onText?.(text);
          // The start of a request takes an interruption back, so it is said again with every chunk.
          if (signal?.aborted || reply.cut) interrupt();
        }
        const completion = reply.completion(signal?.aborted === true);
        this.#thinks ||= completion.thoughts !== undefined;
        // Its thoughts took the place of the answer: from now on there is room for both.
        const again = completion.finishReason === 'length' && room < replyTokens(sampling, this.#thinks);
        if (!again) return completion;
      }
    } catch (thrown) {
      throw translate(thrown, { ...circumstance, doing: 'generate' });
    } finally {
      signal?.removeEventListener('abort', interrupt);
      this.#busy = false;
    }
  }

  /** The record with where its files are once they are in our storage: of models that WebLLM does not cache itself. */
  async #brought(ref: WebllmRef, listed: ModelRecord, options: LoadOptions): Promise<ModelRecord> {
    if (ref.custom || ref.cache !== 'cache') return listed;
    const { model_id: id, model: weights, model_lib: library } = listed;
    await this.#parts.bring({ id, weights, library }, options);
    const stored = storedPlace(ofList(id));
    return { ...listed, model: stored.weights, model_lib: stored.library };
  }

  /** An engine that nothing was loaded into: it says so itself when it is asked. */
  async #withoutModel(): Promise<Opened> {
    const { version, createEngine } = await this.#parts.openLibrary();
    return { engine: createEngine(), circumstance: { model: 'WebLLM', version } };
  }

  /** What mlc-chat-config.json says; WebLLM reads it too, but keeps it to itself. */
  async #chatConfig(
    record: ModelRecord,
    signal?: AbortSignal,
  ): Promise<Pick<WebllmInfo, 'contextTokens' | 'tokenizerUrl'>> {
    const folder = folderOf(record);
    const text = await this.#parts.readText(new URL('mlc-chat-config.json', folder).href, signal);
    const config = text === null ? null : (parsed(text) as { [name: string]: unknown } | null);
    const size = (name: string): number | null => {
      const value = config?.[name];
      return typeof value === 'number' && value > 0 ? value : null;
    };
    const files = config?.['tokenizer_files'];
    return {
      contextTokens: size('context_window_size') ?? size('sliding_window_size'),
      tokenizerUrl:
        Array.isArray(files) && files.includes('tokenizer.json')
          ? new URL('tokenizer.json', folder).href
          : null,
    };
  }
}

function parsed(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return null;
  }
}

/** The folder that WebLLM reads a record's files from. */
function folderOf({ model }: ModelRecord): string {
  const folder = model.endsWith('/') ? model : `${model}/`;
  return /.+\/resolve\/.+\//.test(folder) ? folder : `${folder}resolve/main/`;
}

/** Throws WebLLM's own error name for an id that is not in its list, with the nearest ids. */
function recordOf(ref: WebllmRef, { prebuilt, version }: WebllmLibrary): ModelRecord {
  const overrides = ref.contextTokens === null ? {} : { context_window_size: ref.contextTokens };
  if (ref.custom) {
    const { weights, library } = ref.custom;
    return { model_id: ref.id, model: weights, model_lib: library, overrides };
  }
  const record = prebuilt.model_list.find(({ model_id: id }) => id.toLowerCase() === ref.id.toLowerCase());
  if (!record) {
    const stem = ref.id.split('-')[0]?.toLowerCase() ?? '';
    const near = prebuilt.model_list
      .map(({ model_id: id }) => id)
      .filter((id) => stem !== '' && id.toLowerCase().startsWith(stem));
    throw new ConfigError(
      `WebLLM ${version} knows no model ${ref.id} (its list has ${prebuilt.model_list.length}).`,
      near.length > 0
        ? `Near it: ${near.slice(0, 5).join(', ')}.`
        : 'Choose one of its list, or give model=URL and lib=URL of your own.',
    );
  }
  return { ...record, overrides: { ...record.overrides, ...overrides } };
}

function chatRequest(
  { messages, sampling, logprobs }: WebllmGenerate,
  room: number,
  model: string,
): ChatCompletionRequestStreaming {
  const { temperature, topP, thinking, seed, stop, topK, minP } = sampling;
  if (topK !== undefined || minP !== undefined) {
    throw new ConfigError('WebLLM samples by temperature and top-p only.', 'Leave top-k and min-p out.');
  }
  return {
    messages: messages.map(({ role, content }) => ({ role, content })),
    stream: true,
    stream_options: { include_usage: true },
    temperature,
    top_p: topP,
    max_tokens: room,
    seed,
    ...(stop && stop.length > 0 ? { stop: [...stop] } : {}),
    ...(thinking === undefined && switchable.test(model) ? { extra_body: { enable_thinking: false } } : {}),
    // Without top_logprobs the library returns none; at temperature 0 they are all 0.
    ...(logprobs && temperature > 0 ? { logprobs: true, top_logprobs: 1 } : {}),
  };
}

/** Gathers a reply from its chunks. */
class Reply {
  /** Tokens of an answer, after which a model that has thought is interrupted. */
  readonly #maxTokens: number;
  readonly #stream = new ThoughtStream();
  #thoughtChunks = 0;
  #text = '';
  cut = false;
  #finish: FinishReason = 'stop';
  #usage: { prompt: number; completion: number } | null = null;
  readonly #logprobs: number[] = [];
  #chunks = 0;

  constructor(maxTokens: number) {
    this.#maxTokens = maxTokens;
  }

  /** Text that the chunk adds to the answer. */
  add(chunk: ChatCompletionChunk): string {
    if (chunk.usage) {
      this.#usage = { prompt: chunk.usage.prompt_tokens, completion: chunk.usage.completion_tokens };
    }
    const choice = chunk.choices[0];
    if (!choice) return '';
    const text = choice.delta.content ?? '';
    if (choice.finish_reason) {
      if (!this.cut) this.#finish = finishReasons[choice.finish_reason] ?? 'stop';
      return this.cut ? '' : this.#hear(text) + this.#stream.end();
    }
    if (this.cut) return '';
    this.#chunks++;
    for (const { logprob } of choice.logprobs?.content ?? []) this.#logprobs.push(logprob);
    const added = this.#hear(text);
    if (this.#stream.thought && this.#chunks - this.#thoughtChunks >= this.#maxTokens) {
      this.cut = true;
      this.#finish = 'length';
    }
    return added;
  }

  #hear(text: string): string {
    this.#text += text;
    const before = this.#stream.thinking;
    const thought = this.#stream.thought;
    const added = this.#stream.push(text);
    const { thinking, lone } = this.#stream;
    // An end tag that nothing opened makes thoughts of all before it.
    if (lone && !thought) this.#thoughtChunks = this.#chunks;
    else if (before || thinking) this.#thoughtChunks++;
    return added;
  }

  completion(aborted: boolean): Completion {
    // The library counts the tokens after the first one only in some versions; a chunk holds at most one.
    const completion = this.cut ? this.#chunks : Math.max(this.#usage?.completion ?? 0, this.#chunks);
    const { thoughts, answer } = splitThoughts(this.#text);
    const complete = this.#logprobs.length === completion && completion > 0;
    return {
      text: answer,
      ...(thoughts && { thoughts }),
      finishReason: aborted ? 'aborted' : this.#finish,
      usage: {
        prompt: this.#usage?.prompt ?? 0,
        completion,
        ...(thoughts && { thoughts: Math.min(completion, this.#thoughtChunks) }),
      },
      ...(complete ? { logprobs: this.#logprobs } : {}),
      logprobKind: complete ? 'tempered' : null,
    };
  }
}

/** WebLLM reports in words: "Fetching param cache[3/10]: 96MB fetched. 31% completed, ...". */
export function progressOf({ progress, text }: InitProgressReport): LoadProgress {
  const phase = /shader|GPU/i.test(text) ? 'compile' : /Finish/i.test(text) ? 'ready' : 'download';
  const megabytes = /(\d+)MB (?:fetched|loaded)/.exec(text)?.[1];
  if (phase === 'download' && megabytes !== undefined && progress > 0) {
    const loaded = Number(megabytes) * 2 ** 20;
    return { phase, loaded, total: Math.round(loaded / progress) };
  }
  return { phase, loaded: progress, total: 1 };
}
