/** One request in flight: its tokens, its blocks, and the text streamed so far. */
import type { FinishReason } from '../records/records';
import type { Block } from './paged/blockPool';
import { TextStream } from './tokenizer';
import type { GenerateRequest, GenerateResult, LoraAdapter, Tokenizer } from './types';

export interface GenerateOptions {
  readonly adapter?: LoraAdapter | null;
  readonly signal?: AbortSignal;
  /** Called once per token; `textDelta` may be empty (special tokens, characters that are not complete yet). */
  readonly onToken?: (id: number, textDelta: string) => void;
}

export class Sequence {
  readonly request: GenerateRequest;
  readonly options: GenerateOptions;
  readonly adapter: LoraAdapter | null;
  /** Prompt and reply. */
  readonly ids: number[];
  readonly promptLength: number;
  /** Most tokens (prompt and reply) of this sequence. */
  readonly limit: number;
  readonly logprobs: number[] = [];
  /** Row of the block table while running. */
  row = -1;
  /** Room in the cache for all of `ids` while running. */
  blocks: readonly Block[] = [];
  /** First position that is not in the cache yet. */
  next = 0;
  /** The device was not sure of its next token: the host chooses it. */
  left = false;
  readonly result: Promise<GenerateResult>;
  #resolve: (result: GenerateResult) => void = () => undefined;
  #reject: (error: unknown) => void = () => undefined;
  readonly #tokenizer: Tokenizer | null;
  readonly #stream: TextStream | null;
  readonly #stops: readonly string[];
  readonly #endIds: ReadonlySet<number>;
  /** Characters of the text that were streamed. */
  #told = 0;
  /** Where a stop string begins, once one was found. */
  #cut = -1;

  constructor(
    request: GenerateRequest,
    options: GenerateOptions,
    tokenizer: Tokenizer | null,
    endIds: Iterable<number>,
    limit: number,
  ) {
    this.request = request;
    this.options = options;
    this.adapter = options.adapter ?? null;
    this.ids = [...request.promptIds];
    this.promptLength = this.ids.length;
    this.limit = limit;
    this.#tokenizer = tokenizer;
    this.#stops = (request.sampling.stop ?? []).filter((stop) => stop !== '');
    const streams = tokenizer !== null && (this.#stops.length > 0 || options.onToken !== undefined);
    this.#stream = streams ? new TextStream(tokenizer) : null;
    this.#endIds = new Set([...endIds, ...(request.stopIds ?? [])]);
    this.result = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  get replyLength(): number {
    return this.ids.length - this.promptLength;
  }

  get aborted(): boolean {
    return this.options.signal?.aborted ?? false;
  }

  /** Takes the next token; returns why the reply ends with it, or null. */
  push(id: number, logprob: number): FinishReason | null {
    this.ids.push(id);
    this.logprobs.push(logprob);
    this.#stream?.push(id);
    const ended = this.#endIds.has(id);
    const full = this.ids.length >= this.limit;
    if (ended || full) this.#stream?.flush();
    const stopped = this.#findStop();
    this.options.onToken?.(id, this.#tell(stopped || ended || full));
    return stopped || ended ? 'stop' : full ? 'length' : null;
  }

  finish(reason: FinishReason): void {
    const ids = this.ids.slice(this.promptLength);
    const whole = this.#tokenizer?.decode(ids, { skipSpecial: true }) ?? '';
    const text = this.#cut >= 0 && this.#stream ? this.#stream.text.slice(0, this.#cut) : whole;
    this.#resolve({ ids, text, logprobs: this.logprobs, finishReason: reason });
  }

  fail(error: unknown): void {
    this.#reject(error);
  }

  #findStop(): boolean {
    const text = this.#stream?.text ?? '';
    for (const stop of this.#stops) {
      const at = text.indexOf(stop, this.#told);
      if (at >= 0 && (this.#cut < 0 || at < this.#cut)) this.#cut = at;
    }
    return this.#cut >= 0;
  }

  /** Text that may be streamed now: a tail that could be the beginning of a stop string waits, unless this is the end. */
  #tell(last: boolean): string {
    if (!this.#stream) return '';
    const { text } = this.#stream;
    let end = this.#cut >= 0 ? this.#cut : text.length;
    if (!last) {
      for (const stop of this.#stops) {
        for (let held = Math.min(stop.length - 1, text.length - this.#told); held > 0; held--) {
          if (!text.endsWith(stop.slice(0, held))) continue;
          end = Math.min(end, text.length - held);
          break;
        }
      }
    }
    const delta = text.slice(this.#told, end);
    this.#told = Math.max(this.#told, end);
    return delta;
  }
}
