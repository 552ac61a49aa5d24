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
import type { PassSize } from '../lm/recompute';
import { divergence, LoraOptimizer } from './loraOptimizer';
import { DocumentOrder, learningRate } from './options';
import { variantsOf } from '../lm/variantsOf';
import { fingerprint, useVariants } from './resume';
import type { LanguageModel } from '../lm/types';
import type { TrainOptions } from './options';

/** Its checkpoints come at the end and when it diverged too. */
export interface TrainExamplesRequest extends TrainHooks<Checkpoint> {
  readonly model: LanguageModel;
  readonly examples: readonly Example[];
  readonly evalExamples?: readonly Example[];
  readonly options: TrainOptions;
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

/** A step whose work is recorded. */
interface Recorded {
  readonly micro: readonly (readonly Example[])[];
  /** The gradient's squared norm, and from 64 on the losses. */
  readonly stats: Promise<Float32Array>;
  readonly lr: number;
  readonly step: number;
  readonly tokens: number;
}

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
  readonly #size: PassSize;
  #step: number;
  #tokens: number;
  #best: BestState | null;
  #stale: number;

  /** Throws OutOfMemoryError with nothing left allocated; its activations are made by `prepare`. */
  constructor(request: TrainExamplesRequest, adapter: LoraAdapter, owner: string) {
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
    this.#size = this.#capacity(evalExamples ?? []);
    this.#slotSize = align(this.#size.targets);
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
      this.#backprop = new Backprop(model, adapter, { owner });
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

  /** Takes the memory of the whole run. Throws OutOfMemoryError. */
  async prepare(): Promise<void> {
    // What the device refuses here is the optimiser's.
    await this.#request.model.backend.settle();
    await this.#backprop.reserve(this.#size, this.#request.recompute?.(this.#size) ?? 'off');
  }

  dispose(): void {
    this.#backprop.dispose();
    this.#optimizer.dispose();
    this.#request.model.backend.release(...this.#owned);
  }

  async go(): Promise<TrainResult> {
    const { options, signal, gate, evalExamples = [], model } = this.#request;
    const logs: TrainLog[] = [];
    const tell = (entry: TrainLog): void => {
      logs.push(entry);
      this.#request.onLog?.(entry);
    };
    const evaluates = evalExamples.length > 0;
    const exhausted = (): boolean => options.patience > 0 && this.#stale >= options.patience;
    /** The step before, whose figures are read while the device computes the next one. */
    let before: Recorded | null = null;
    const settle = async (): Promise<void> => {
      const recorded = before;
      before = null;
      if (recorded) tell(await this.#figures(recorded));
    };
    const pass = async (): Promise<void> => {
      try {
        throwIfAborted(signal);
        await gate?.pass(signal);
      } catch (error) {
        await settle();
        await this.#save();
        throw error;
      }
    };
    const held = (): boolean => gate?.paused === true || signal?.aborted === true;
    await this.#request.onStep?.(this.#step, this.#adapter);
    while (this.#step < options.steps && !exhausted()) {
      await yieldToEvents();
      if (held()) await settle();
      await pass();
      const recorded = this.#record();
      if (before) {
        await settle();
        // Who stops at these figures wants no further step.
        if (held()) await pass();
      }
      this.#update(recorded);
      const due = options.evalEvery > 0 && this.#step % options.evalEvery === 0;
      const last = this.#step === options.steps;
      if (evaluates && (due || last)) {
        const log = await this.#figures(recorded);
        tell({ ...log, eval_loss: await this.#evaluate() });
      } else before = recorded;
      await this.#request.onStep?.(this.#step, this.#adapter);
      if (options.saveEvery > 0 && this.#step % options.saveEvery === 0 && !last) {
        await settle();
        await this.#save();
      }
    }
    await settle();
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

  /** Records loss and gradient of the next step, and asks for its figures. */
  #record(): Recorded {
    const { model, options } = this.#request;
    const micro = Array.from({ length: options.gradAccum }, (_, pass) => this.#documents(this.#step, pass));
    const total = totalWeight(micro.flat());
    let targets = 0;
    this.#optimizer.zero();
    micro.forEach((documents, pass) => {
      const batch = packExamples(documents);
      targets = batch.targets.length;
      const dropoutKey = hashKey(options.seed, this.#step, pass);
      this.#backprop.forward(batch, options.lora.dropout > 0 ? { dropoutKey } : {});
      const weights = targetWeights(documents, total);
      this.#backprop.backward({ nll: this.#slots[pass]!, weights, gradient: this.#optimizer.gradient });
    });
    this.#optimizer.measure();
    const end = 64 + (options.gradAccum - 1) * this.#slotSize + targets;
    const stats = model.backend.read(this.#stats, 0, end);
    // It may be refused before anyone waits for it.
    stats.catch(() => undefined);
    const tokens = micro.flat().reduce((count, example) => count + example.ids.length, 0);
    return { micro, stats, lr: learningRate(options, this.#step), step: this.#step + 1, tokens };
  }

  /** Records the update of a step; it changes nothing where the gradient is not finite. */
  #update({ step, lr, tokens }: Recorded): void {
    this.#step = step;
    this.#tokens += tokens;
    this.#optimizer.step(step, lr, this.#request.options);
  }

  /** Loss and gradient norm of a step that was recorded. Throws TrainingError where it diverged, after a checkpoint of the step before. */
  async #figures({ micro, stats, lr, step, tokens }: Recorded): Promise<TrainLog> {
    const read = await stats;
    let sum = 0;
    micro.forEach((documents, pass) => {
      sum = weightedSum(sum, documents, read, 64 + pass * this.#slotSize);
    });
    const loss = sum / totalWeight(micro.flat());
    const gradNorm = Math.sqrt(read[0] ?? 0);
    const diverged = divergence('Training', step, { loss, gradNorm });
    if (diverged) {
      // Its update changed nothing, and the next one was not made yet.
      if (!Number.isFinite(gradNorm)) {
        this.#step = step - 1;
        this.#tokens -= tokens;
      }
      await this.#save();
      throw diverged;
    }
    return {
      step,
      loss,
      grad_norm: gradNorm,
      learning_rate: lr,
      num_tokens: this.#tokens,
      epoch: this.#cursor(step) / this.#request.examples.length,
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
  #capacity(held: readonly Example[]): PassSize {
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
