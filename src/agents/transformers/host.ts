/**
 * The worker's side: models of transformers.js, one reply at a time. Tokens are drawn by our own sampler from the raw logits,
 * because the library's uses Math.random: so a seed repeats, and log-probabilities are those at temperature 1.
 */
import { ConfigError, throwIfAborted, TokenError } from '../../core/errors';
import type { Message, Sampling } from '../../records/records';
import { opensThoughts, type ThinkingMode } from '../../records/thoughts';
import { ChatTemplate } from '../../lm/chat/chatTemplate';
import { tokenSettings } from '../../lm/tokens/specialTokens';
import { checkSampling, Sampler } from '../../lm/sampling/sampler';
import { yieldToEvents } from '../../lm/yieldToEvents';
import type { AgentCallbacks, AgentRequest, Completion, LoadOptions } from '../agent';
import { budgetedReply, type Piece } from '../budgetedReply';
import { translate } from './errors';
import { pretendHost, readModelFile, type FileReaders, type ReadPlace } from './files';
import type { Library } from './library';
import type { TransformersInfo, TransformersRef } from './protocol';
import { dtypes, type Dtype } from '../../specs/transformers';
import { dtypeSuffix } from './spec';

export interface HostParts {
  open(options: {
    host: string;
    threads: number;
    read(url: URL, init: RequestInit): Promise<Response>;
  }): Promise<Library>;
  /** Null without WebGPU; `real` = not a software adapter. */
  adapter(): Promise<{ readonly real: boolean; readonly f16: boolean } | null>;
  readonly threads: number;
  readonly files: FileReaders;
  /** Brings a model of the hub into the app's own storage; gives its name there and the form of its weights. */
  bring(
    repo: string,
    options: LoadOptions & { readonly dtype: Dtype | null },
  ): Promise<{ readonly id: string; readonly dtype: Dtype }>;
}

type Model = Awaited<ReturnType<Library['AutoModelForCausalLM']['from_pretrained']>>;
type Tokenizer = Awaited<ReturnType<Library['AutoTokenizer']['from_pretrained']>>;
type Tensor = InstanceType<Library['Tensor']>;

interface Loaded {
  readonly model: Model;
  readonly tokenizer: Tokenizer;
  readonly chat: ChatTemplate | null;
  readonly info: TransformersInfo;
  readonly endIds: ReadonlySet<number>;
  sampler: Sampler | null;
}

export class TransformersHost {
  readonly #parts: HostParts;
  readonly #models = new Map<string, Loaded>();
  /** Models being read, by the key that stands for them in the library's addresses. */
  readonly #reading = new Map<string, { readonly place: ReadPlace; readonly signal?: AbortSignal }>();
  #library: Promise<Library> | null = null;
  #queue: Promise<unknown> = Promise.resolve();
  #keys = 0;

  constructor(parts: HostParts) {
    this.#parts = parts;
  }

  /** Throws DownloadError, ModelError, OutOfMemoryError, InterruptedError. */
  async load(ref: TransformersRef, options: LoadOptions): Promise<TransformersInfo> {
    const known = this.#models.get(ref.name);
    if (known) return known.info;
    const key = `m${this.#keys++}`;
    try {
      const loaded = await this.#load(key, ref, options);
      this.#models.set(ref.name, loaded);
      options.onProgress?.({ phase: 'ready', loaded: 1, total: 1 });
      return loaded.info;
    } catch (thrown) {
      throwIfAborted(options.signal);
      throw translate(thrown, ref.name, 'load');
    } finally {
      this.#reading.delete(key);
    }
  }

  /** Replies follow one another; an abort resolves with the text so far. */
  generate(name: string, request: AgentRequest, callbacks: AgentCallbacks): Promise<Completion> {
    const work = this.#queue.then(() => this.#generate(name, request, callbacks));
    this.#queue = work.catch(() => undefined);
    return work.catch((thrown: unknown) => {
      throw translate(thrown, name, 'generate');
    });
  }

  count(name: string, texts: readonly string[]): readonly number[] {
    const { tokenizer } = this.#model(name);
    return texts.map((text) => tokenizer.encode(text, { add_special_tokens: false }).length);
  }

  /** How many models are left. */
  async unload(name: string): Promise<number> {
    const loaded = this.#models.get(name);
    this.#models.delete(name);
    await this.#queue;
    await loaded?.model.dispose();
    return this.#models.size;
  }

  #model(name: string): Loaded {
    const loaded = this.#models.get(name);
    if (!loaded) throw new ConfigError(`${name} is not loaded.`, 'Load it first.');
    return loaded;
  }

  async #read(url: URL, init: RequestInit): Promise<Response> {
    const [, key = '', path = ''] = /^\/(m\d+)\/(.+)$/.exec(url.pathname) ?? [];
    const reading = this.#reading.get(key);
    if (!reading) return new Response(`${url.href} is not asked for`, { status: 404 });
    const { place, signal } = reading;
    return readModelFile(place, path, signal ? { ...init, signal } : init, this.#parts.files);
  }

  /** The library takes a missing file for an empty one. Throws DownloadError that names it. */
  async #requireFiles(place: ReadPlace, signal?: AbortSignal): Promise<void> {
    const init = { headers: { Range: 'bytes=0-0' }, ...(signal && { signal }) };
    for (const path of ['config.json', 'tokenizer.json', 'tokenizer_config.json']) {
      const response = await readModelFile(place, path, init, this.#parts.files);
      await response.body?.cancel();
      if (!response.ok) throw new Error(`${path}: Could not locate (${response.status})`);
    }
  }

  async #load(key: string, ref: TransformersRef, options: LoadOptions): Promise<Loaded> {
    const { signal, onProgress } = options;
    const { open, threads } = this.#parts;
    this.#library ??= open({ host: pretendHost, threads, read: (url, init) => this.#read(url, init) });
    const library = await this.#library;
    throwIfAborted(signal);
    const adapter = await this.#parts.adapter();
    const device = ref.device === 'auto' ? (adapter?.real ? 'webgpu' : 'wasm') : ref.device;
    const { place, form } = await this.#placeOf(ref, options);
    this.#reading.set(key, { place, ...(signal && { signal }) });
    const dtype = form ?? (await this.#dtype(key, ref, device === 'webgpu' && adapter?.f16 === true));
    const sizes = new Map<string, { loaded: number; total: number }>();
    const progress_callback = (event: { status: string; file?: string; loaded?: number; total?: number }) => {
      const { status, file = '', loaded = 0, total = 0 } = event;
      if (status !== 'progress') return;
      sizes.set(file, { loaded, total });
      const all = [...sizes.values()];
      const sum = (of: 'loaded' | 'total'): number => all.reduce((bytes, one) => bytes + one[of], 0);
      onProgress?.({ phase: 'download', loaded: sum('loaded'), total: sum('total') });
      if (file.endsWith('.onnx') && loaded === total) onProgress?.({ phase: 'compile', loaded: 0, total: 1 });
    };
    await this.#requireFiles(place, signal);
    const tokenizer = await library.AutoTokenizer.from_pretrained(key, { progress_callback });
    const model = await library.AutoModelForCausalLM.from_pretrained(key, {
      device,
      dtype,
      progress_callback,
    });
    // The library decodes without ever waiting for a message: an abort would come after the reply.
    const forward = model.forward.bind(model) as (inputs: unknown) => Promise<unknown>;
    model.forward = async (inputs: unknown) => {
      await yieldToEvents();
      return forward(inputs);
    };
    const { config } = model;
    const context: unknown = config.max_position_embeddings;
    const end: unknown =
      model.generation_config?.eos_token_id ?? ('eos_token_id' in config ? config.eos_token_id : undefined);
    return {
      model,
      tokenizer,
      chat: chatOf(tokenizer, ref.name),
      info: { device, dtype, threads, contextTokens: typeof context === 'number' ? context : null },
      endIds: new Set((Array.isArray(end) ? end : [end]).map(Number)),
      sampler: null,
    };
  }

  /** Where the files are once those of the hub are in storage, with the form of weights that is there. */
  async #placeOf(
    { place, dtype }: TransformersRef,
    options: LoadOptions,
  ): Promise<{ readonly place: ReadPlace; readonly form: Dtype | null }> {
    if (place.type !== 'hub') return { place, form: null };
    const { id, dtype: form } = await this.#parts.bring(place.id, { ...options, dtype });
    return { place: { type: 'stored', id }, form };
  }

  /** The first form of weights that the folder has and the device reads. */
  async #dtype(key: string, { dtype }: TransformersRef, f16: boolean): Promise<Dtype> {
    if (dtype !== null) return dtype;
    for (const one of dtypes) {
      if (one.endsWith('f16') && !f16) continue;
      if (one === 'fp16' && !f16) continue;
      const url = new URL(`${key}/onnx/model${dtypeSuffix[one]}.onnx`, pretendHost);
      const response = await this.#read(url, { headers: { Range: 'bytes=0-0' } });
      await response.body?.cancel();
      if (response.ok) return one;
    }
    return 'fp32';
  }

  #generate(
    name: string,
    { messages, sampling }: AgentRequest,
    { signal, onText }: AgentCallbacks,
  ): Promise<Completion> {
    const loaded = this.#model(name);
    const { tokenizer, info } = loaded;
    checkSampling(sampling);
    const { ids: promptIds, opened } = promptOf(loaded, messages, sampling.thinking ?? 'off');
    const decode = (ids: readonly number[]): string =>
      ids.length === 0 ? '' : tokenizer.decode([...ids], { skip_special_tokens: true });
    return budgetedReply({
      promptIds,
      opened,
      sampling,
      context: info.contextTokens ?? Infinity,
      encode: (text) => tokenizer.encode(text, { add_special_tokens: false }),
      decode,
      tokenTexts(ids) {
        const ends = ids.map((_, i) => decode(ids.slice(0, i + 1)));
        return ends.map((text, i) => text.slice(ends[i - 1]?.length ?? 0));
      },
      generate: (ids, drawn, onPiece) =>
        this.#draw(name, ids, drawn, { ...(signal && { signal }), ...(onPiece && { onText: onPiece }) }),
      onText,
    });
  }

  /** Tokens after others, up to an end, a stop string or the limit. */
  async #draw(
    name: string,
    promptIds: readonly number[],
    sampling: Sampling,
    { signal, onText }: AgentCallbacks,
  ): Promise<Piece> {
    const loaded = this.#model(name);
    const { model, tokenizer, info, endIds } = loaded;
    const library = await this.#library!;
    const room = (info.contextTokens ?? Infinity) - promptIds.length;
    if (room < 1) {
      throw new TokenError(
        `The prompt has ${promptIds.length} tokens, but ${name} reads ${info.contextTokens}.`,
        'Use fewer rounds, agents or shots, or a model with a longer context.',
        { details: { tokens: promptIds.length, context: info.contextTokens ?? 0 } },
      );
    }
    const most = Math.min(sampling.maxTokens, room);
    const ids: number[] = [];
    const logprobs: number[] = [];
    const stops = (sampling.stop ?? []).filter((stop) => stop !== '');
    let cut = -1;
    let shown = 0;
    const textSoFar = (): string => tokenizer.decode(ids, { skip_special_tokens: true });
    const show = (text: string): void => {
      // Half a character decodes as a replacement sign: it waits for its other half.
      if (text.length <= shown || text.endsWith('\uFFFD')) return;
      onText?.(text.slice(shown));
      shown = text.length;
    };

    /** Draws the token and leaves it as the only one that the library's greedy search can take. */
    class Draw extends library.LogitsProcessor {
      override _call(_all: unknown, logits: Tensor): Tensor {
        const data = logits.data as Float32Array;
        const vocab = logits.dims.at(-1) ?? data.length;
        loaded.sampler ??= new Sampler(vocab);
        const { id, logprob } = loaded.sampler.sample(data.subarray(0, vocab), sampling, ids.length);
        ids.push(id);
        logprobs.push(logprob);
        data.fill(-Infinity);
        data[id] = 0;
        if (stops.length > 0 || onText) {
          const text = textSoFar();
          const found = stops.map((stop) => text.indexOf(stop)).filter((at) => at >= 0);
          if (found.length > 0) cut = Math.min(...found);
          show(cut >= 0 ? text.slice(0, cut) : text);
        }
        return logits;
      }
    }

    class Ended extends library.StoppingCriteria {
      override _call(all: readonly unknown[]): boolean[] {
        return all.map(() => signal?.aborted === true || cut >= 0);
      }
    }
    if (most > 0 && signal?.aborted !== true) {
      const shape = [1, promptIds.length];
      const input_ids = new library.Tensor('int64', BigInt64Array.from(promptIds, BigInt), shape);
      const ones = new BigInt64Array(promptIds.length).fill(1n);
      const attention_mask = new library.Tensor('int64', ones, shape);
      const processors = new library.LogitsProcessorList();
      processors.push(new Draw());
      await model.generate({
        input_ids,
        attention_mask,
        // Everything of the model's own that would change the logits before they are read is off.
        ...{ do_sample: false, repetition_penalty: 1, no_repeat_ngram_size: 0, bad_words_ids: [] },
        ...{ min_length: 0, min_new_tokens: 0, max_new_tokens: most },
        logits_processor: processors,
        stopping_criteria: [new Ended()],
      });
    }
    const last = ids.at(-1);
    const ended = cut >= 0 || (last !== undefined && endIds.has(last));
    const aborted = signal?.aborted === true && !ended;
    const text = cut >= 0 ? textSoFar().slice(0, cut) : textSoFar();
    if (shown < text.length) onText?.(text.slice(shown));
    return {
      text,
      finishReason: aborted ? 'aborted' : ended ? 'stop' : 'length',
      ids,
      logprobs,
    };
  }
}

/** Of several templates the one named default, as in transformers. */
function chatOf({ chat_template: chat, config }: Tokenizer, name: string): ChatTemplate | null {
  const template: unknown = Array.isArray(chat)
    ? (chat as { name?: unknown; template?: unknown }[]).find((one) => one.name === 'default')?.template
    : chat;
  if (typeof template !== 'string' || template === '') return null;
  const { named } = tokenSettings({ config });
  return new ChatTemplate(template, named, name);
}

/** A conversation; a model without a chat template gets the bare texts, as with our engine. */
function promptOf(
  { tokenizer, chat }: Loaded,
  messages: readonly Message[],
  thinking: ThinkingMode,
): { readonly ids: readonly number[]; readonly opened: boolean } {
  const text =
    chat?.text(messages, { addGenerationPrompt: true, thinking }) ??
    `${messages.map(({ content }) => content).join('\n\n')}\n\n`;
  const ids = tokenizer.encode(text, { add_special_tokens: chat === null });
  return { ids, opened: chat !== null && opensThoughts(text) };
}
