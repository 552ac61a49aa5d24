/**
 * Loss and LoRA gradients of a packed batch through the whole frozen model. The head runs on the loss rows only, in
 * chunks, with the cross-entropy fused in: the logits of a whole sequence never exist.
 *
 * A step is forward, then either `backward` alone (supervised: weights are known) or `losses`, a look at them, and
 * `backward` (policy gradients: weights depend on the log-probabilities).
 */
import type { Tensor } from '../compute/ops';
import { fail } from '../core/assert';
import { OutOfMemoryError, TokenError } from '../core/errors';
import { adapterViews } from '../lm/adapter';
import type { LanguageModel, LayerLora, LoraAdapter } from '../lm/types';
import type { PackedBatch } from './batch';
import { firstGroup, layerAgain, layerBackward, layerForward } from './layer';
import type { LayerPass } from './layer';
import { sparing, type PassSize, type Recomputation } from '../lm/recompute';
import { Workspace } from './workspace';

export interface BackpropOptions {
  /** Ledger owner of the activations. */
  readonly owner: string;
  /** Default off. */
  readonly recompute?: Recomputation;
  /** No backward will be asked for (evaluation): two layer inputs instead of all. Default false. */
  readonly forwardOnly?: boolean;
  /** Most bytes of logits held at once. Default 64 MiB. */
  readonly logitsBytes?: number;
  /** Rows and loss rows to make room for at once; more is made when a batch needs it. */
  readonly capacity?: PassSize;
}

export interface ForwardOptions {
  /** Run with another adapter of the same shape (a frozen reference policy), or with none (null: the base). */
  readonly adapter?: LoraAdapter | null;
  /** Counter-based dropout key of this pass; without it nothing is dropped. */
  readonly dropoutKey?: number;
}

export interface LossOptions {
  /** Where the negative log-likelihood of each loss row goes, f32 with room for all of them. */
  readonly nll: Tensor;
  /** Logits are divided by it. Default 1. */
  readonly temperature?: number;
}

export class Backprop {
  readonly #model: LanguageModel;
  readonly #adapter: LoraAdapter | null;
  readonly #options: BackpropOptions;
  #work: Workspace | null = null;
  #pass: { readonly layers: LayerPass; readonly batch: PackedBatch } | null = null;
  #recompute: Recomputation;
  /** The layer whose values lie in what layers share. */
  #held = -1;
  #views: { readonly flat: Tensor; readonly layers: readonly LayerLora[] } | null = null;

  constructor(model: LanguageModel, adapter: LoraAdapter | null, options: BackpropOptions) {
    this.#model = model;
    this.#adapter = adapter;
    this.#options = options;
    this.#recompute = options.recompute ?? 'off';
    if (options.capacity) this.#ensure(options.capacity.rows, options.capacity.targets);
  }

  /** The final norm's output on the loss rows, [targets, hidden], after `forward`. */
  get final(): Tensor {
    return this.#current().layers.work.final;
  }

  /**
   * Makes room for passes of a size that the device has granted, beginning with this recomputation: where it refuses, less is kept.
   * Throws OutOfMemoryError, with what was there gone.
   */
  async reserve({ rows, targets }: PassSize, first: Recomputation): Promise<void> {
    const { backend } = this.#model;
    const work = this.#work;
    const spared = sparing(first).includes(this.#recompute);
    if (work && work.rows >= rows && work.targets >= targets && spared) return;
    for (const recompute of sparing(first)) {
      this.dispose();
      this.#recompute = recompute;
      try {
        this.#ensure(Math.max(rows, work?.rows ?? 0), Math.max(targets, work?.targets ?? 0));
        await backend.settle();
        return;
      } catch (error) {
        this.dispose();
        if (!(error instanceof OutOfMemoryError) || recompute === 'full') throw error;
      }
    }
  }

  /** Records the forward pass. Throws TokenError for an id or length that the model has not, OutOfMemoryError. */
  forward(batch: PackedBatch, options: ForwardOptions = {}): void {
    const { config, backend } = this.#model;
    this.#check(batch);
    const work = this.#ensure(batch.rows, batch.targets.length);
    work.load(batch);
    const adapter = options.adapter === undefined ? this.#adapter : options.adapter;
    const key = options.dropoutKey;
    const pass: LayerPass = {
      model: this.#model,
      work,
      rows: batch.rows,
      lora: adapter?.layers ?? null,
      dropout: adapter && key !== undefined ? { rate: adapter.config.dropout, key } : null,
    };
    this.#pass = { layers: pass, batch };
    const { rows } = batch;
    const embedded = this.#stream(work, 0);
    backend.embed({ ids: work.ids, table: this.#model.embed, y: embedded, rows });
    const { embeddingScale: factor } = config.block;
    if (factor !== 1) backend.scale({ x: embedded, factor, size: rows * config.hidden });
    for (let layer = 0; layer < config.layers; layer++) {
      const [x, out] = [this.#stream(work, layer), this.#stream(work, layer + 1)];
      layerForward(pass, layer, x, this.#saves(work, layer), out);
    }
    this.#held = config.layers - 1;
    const count = batch.targets.length;
    const x = this.#stream(work, config.layers);
    const { hidden: cols, eps } = config;
    backend.gatherRows({ x, indices: work.targetRows, y: work.gathered, rows: count, cols });
    backend.rmsNorm({
      x: work.gathered,
      weight: this.#model.finalNorm,
      y: work.final,
      rows: count,
      cols,
      eps,
    });
  }

  /** Records the losses of the loss rows, without gradients. */
  losses(options: LossOptions): void {
    this.#head(options, false);
  }

  /**
   * Records the losses and the gradient of sum(weights * nll) added to `gradient`, a flat tensor of the adapter's
   * layout. `weights` f32 [targets]; `extraFinal` adds a gradient of the final norm's output from another head.
   */
  backward(
    options: LossOptions & {
      readonly weights: Float32Array;
      readonly gradient: Tensor;
      readonly extraFinal?: Tensor;
    },
  ): void {
    const { layers: pass, batch } = this.#current();
    if (options.weights.length !== batch.targets.length)
      fail(`${options.weights.length} row weights were given for ${batch.targets.length} loss rows.`);
    pass.work.loadWeights(options.weights);
    this.#head(options, true);
    const gradients = pass.work.gradients;
    const { hidden, eps } = this.#model.config;
    if (gradients && options.extraFinal)
      this.#model.backend.copy({
        x: options.extraFinal,
        y: gradients.final,
        size: batch.targets.length * hidden,
        accumulate: true,
      });
    this.#layers(options.gradient, eps);
  }

  /** Records the LoRA gradient of another head alone: `extraFinal` is its gradient of the final norm's output. */
  backwardFinal(options: { readonly extraFinal: Tensor; readonly gradient: Tensor }): void {
    const { layers: pass, batch } = this.#current();
    const { hidden, eps } = this.#model.config;
    const final = pass.work.gradients?.final;
    if (final)
      this.#model.backend.copy({ x: options.extraFinal, y: final, size: batch.targets.length * hidden });
    this.#layers(options.gradient, eps);
  }

  dispose(): void {
    this.#work?.dispose();
    this.#work = null;
    this.#pass = null;
  }

  #head(options: LossOptions, withGradient: boolean): void {
    const { layers: pass, batch } = this.#current();
    const { backend, head, config } = this.#model;
    const { work } = pass;
    const { logitDivisor, logitCap: cap } = config.block;
    const { capped } = work;
    // What logits are divided by is a temperature, unless they are capped after it.
    const divisor = (options.temperature ?? 1) * (capped ? 1 : logitDivisor);
    const temperature = divisor === 1 && options.temperature === undefined ? {} : { temperature: divisor };
    for (const chunk of work.chunks) {
      const rows = Math.min(chunk.rows, batch.targets.length - chunk.start);
      if (rows <= 0) break;
      backend.linear({ x: chunk.final, weight: head, y: work.logits, rows, mode: 'train' });
      const size = rows * config.vocab;
      if (capped && cap !== null) {
        if (logitDivisor !== 1) backend.scale({ x: work.logits, factor: 1 / logitDivisor, size });
        backend.copy({ x: work.logits, y: capped, size });
        backend.softCap({ x: capped, cap, size });
      }
      const logits = capped ?? work.logits;
      const nll = chunk.start === 0 ? options.nll : backend.view(options.nll, chunk.start, [rows]);
      backend.crossEntropy({
        logits,
        targets: chunk.targets,
        nll,
        rows,
        vocab: config.vocab,
        ...(withGradient ? { rowWeights: chunk.weights } : {}),
        ...temperature,
      });
      if (!withGradient) continue;
      if (capped && cap !== null) {
        backend.softCapBackward({ x: work.logits, dy: capped, cap, size });
        if (logitDivisor !== 1) backend.scale({ x: capped, factor: 1 / logitDivisor, size });
      }
      backend.linearBackward({ dy: logits, weight: head, dx: chunk.gradFinal, rows, accumulate: false });
    }
  }

  #layers(gradient: Tensor, eps: number): void {
    const { layers: pass, batch } = this.#current();
    const { backend, config, finalNorm } = this.#model;
    const { work } = pass;
    const { gradients } = work;
    if (!gradients || !this.#adapter || !pass.lora)
      fail('Backward needs a forward pass with the adapter on, and not forward only.');
    if (this.#views?.flat !== gradient)
      this.#views = { flat: gradient, layers: adapterViews(this.#model, this.#adapter.config, gradient) };
    const rows = batch.targets.length;
    const cols = config.hidden;
    const { final: dy, gathered: dx } = gradients;
    backend.rmsNormBackward({
      x: work.gathered,
      weight: finalNorm,
      dy,
      dx,
      rows,
      cols,
      eps,
      accumulate: false,
    });
    const y = gradients.hidden;
    backend.scatterRows({ x: dx, indices: work.targetRows, y, rows, cols, yRows: batch.rows });
    const lowest = pass.lora.findIndex((lora) => firstGroup(lora) !== null);
    for (let layer = config.layers - 1; layer >= lowest; layer--) {
      const x = this.#stream(work, layer);
      const saves = this.#saves(work, layer);
      if (layer !== this.#held) this.#again(pass, layer, x, saves);
      this.#held = layer;
      const stopAt = layer === lowest ? firstGroup(pass.lora[layer]!) : null;
      layerBackward(pass, layer, x, saves, gradients, this.#views.layers[layer]!, stopAt);
    }
  }

  /** What is not kept of a layer. */
  #again(pass: LayerPass, layer: number, x: Tensor, saves: Workspace['saves'][number]): void {
    switch (this.#recompute) {
      case 'off':
        return;
      case 'selective':
        return layerAgain(pass, layer, x, saves);
      case 'full':
        return layerForward(pass, layer, x, saves, null);
      default:
        return this.#recompute satisfies never;
    }
  }

  #stream(work: Workspace, layer: number): Tensor {
    return work.streams[layer % work.streams.length]!;
  }

  #saves(work: Workspace, layer: number): Workspace['saves'][number] {
    return work.saves[layer % work.saves.length]!;
  }

  #current(): { readonly layers: LayerPass; readonly batch: PackedBatch } {
    if (!this.#pass) fail('No forward pass was recorded.');
    return this.#pass;
  }

  #ensure(rows: number, targets: number): Workspace {
    const old = this.#work;
    if (old && old.rows >= rows && old.targets >= targets) return old;
    this.dispose();
    this.#work = new Workspace(this.#model, {
      rows: Math.max(rows, old?.rows ?? 0),
      targets: Math.max(targets, old?.targets ?? 0),
      owner: this.#options.owner,
      lora: this.#adapter?.config ?? null,
      recompute: this.#recompute,
      forwardOnly: this.#options.forwardOnly ?? false,
      logitsBytes: this.#options.logitsBytes ?? 64 * 1024 * 1024,
    });
    return this.#work;
  }

  #check(batch: PackedBatch): void {
    const { vocab } = this.#model.config;
    if (batch.rows === 0 || batch.targets.length === 0) fail('A training batch has no rows or no targets.');
    for (const ids of [batch.ids, batch.targets]) {
      const bad = ids.find((id) => id >= vocab);
      if (bad !== undefined)
        throw new TokenError(
          `Token id ${bad} is outside the vocabulary of ${vocab}.`,
          "Use the model's tokenizer.",
        );
    }
    const longest = batch.positions.reduce((most, position) => Math.max(most, position + 1), 0);
    if (longest > this.#model.maxContext)
      throw new TokenError(
        `A document of ${longest} tokens is longer than the context of ${this.#model.maxContext}.`,
        'Lower the maximum length.',
      );
  }
}
