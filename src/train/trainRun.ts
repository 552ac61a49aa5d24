/** One supervised training on the device: its state between steps, a step, held-out losses, checkpoints. */
import type { Tensor } from '../compute/ops';
import { throwIfAborted } from '../core/errors';
import type { TrainLog } from '../records/trainLog';
import { hashKey } from '../core/rng';
import type { LoraAdapter } from '../lm/types';
import { yieldToEvents } from '../lm/yieldToEvents';
import { Backprop } from './backprop';
import { exampleRows, exampleTargets, packExamples, targetWeights, totalWeight, weightedSum } from './batch';
import type { Example } from './batch';
import type { BestState, Checkpoint } from './checkpoint';
import { heldOutLoss } from './heldOut';
import type { TrainHooks } from './hooks';
import { divergence, LoraOptimizer } from './loraOptimizer';
import { DocumentOrder, learningRate } from './options';
import { fingerprint, useVariants, variantsOf } from './resume';
import type { LanguageModel } from '../lm/types';
import type { TrainOptions } from './options';

/** Its checkpoints come at the end and when it diverged too. */
export interface TrainExamplesRequest extends TrainHooks<Checkpoint> {
  readonly model: LanguageModel;
  readonly examples: readonly Example[];
  readonly evalExamples?: readonly Example[];
  readonly options: TrainOptions;
  /** As `options.recompute`, where the device has shown that it bears less: the bytes are the same. */
  readonly sparing?: boolean;
  /** Trained in place; without it a fresh one is made from the seed. Its LoRA settings must be the options'. */
  readonly adapter?: LoraAdapter;
  /** Awaited before the first step of this call and after every step, with the steps done; leaves the adapter as it is. */
  onStep?(step: number, adapter: LoraAdapter): void | Promise<void>;
}

export interface TrainResult {
  readonly adapter: LoraAdapter;
  /** Logs of the steps of this call. */
  readonly logs: readonly TrainLog[];
  /** The state at the end (before `loadBest` put the best parameters back). */
  readonly checkpoint: Checkpoint;
  readonly best: { readonly step: number; readonly loss: number } | null;
  readonly stoppedEarly: boolean;
  /** Rows cut at the maximum length, and rows without a target left. */
  readonly truncated: number;
  readonly dropped: number;
}

const align = (elements: number): number => Math.ceil(elements / 64) * 64;

/** State of a training; free it with `dispose`. */
export class TrainRun {
  readonly #request: TrainExamplesRequest;
  readonly #adapter: LoraAdapter;
  readonly #order: DocumentOrder;
  readonly #backprop: Backprop;
  readonly #owned: Tensor[] = [];
  readonly #optimizer: LoraOptimizer;
  /** [0] = squared norm of the gradient; from 64 on a slot of losses per pass. */
  readonly #stats: Tensor;
  readonly #slots: readonly Tensor[];
  readonly #slotSize: number;
  readonly #data: number;
  #step: number;
  #tokens: number;
  #best: BestState | null;
  #stale: number;

  /** `recompute`: see `TrainOptions`; the same bytes with less memory. Throws OutOfMemoryError with nothing left allocated. */
  constructor(request: TrainExamplesRequest, adapter: LoraAdapter, owner: string, recompute: boolean) {
    const { model, options, examples, evalExamples, resume } = request;
    const { backend } = model;
    this.#request = request;
    this.#adapter = adapter;
    this.#data = fingerprint(examples);
    this.#order = new DocumentOrder(examples.length, options.order, options.seed);
    this.#step = resume?.step ?? 0;
    this.#tokens = resume?.tokens ?? 0;
    this.#best = resume?.best ?? null;
    this.#stale = resume?.stale ?? 0;
    const capacity = this.#capacity(evalExamples ?? []);
    this.#slotSize = align(capacity.targets);
    const make = (label: string, size: number): Tensor => {
      const tensor = backend.tensor([size], { owner, label });
      this.#owned.push(tensor);
      return tensor;
    };
    let optimizer: LoraOptimizer | null = null;
    try {
      this.#stats = make('losses', 64 + options.gradAccum * this.#slotSize);
      optimizer = new LoraOptimizer(backend, adapter, owner, backend.view(this.#stats, 0, [1]));
      this.#optimizer = optimizer;
      this.#slots = Array.from({ length: options.gradAccum }, (_, pass) =>
        backend.view(this.#stats, 64 + pass * this.#slotSize, [this.#slotSize]),
      );
      this.#backprop = new Backprop(model, adapter, { owner, recompute, capacity });
    } catch (error) {
      optimizer?.dispose();
      backend.release(...this.#owned);
      throw error;
    }
    if (resume) {
      useVariants(backend, resume.variants);
      this.#optimizer.load(resume.params, resume);
    }
  }

  dispose(): void {
    this.#backprop.dispose();
    this.#optimizer.dispose();
    this.#request.model.backend.release(...this.#owned);
  }

  async go(): Promise<TrainResult> {
    const { options, signal, gate, evalExamples = [], model } = this.#request;
    const logs: TrainLog[] = [];
    const evaluates = evalExamples.length > 0;
    const exhausted = (): boolean => options.patience > 0 && this.#stale >= options.patience;
    await this.#request.onStep?.(this.#step, this.#adapter);
    while (this.#step < options.steps && !exhausted()) {
      await yieldToEvents();
      try {
        throwIfAborted(signal);
        await gate?.pass(signal);
      } catch (error) {
        await this.#save();
        throw error;
      }
      const log = await this.#advance();
      const due = options.evalEvery > 0 && this.#step % options.evalEvery === 0;
      const held = evaluates && (due || this.#step === options.steps) ? await this.#evaluate() : null;
      const entry = held === null ? log : { ...log, eval_loss: held };
      logs.push(entry);
      this.#request.onLog?.(entry);
      await this.#request.onStep?.(this.#step, this.#adapter);
      if (options.saveEvery > 0 && this.#step % options.saveEvery === 0 && this.#step < options.steps)
        await this.#save();
    }
    const checkpoint = await this.#save();
    const best = this.#best;
    if (options.loadBest && best) model.backend.write(this.#adapter.params, best.params);
    return {
      adapter: this.#adapter,
      logs,
      checkpoint,
      best: best && { step: best.step, loss: best.loss },
      stoppedEarly: this.#step < options.steps,
      truncated: 0,
      dropped: 0,
    };
  }

  /** One optimiser step. */
  async #advance(): Promise<TrainLog> {
    const { model, options, examples } = this.#request;
    const { backend } = model;
    const micro = Array.from({ length: options.gradAccum }, (_, pass) => this.#documents(this.#step, pass));
    const total = totalWeight(micro.flat());
    const counts: number[] = [];
    this.#optimizer.zero();
    micro.forEach((documents, pass) => {
      const batch = packExamples(documents);
      const count = batch.targets.length;
      counts.push(count);
      const dropoutKey = hashKey(options.seed, this.#step, pass);
      this.#backprop.forward(batch, options.lora.dropout > 0 ? { dropoutKey } : {});
      const weights = targetWeights(documents, total);
      this.#backprop.backward({ nll: this.#slots[pass]!, weights, gradient: this.#optimizer.gradient });
    });
    this.#optimizer.measure();
    const last = options.gradAccum - 1;
    const stats = await backend.read(this.#stats, 0, 64 + last * this.#slotSize + (counts[last] ?? 0));
    let sum = 0;
    micro.forEach((documents, pass) => {
      sum = weightedSum(sum, documents, stats, 64 + pass * this.#slotSize);
    });
    const loss = sum / total;
    const gradNorm = Math.sqrt(stats[0] ?? 0);
    const diverged = divergence('Training', this.#step + 1, { loss, gradNorm });
    if (diverged) {
      await this.#save();
      throw diverged;
    }
    const lr = learningRate(options, this.#step);
    this.#step++;
    this.#optimizer.step(this.#step, lr, options);
    this.#tokens += micro.flat().reduce((count, example) => count + example.ids.length, 0);
    return {
      step: this.#step,
      loss,
      grad_norm: gradNorm,
      learning_rate: lr,
      num_tokens: this.#tokens,
      epoch: this.#cursor(this.#step) / examples.length,
    };
  }

  async #evaluate(): Promise<number> {
    const { model, options, evalExamples = [], signal } = this.#request;
    const { batch } = options;
    const loss = await heldOutLoss(this.#backprop, model, evalExamples, {
      batch,
      nll: this.#slots[0]!,
      signal,
    });
    if (this.#best && loss >= this.#best.loss) this.#stale++;
    else {
      this.#best = { step: this.#step, loss, params: await model.backend.read(this.#adapter.params) };
      this.#stale = 0;
    }
    return loss;
  }

  async #save(): Promise<Checkpoint> {
    const { model, options, onCheckpoint } = this.#request;
    const { backend } = model;
    const checkpoint: Checkpoint = {
      step: this.#step,
      cursor: this.#cursor(this.#step),
      tokens: this.#tokens,
      options,
      data: this.#data,
      device: `${backend.kind}: ${backend.device}`,
      variants: variantsOf(backend),
      params: await backend.read(this.#adapter.params),
      ...(await this.#optimizer.moments()),
      best: this.#best,
      stale: this.#stale,
    };
    await onCheckpoint?.(checkpoint, checkpoint.step);
    return checkpoint;
  }

  #cursor(step: number): number {
    return step * this.#request.options.batch * this.#request.options.gradAccum;
  }

  #documents(step: number, pass: number): Example[] {
    const { batch } = this.#request.options;
    const start = this.#cursor(step) + pass * batch;
    return Array.from({ length: batch }, (_, i) => this.#request.examples[this.#order.at(start + i)]!);
  }

  /** Rows and targets of the largest pass of the whole run, so that memory is taken once. */
  #capacity(held: readonly Example[]): { rows: number; targets: number } {
    const { options } = this.#request;
    let rows = 1;
    let targets = 1;
    const see = (documents: readonly Example[]): void => {
      rows = Math.max(
        rows,
        documents.reduce((sum, example) => sum + exampleRows(example), 0),
      );
      targets = Math.max(
        targets,
        documents.reduce((sum, example) => sum + exampleTargets(example), 0),
      );
    };
    for (let step = 0; step < options.steps; step++) {
      for (let pass = 0; pass < options.gradAccum; pass++) see(this.#documents(step, pass));
    }
    for (let start = 0; start < held.length; start += options.batch)
      see(held.slice(start, start + options.batch));
    return { rows, targets };
  }
}
