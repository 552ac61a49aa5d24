/** One training of the reward model: its state on device and host between two steps, and the loop over steps. */
import * as v from 'valibot';
import { canonical } from '../../core/canonical';
import { ConfigError, InterruptedError, throwIfAborted } from '../../core/errors';
import type { TrainLog } from '../../records/trainLog';
import { hashKey, uniform } from '../../core/rng';
import type { LoraAdapter } from '../../lm/types';
import { yieldToEvents } from '../../lm/yieldToEvents';
import { Backprop } from '../../train/backprop';
import type { PassSize } from '../../lm/recompute';
import { packRows } from '../../train/batch';
import type { TrainHooks } from '../../train/hooks';
import { divergence, LoraOptimizer } from '../../train/loraOptimizer';
import { DocumentOrder, learningRate } from '../../train/options';
import { variantsOf } from '../../lm/variantsOf';
import { fingerprint, useVariants } from '../../train/resume';
import { readState, writeState } from '../../train/stateFile';
import { hostAdamw, type HostState } from './hostAdamw';
import { classWeights, contrastiveLoss, headCrossEntropy } from './rewardHead';
import { rewardMetrics, type RewardMetrics } from './rewardMetrics';
import { RewardModel } from './rewardModel';
import type { LanguageModel, Tokenizer } from '../../lm/types';
import { type LabelledTrace } from './rewardData';
import { type RewardOptions } from './rewardOptions';

export interface RewardTrainRequest extends TrainHooks<Uint8Array<ArrayBuffer>> {
  readonly model: LanguageModel;
  readonly tokenizer: Tokenizer;
  readonly traces: readonly LabelledTrace[];
  readonly heldOut: readonly LabelledTrace[];
  readonly options: RewardOptions;
  /** PEFT files that the LoRA starts from, such as an adapter fine-tuned on solutions; null or absent for a fresh one. */
  readonly init?: Readonly<Record<string, Uint8Array>> | null;
  /** What the PEFT files name as their base. Default "student". */
  readonly baseName?: string;
}

/** A trace's labelled step positions with their labels. */
export interface TrainDocument {
  readonly ids: readonly number[];
  readonly places: readonly number[];
  readonly labels: readonly number[];
  readonly agent: string;
}

type Tensor = LoraAdapter['params'];

export const kind = 'reward model';
const betas = [0.9, 0.999] as const;
const eps = 1e-8;
const stateSchema = v.object({
  step: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  tokens: v.number(),
  options: v.unknown(),
  data: v.number(),
  // The log of a step whose evaluation was interrupted.
  pending: v.optional(
    v.nullable(v.custom<TrainLog>((value) => typeof value === 'object' && value !== null && 'step' in value)),
    null,
  ),
  variants: v.nullable(v.string()),
});

export class RewardRun {
  readonly head: HostState;
  readonly #request: RewardTrainRequest;
  readonly #documents: readonly TrainDocument[];
  readonly #adapter: LoraAdapter;
  readonly #backprop: Backprop;
  readonly #scorer: RewardModel;
  readonly #order: DocumentOrder;
  readonly #weights: readonly [number, number];
  readonly #data: number;
  readonly #owned: Tensor[] = [];
  readonly #optimizer: LoraOptimizer;
  readonly #extra: Tensor;
  readonly #size: PassSize;
  #step = 0;
  #tokens = 0;
  /** The log of the last step, until its evaluation is done and onLog has it. */
  #pending: TrainLog | null = null;

  constructor(
    request: RewardTrainRequest,
    documents: readonly TrainDocument[],
    adapter: LoraAdapter,
    owner: string,
  ) {
    const { model, tokenizer, options } = request;
    const { hidden } = model.config;
    this.#request = request;
    this.#documents = documents;
    this.#adapter = adapter;
    this.#order = new DocumentOrder(documents.length, 'shuffle', options.seed);
    const labels = documents.flatMap((document) => document.labels);
    this.#weights = options.classBalance ? classWeights(labels) : [1, 1];
    this.#data = fingerprint(documents.map(({ ids, places, labels }) => ({
      ids: [...ids, ...places, ...labels.map((label) => Math.round(label * 1e6))],
      responseStart: 1,
    }))); // prettier-ignore
    const key = hashKey('reward head', options.seed);
    const bound = 1 / Math.sqrt(hidden);
    this.head = {
      params: Float32Array.from({ length: 2 * hidden }, (_, i) => (2 * uniform(key, i) - 1) * bound),
      m: new Float32Array(2 * hidden),
      v: new Float32Array(2 * hidden),
    };
    // A batch over the border of two epochs, or of more documents than there are, holds some of them again.
    const times = Math.ceil(options.batch / documents.length) + 1;
    const most = (size: (document: TrainDocument) => number): number =>
      documents
        .flatMap((document) => Array.from({ length: times }, () => size(document)))
        .sort((a, b) => b - a)
        .slice(0, options.batch)
        .reduce((sum, n) => sum + n, 0);
    const targets = most(({ places }) => places.length);
    const { backend } = model;
    const make = (label: string, size: number): Tensor => {
      const tensor = backend.tensor([size], { owner, label });
      this.#owned.push(tensor);
      return tensor;
    };
    const optimizer = new LoraOptimizer(backend, adapter, owner);
    this.#optimizer = optimizer;
    try {
      this.#extra = make('d final of the head', targets * hidden);
      this.#size = { rows: most(({ ids }) => ids.length), targets };
      this.#backprop = new Backprop(model, adapter, { owner });
    } catch (error) {
      optimizer.dispose();
      backend.release(...this.#owned);
      throw error;
    }
    const { splitter } = options;
    this.#scorer = new RewardModel({ model, tokenizer, adapter, head: this.head.params, splitter, owner });
  }

  async start(): Promise<void> {
    const { model, options, resume } = this.#request;
    const { backend } = model;
    await backend.settle();
    await this.#backprop.reserve(this.#size, this.#request.recompute?.(this.#size) ?? 'off');
    if (!resume) return;
    const file = await readState(kind, resume);
    const state = v.safeParse(stateSchema, file.state);
    // How often it is evaluated and saved does not change the result.
    const fixed = (from: unknown): string => canonical({ ...(from as object), evalEvery: 0, saveEvery: 0 });
    if (!state.success || fixed(state.output.options) !== fixed(options) || state.output.data !== this.#data)
      throw new ConfigError(
        'The checkpoint of the reward model was made with other settings or data.',
        'Resume with the same settings and data, or start again.',
      );
    const { size } = this.#adapter.params;
    this.#step = state.output.step;
    this.#tokens = state.output.tokens;
    this.#pending = state.output.pending;
    useVariants(backend, state.output.variants);
    const moments = { m: file.tensor('m', size), v: file.tensor('v', size) };
    this.#optimizer.load(file.tensor('params', size), moments);
    for (const name of ['params', 'm', 'v'] as const)
      this.head[name].set(file.tensor(`head.${name}`, this.head.params.length));
  }

  go(): Promise<TrainLog[]> {
    return this.#saving(() => this.#go());
  }

  /** On the held-out traces with the parameters as they are. */
  measure(): Promise<RewardMetrics> {
    return this.#saving(() => this.#measure());
  }

  /** Work that can be interrupted changes no state before it is done, so the state saved is that of a step's end. */
  async #saving<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof InterruptedError) await this.#save();
      throw error;
    }
  }

  async #go(): Promise<TrainLog[]> {
    const { options, signal, gate } = this.#request;
    const logs: TrainLog[] = [];
    for (;;) {
      if (this.#pending) {
        logs.push(await this.#emit(this.#pending));
        if (options.saveEvery > 0 && this.#step % options.saveEvery === 0 && this.#step < options.steps)
          await this.#save();
      }
      if (this.#step >= options.steps) return logs;
      await yieldToEvents();
      throwIfAborted(signal);
      await gate?.pass(signal);
      this.#pending = await this.#advance();
    }
  }

  /** Evaluates where that is due; returns the log that went to onLog. */
  async #emit(log: TrainLog): Promise<TrainLog> {
    const { options, heldOut, onLog } = this.#request;
    let entry = log;
    if (options.evalEvery > 0 && heldOut.length > 0 && log.step % options.evalEvery === 0) {
      const { loss, stepAuc } = await this.#measure();
      entry = { ...log, eval_loss: loss, ...(stepAuc === null ? {} : { eval_auc: stepAuc }) };
    }
    this.#pending = null;
    onLog?.(entry);
    return entry;
  }

  async #measure(): Promise<RewardMetrics> {
    const { heldOut, options, signal } = this.#request;
    const scored = await this.#scorer.scoreTexts(heldOut, signal);
    const scores = scored.map((steps) => steps.map(({ good }) => good));
    return rewardMetrics(heldOut, scores, options.splitter);
  }

  dispose(): void {
    this.#backprop.dispose();
    this.#optimizer.dispose();
    this.#scorer.dispose({ keepAdapter: true });
    this.#request.model.backend.release(...this.#owned);
  }

  async #advance(): Promise<TrainLog> {
    const { model, options } = this.#request;
    const { backend } = model;
    const { hidden } = model.config;
    const start = this.#step * options.batch;
    const documents = Array.from(
      { length: options.batch },
      (_, i) => this.#documents[this.#order.at(start + i)]!,
    );
    const batch = packRows(documents);
    const count = batch.targets.length;
    this.#backprop.forward(batch);
    const final = await backend.read(this.#backprop.final, 0, count * hidden);
    const labels = documents.flatMap((document) => document.labels);
    const agents = documents.flatMap(({ agent, places }) => places.map(() => agent));
    const rows = { final, hidden, labels, agents };
    const main = headCrossEntropy(rows, this.head.params, this.#weights);
    const extra = Float32Array.from(main.gradFinal);
    const { contrastive } = options;
    const term = contrastive ? contrastiveLoss(rows, contrastive.temperature) : null;
    if (contrastive && term)
      for (let i = 0; i < extra.length; i++)
        extra[i] = main.gradFinal[i]! + contrastive.weight * term.gradFinal[i]!;
    backend.write(this.#extra, extra);
    const optimizer = this.#optimizer;
    optimizer.zero();
    this.#backprop.backwardFinal({ extraFinal: this.#extra, gradient: optimizer.gradient });
    const all =
      (await optimizer.squaredNorm()) + main.gradHead.reduce((sum, slope) => sum + slope * slope, 0);
    const gradNorm = Math.sqrt(all);
    const loss = main.loss + (contrastive && term ? contrastive.weight * term.loss : 0);
    const diverged = divergence('The reward model', this.#step + 1, { loss, gradNorm });
    if (diverged) {
      await this.#save();
      throw diverged;
    }
    // LoRA and head are clipped by their common norm.
    optimizer.clipBy(all);
    const { maxGradNorm, weightDecay } = options;
    const rate = (lr: number): number => learningRate({ ...options, lr, scheduler: 'linear' }, this.#step);
    const [lr, headLr] = [rate(options.lr), rate(options.headLr)];
    this.#step++;
    const step = this.#step;
    optimizer.step(step, lr, { betas, eps, weightDecay, maxGradNorm });
    const scale = maxGradNorm > 0 ? Math.min(1, maxGradNorm / (gradNorm + 1e-6)) : 1;
    hostAdamw(this.head, main.gradHead, {
      step,
      lr: headLr,
      betas,
      eps,
      weightDecay,
      scale,
    });
    this.#tokens += batch.rows;
    return {
      step,
      loss,
      grad_norm: gradNorm,
      learning_rate: lr,
      num_tokens: this.#tokens,
      epoch: (step * options.batch) / this.#documents.length,
      accuracy: main.right / count,
      positive_share: labels.reduce((sum, label) => sum + label, 0) / count,
      ...(term ? { contrastive_loss: term.loss } : {}),
    };
  }

  async #save(): Promise<void> {
    const { model, options, onCheckpoint } = this.#request;
    if (!onCheckpoint) return;
    const { backend } = model;
    const state = {
      step: this.#step,
      tokens: this.#tokens,
      pending: this.#pending,
      options,
      data: this.#data,
      variants: variantsOf(backend),
    };
    const bytes = writeState(kind, state, {
      params: await backend.read(this.#adapter.params),
      ...(await this.#optimizer.moments()),
      'head.params': this.head.params,
      'head.m': this.head.m,
      'head.v': this.head.v,
    });
    await onCheckpoint(bytes, this.#step);
  }
}
