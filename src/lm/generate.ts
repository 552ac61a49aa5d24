/**
 * Generation with continuous batching: prompts in chunks and replies token by token share one batch; a request joins as
 * soon as another ends, and where the cache is full the youngest is put back and computed again. What a request gets depends
 * neither on what runs beside it nor on what is cached (mode "generate" of every op).
 * One file past 300 lines: queue, admission and step share their state.
 */
import { fail } from '../core/assert';
import { ConfigError, OutOfMemoryError, TokenError } from '../core/errors';
import { Batch } from './batch';
import { KvCache } from './cache';
import { checkIds } from './forward';
import type { GeneratorOptions, GeneratorStats } from './generatorOptions';
import { PagedCache } from './paged/pagedCache';
import { mostSteps, onlyByHost, samplesOnDevice, type Answer, type Ask } from './sampling/chain';
import { checkSampling, Sampler, type SampledToken } from './sampling/sampler';
import { Sequence, type GenerateOptions } from './sequence';
import type { GenerateRequest, GenerateResult, LanguageModel, LoraAdapter, Tokenizer } from './types';
import { variantsOf } from './variantsOf';
import { yieldToEvents } from './yieldToEvents';

export type { GeneratorOptions, GeneratorStats } from './generatorOptions';

const defaultCacheBytes = 512 << 20;

export class Generator {
  readonly model: LanguageModel;
  readonly tokenizer: Tokenizer | null;
  readonly maxSequences: number;
  readonly #endIds: readonly number[];
  readonly #owner: string;
  readonly #chainMs: number;
  readonly #prefillRows: number;
  /** Null before the first request: whether the device has the memory is known only then. */
  #batch: Batch | null = null;
  readonly #cache: PagedCache;
  readonly #sampler: Sampler;
  readonly #waiting: Sequence[] = [];
  readonly #active: Sequence[] = [];
  readonly #freeRows: number[] = [];
  #adapter: LoraAdapter | null = null;
  #running: Promise<void> | null = null;
  #disposed = false;
  /** A sequence was put back, and none has ended since. */
  #crowded = false;
  /** Steps of the next chain. */
  #chainSteps = mostSteps / 2;
  /** The kernel forms that computed what is cached. */
  #forms: string | null = null;
  readonly #stats = { steps: 0, rows: 0, generated: 0, prompted: 0, shared: 0, reused: 0, preempted: 0 };

  /** Throws ConfigError. Without a tokenizer texts are empty and stop strings never found. */
  constructor(model: LanguageModel, tokenizer: Tokenizer | null, options: GeneratorOptions = {}) {
    const { blockSize = 16, owner = 'generation', halvings = 0, chainMs = 400 } = options;
    const share = (whole: number): number => Math.max(1, Math.floor(whole / 2 ** halvings));
    const maxSequences = options.maxSequences ?? share(64);
    const prefillRows = options.prefillRows ?? share(256);
    for (const [name, value] of Object.entries({ maxSequences, blockSize, prefillRows })) {
      if (!Number.isInteger(value) || value < 1)
        throw new ConfigError(`${name} is ${value}; it must be a whole number from 1.`, `Change ${name}.`);
    }
    this.model = model;
    this.tokenizer = tokenizer;
    this.maxSequences = maxSequences;
    this.#endIds = [...model.config.eosIds, ...(tokenizer?.eosIds ?? [])];
    const perToken = KvCache.bytesPerToken(model);
    const bytesOfOne = KvCache.bytesOfOne(model);
    const fitting = Math.floor(defaultCacheBytes / perToken);
    // Halved, it still holds the longest sequence that it held before.
    const longest = Math.min(Math.max(fitting, Math.min(2048, model.maxContext)), model.maxContext);
    const byDefault = Math.max(share(fitting), longest);
    const tokens = Math.min(
      options.cacheTokens ?? byDefault,
      maxSequences * (model.maxContext + blockSize),
      Math.floor(model.backend.maxTensorBytes / bytesOfOne),
    );
    this.#cache = new PagedCache(model, { blockSize, tokens, owner });
    this.#sampler = new Sampler(model.config.vocab);
    this.#owner = owner;
    this.#chainMs = chainMs;
    this.#prefillRows = prefillRows;
  }

  get stats(): GeneratorStats {
    return { ...this.#stats, active: this.#active.length, waiting: this.#waiting.length };
  }

  /**
   * Queues one request. An abort resolves with what there is and finishReason "aborted". Rejects with TokenError (id out
   * of range, empty or too long prompt), ConfigError (sampling), OutOfMemoryError, DeviceLostError, ModelError.
   */
  async submit(request: GenerateRequest, options: GenerateOptions = {}): Promise<GenerateResult> {
    const sequence = this.#accept(request, options);
    if (sequence.limit <= sequence.promptLength) sequence.finish(sequence.aborted ? 'aborted' : 'length');
    else this.#enqueue(sequence);
    return sequence.result;
  }

  /** Queues several requests; results are in their order. A bad request rejects before any of them starts. */
  async generate(
    requests: readonly GenerateRequest[],
    options: {
      readonly adapter?: LoraAdapter | null;
      readonly signal?: AbortSignal;
      readonly onToken?: (index: number, id: number, textDelta: string) => void;
    } = {},
  ): Promise<GenerateResult[]> {
    const { onToken, ...rest } = options;
    requests.forEach((request) => this.#check(request));
    return Promise.all(
      requests.map((request, index) => {
        const told = onToken ? { onToken: (id: number, text: string) => onToken(index, id, text) } : {};
        return this.submit(request, { ...rest, ...told });
      }),
    );
  }

  /** Ends everything in flight as aborted and gives all memory back. */
  async dispose(): Promise<void> {
    this.#disposed = true;
    await this.#running;
    this.#batch?.dispose();
    this.#cache.dispose();
  }

  #check(request: GenerateRequest): void {
    checkIds(this.model, request.promptIds);
    checkSampling(request.sampling);
    const room = this.#cache.positions;
    if (request.promptIds.length > room) {
      throw new TokenError(
        `The prompt has ${request.promptIds.length} tokens; the cache holds ${room}.`,
        'Shorten the prompt, or give the generator a larger cache.',
        { details: { tokens: request.promptIds.length, context: room } },
      );
    }
  }

  #accept(request: GenerateRequest, options: GenerateOptions): Sequence {
    if (this.#disposed) fail('This generator was disposed and is used again.');
    this.#check(request);
    const room = this.#cache.positions;
    const wanted = request.promptIds.length + request.sampling.maxTokens;
    const limit = Math.min(wanted, this.model.maxContext, room);
    return new Sequence(request, options, this.tokenizer, this.#endIds, limit);
  }

  #enqueue(sequence: Sequence): void {
    this.#waiting.push(sequence);
    this.#running ??= this.#loop();
  }

  async #loop(): Promise<void> {
    try {
      for (;;) {
        // Requests of the same moment start in the same batch, and aborts are heard between any two tokens.
        await yieldToEvents();
        this.#dropAborted();
        if (this.#waiting.length > 0) await this.#admit((this.#batch ??= await this.#makeBatch()));
        if (this.#active.length === 0 && this.#waiting.length === 0) {
          this.#running = null;
          return;
        }
        if (this.#active.length > 0 && this.#batch) await this.#makeRoom(this.#batch);
        if (this.#active.length > 0 && this.#batch) await this.#step(this.#batch);
      }
    } catch (error) {
      this.#running = null;
      const failed = this.#active.splice(0);
      for (const { row } of failed) this.#freeRows.push(row);
      for (const sequence of failed) this.#cache.release(sequence);
      // What a step that failed was to compute may not be there.
      this.#cache.forget();
      for (const sequence of [...failed, ...this.#waiting.splice(0)]) sequence.fail(error);
    }
  }

  /** Room for as many sequences as were asked for, or for half as often as the device refuses it. Throws OutOfMemoryError. */
  async #makeBatch(): Promise<Batch> {
    const { model } = this;
    const { blockSize } = this.#cache;
    for (let [sequences, prefill] = [this.maxSequences, this.#prefillRows]; ;) {
      let batch: Batch | null = null;
      try {
        const rows = sequences + prefill;
        batch = new Batch(model, { rows, sequences, blockSize, owner: this.#owner });
        await model.backend.settle();
        this.#freeRows.push(...Array.from({ length: sequences }, (_, i) => sequences - 1 - i));
        return batch;
      } catch (error) {
        batch?.dispose();
        if (!(error instanceof OutOfMemoryError) || (sequences === 1 && prefill === 1)) throw error;
        [sequences, prefill] = [Math.ceil(sequences / 2), Math.ceil(prefill / 2)];
      }
    }
  }

  #dropAborted(): void {
    for (const sequence of [...this.#active]) {
      if (this.#disposed || sequence.aborted) this.#end(sequence, () => sequence.finish('aborted'));
    }
    for (let i = this.#waiting.length - 1; i >= 0; i--) {
      const sequence = this.#waiting[i]!;
      if (!this.#disposed && !sequence.aborted) continue;
      this.#waiting.splice(i, 1);
      this.#end(sequence, () => sequence.finish('aborted'));
    }
  }

  /** Starts waiting requests in their order while rows and blocks last; one adapter at a time. */
  async #admit(batch: Batch): Promise<void> {
    const forms = variantsOf(this.model.backend);
    if (forms !== this.#forms) this.#cache.forget();
    this.#forms = forms;
    while (this.#waiting.length > 0 && this.#freeRows.length > 0) {
      const sequence = this.#waiting[0]!;
      const running = this.#active.length;
      if (running > 0 && (this.#crowded || sequence.adapter !== this.#adapter)) return;
      try {
        if (!(await this.#cache.admit(sequence, running))) return;
      } catch (error) {
        if (!(error instanceof OutOfMemoryError)) throw error;
        this.#waiting.shift();
        this.#end(sequence, () => sequence.fail(error));
        continue;
      }
      this.#waiting.shift();
      if (running === 0) {
        this.#crowded = false;
        this.#adapter = sequence.adapter;
        batch.setAdapter(sequence.adapter);
      }
      sequence.row = this.#freeRows.pop()!;
      batch.setBlocks(sequence.row, sequence.blocks);
      this.#active.push(sequence);
    }
  }

  /** Room for every running sequence's newest token. Where there is none the youngest goes back to the queue. */
  async #makeRoom(batch: Batch): Promise<void> {
    for (const sequence of [...this.#active]) {
      const had = sequence.blocks.length;
      while (this.#active.includes(sequence)) {
        try {
          if (await this.#cache.extend(sequence, this.#active.length === 1)) break;
          this.#putBack(this.#active.at(-1)!);
        } catch (error) {
          if (!(error instanceof OutOfMemoryError)) throw error;
          this.#end(sequence, () => sequence.fail(error));
        }
      }
      if (sequence.blocks.length > had) batch.setBlocks(sequence.row, sequence.blocks, had);
    }
  }

  /** Takes a running sequence's blocks; its tokens are computed again when its turn comes. */
  #putBack(sequence: Sequence): void {
    this.#leave(sequence);
    sequence.next = 0;
    this.#waiting.unshift(sequence);
    this.#crowded = true;
    this.#stats.preempted++;
  }

  /** One batch: a token of every running reply, and as much of the prompts as there is room for. */
  async #step(batch: Batch): Promise<void> {
    batch.clear();
    const wanted: Sequence[] = [];
    const left = ({ ids, next }: Sequence): number => ids.length - next;
    for (const sequence of this.#active) if (left(sequence) === 1) this.#plan(batch, sequence, wanted);
    for (const sequence of this.#active) if (left(sequence) > 1) this.#plan(batch, sequence, wanted);
    if (batch.count === 0) fail('Generation came to a halt.');
    this.#stats.steps++;
    this.#stats.rows += batch.count;
    if (samplesOnDevice(this.model)) return this.#chain(batch, wanted);
    const logits = await batch.run(this.#cache.tensors);
    const { vocab } = this.model.config;
    for (const [i, sequence] of wanted.entries())
      this.#take(sequence, () => this.#sample(sequence, logits.subarray(i * vocab, (i + 1) * vocab)));
  }

  /** As above, with several tokens of every reply where all of them are at that: the device chooses them. */
  async #chain(batch: Batch, wanted: readonly Sequence[]): Promise<void> {
    const most = wanted.length === this.#active.length ? this.#chainSteps : 1;
    const asks: Ask[] = [];
    for (const sequence of wanted) asks.push(await this.#ask(batch, sequence, most));
    const began = performance.now();
    const answers = await batch.runChain(this.#cache.tensors, asks);
    const steps = Math.max(1, ...asks.map((ask) => ask.steps));
    this.#stats.steps += steps - 1;
    for (const ask of asks) this.#stats.rows += ask.steps - 1;
    const stepMs = (performance.now() - began) / steps;
    this.#chainSteps = Math.max(1, Math.min(mostSteps, Math.floor(this.#chainMs / stepMs)));
    wanted.forEach((sequence, i) => this.#takeAll(sequence, asks[i]!, answers[i]!));
  }

  /** What is asked for a sequence whose newest token is in the batch: up to `most` tokens, as far as there is room for them. */
  async #ask(batch: Batch, sequence: Sequence, most: number): Promise<Ask> {
    const { ids, replyLength: index, row } = sequence;
    const { sampling } = sequence.request;
    const { blockSize } = this.#cache;
    const byHost = sequence.left || onlyByHost(sampling);
    const wanted = byHost ? 1 : Math.min(most, sequence.limit - ids.length);
    const had = sequence.blocks.length;
    await this.#cache.reserve(sequence, ids.length + wanted - 1);
    const { blocks } = sequence;
    if (blocks.length > had) batch.setBlocks(row, blocks, had);
    return {
      ...{ sampling, index, row, byHost, position: ids.length - 1 },
      slotOf: (at) => blocks[Math.floor(at / blockSize)]!.index * blockSize + (at % blockSize),
      steps: Math.min(wanted, blocks.length * blockSize - ids.length + 1),
    };
  }

  /** The tokens of a chain, as far as the reply goes. The step that the device left to the host comes once more, if need be. */
  #takeAll(sequence: Sequence, { steps }: Ask, { chosen, logits }: Answer): void {
    // A position counts as computed once the token after it is known.
    sequence.next--;
    const take = (choose: () => SampledToken): void => {
      sequence.next++;
      this.#take(sequence, choose);
    };
    for (const one of chosen) take(() => one);
    if (logits) take(() => this.#sample(sequence, logits));
    sequence.left = !logits && chosen.length < steps;
  }

  /** Adds the sequence's next rows to the batch: one for a reply; for a prompt all that may be computed now. */
  #plan(batch: Batch, sequence: Sequence, wanted: Sequence[]): void {
    const { blockSize } = this.#cache;
    const end = sequence.ids.length;
    while (sequence.next < end && batch.count < batch.rows) {
      const block = sequence.blocks[Math.floor(sequence.next / blockSize)]!;
      const offset = sequence.next % blockSize;
      if (block.key !== null) {
        if (block.fill > offset) {
          // Another sequence has computed this position, or does so in this very batch.
          sequence.next++;
          this.#stats[block.kept ? 'reused' : 'shared']++;
          continue;
        }
        block.writer ??= sequence;
        if (block.writer !== sequence) return;
        block.fill = offset + 1;
      }
      const last = sequence.next === end - 1;
      if (sequence.next < sequence.promptLength) this.#stats.prompted++;
      batch.add(
        sequence.ids[sequence.next]!,
        sequence.next,
        block.index * blockSize + offset,
        sequence.row,
        last,
      );
      sequence.next++;
      if (last) wanted.push(sequence);
    }
  }

  #sample({ request, replyLength }: Sequence, logits: Float32Array): SampledToken {
    return this.#sampler.sample(logits, request.sampling, replyLength);
  }

  #take(sequence: Sequence, choose: () => SampledToken): void {
    if (!this.#active.includes(sequence)) return;
    try {
      const { id, logprob } = choose();
      this.#stats.generated++;
      const reason = sequence.push(id, logprob);
      if (reason) this.#end(sequence, () => sequence.finish(reason));
      else if (sequence.aborted) this.#end(sequence, () => sequence.finish('aborted'));
    } catch (error) {
      this.#end(sequence, () => sequence.fail(error));
    }
  }

  #end(sequence: Sequence, tell: () => void): void {
    if (this.#active.includes(sequence)) {
      this.#leave(sequence);
      this.#crowded = false;
    }
    this.#forgetTrained(sequence);
    tell();
  }

  /**
   * Forgets what an adapter in training computed once the last of its sequences has ended, before anyone hears of that: the next
   * thing may be a step.
   */
  #forgetTrained({ adapter }: Sequence): void {
    if (!adapter || adapter.frozen) return;
    const others = [...this.#active, ...this.#waiting].some((one) => one.adapter === adapter);
    if (!others) this.#cache.forget(adapter);
  }

  #leave(sequence: Sequence): void {
    this.#active.splice(this.#active.indexOf(sequence), 1);
    this.#freeRows.push(sequence.row);
    this.#cache.release(sequence);
  }
}
