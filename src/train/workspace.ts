/**
 * Device memory of forward and backward for up to `rows` packed rows and `targets` loss rows, allocated once and
 * reused. Kept per layer are its input and, as far as it is not computed again, everything that its backward reads.
 */
import type { Backend, Tensor } from '../compute/ops';
import { groupLinears, groupNames } from '../lm/adapter';
import type { GroupName } from '../lm/adapter';
import { addsAsIs } from '../lm/block/form';
import type { LanguageModel, LoraConfig } from '../lm/types';
import type { Recomputation } from '../lm/recompute';

/** What a layer's backward reads. R rows, H hidden, D = (heads + 2 kvHeads) headDim, F ffn. */
export interface LayerSaves {
  /** [R, H] after the input norm; null in blocks without one. */
  readonly normed: Tensor | null;
  /** [R, D] before QK norm; the same tensor as `qkv` for families without it. */
  readonly qkvRaw: Tensor;
  /** [R, D] rotated. */
  readonly qkv: Tensor;
  /** [R, heads * headDim] */
  readonly attended: Tensor;
  /** [R, heads] */
  readonly lse: Tensor;
  /** [R, H] the residual stream after attention. */
  readonly middle: Tensor;
  /** [R, H] what o gave, where a norm follows; null else. */
  readonly attendedOut: Tensor | null;
  /** [R, H] after the MLP's own norm; null in blocks without one. */
  readonly middleNormed: Tensor | null;
  /** [R, 2F] */
  readonly gateUp: Tensor;
  /** [R, F] */
  readonly activated: Tensor;
  /** [R, H] what down gave, where a norm follows; null else. */
  readonly mlpOut: Tensor | null;
  /** x A^T of each adapted group: [R, segments * rank]. */
  readonly u: Readonly<Record<GroupName, Tensor | null>>;
}

/** Gradients in flight, shared by all layers. */
export interface Gradients {
  readonly hidden: Tensor;
  /** null in blocks whose linears read the stream itself. */
  readonly normed: Tensor | null;
  readonly qkv: Tensor;
  readonly qkvRaw: Tensor;
  readonly attended: Tensor;
  readonly delta: Tensor;
  readonly gateUp: Tensor;
  readonly activated: Tensor;
  readonly u: Readonly<Record<GroupName, Tensor | null>>;
  /** [T, H] with respect to the final norm's output and input on the loss rows. */
  readonly final: Tensor;
  readonly gathered: Tensor;
}

/** A stretch of loss rows whose logits are held at once. */
export interface HeadChunk {
  readonly start: number;
  readonly rows: number;
  readonly final: Tensor;
  readonly gradFinal: Tensor;
  readonly targets: Tensor;
  readonly weights: Tensor;
}

export interface WorkspaceOptions {
  readonly rows: number;
  readonly targets: number;
  readonly owner: string;
  /** LoRA settings, or null where only the base is evaluated. */
  readonly lora: LoraConfig | null;
  readonly recompute: Recomputation;
  /** No buffers for backward. */
  readonly forwardOnly: boolean;
  /** Most bytes of logits held at once. */
  readonly logitsBytes: number;
}

const align = (elements: number): number => Math.ceil(elements / 64) * 64;

export class Workspace {
  readonly rows: number;
  readonly targets: number;
  readonly ids: Tensor;
  readonly positions: Tensor;
  readonly documents: Tensor;
  /** The contents of `documents`. */
  spans: Uint32Array = new Uint32Array(0);
  readonly targetRows: Tensor;
  /** Input of each layer, and at the end the output of the last: [R, H]; two alternate where nothing is kept. */
  readonly streams: readonly Tensor[];
  readonly saves: readonly LayerSaves[];
  /** null when made forward-only. */
  readonly gradients: Gradients | null;
  readonly gathered: Tensor;
  readonly final: Tensor;
  readonly logits: Tensor;
  /** Logits after their cap; null without one. */
  readonly capped: Tensor | null;
  /** [R, H] what a branch adds, or its gradient, where it is not added as it is. */
  readonly branch: Tensor | null;
  readonly chunks: readonly HeadChunk[];
  readonly #backend: Backend;
  readonly #owned: Tensor[] = [];
  readonly #integers: Tensor;
  readonly #weights: Tensor;
  readonly #targetsOffset: number;

  /** Throws OutOfMemoryError with nothing left allocated. */
  constructor(model: LanguageModel, options: WorkspaceOptions) {
    const { config, backend } = model;
    const { rows, targets, owner, lora } = options;
    this.rows = rows;
    this.targets = targets;
    this.#backend = backend;
    const make = (label: string, ...shape: number[]): Tensor => {
      const tensor = backend.tensor(shape, { owner, label });
      this.#owned.push(tensor);
      return tensor;
    };
    const { hidden, heads, ffn } = config;
    const fused = (heads + 2 * config.kvHeads) * config.headDim;
    const queries = heads * config.headDim;
    /** Views of one tensor [rows, segments * rank] for each group that is adapted. */
    const perGroup = (label: string): Record<GroupName, Tensor | null> => {
      const widths = groupNames.map(
        (group) =>
          (lora?.rank ?? 0) * groupLinears[group].filter((linear) => lora?.targets.includes(linear)).length,
      );
      const size = widths.reduce((sum, width) => sum + align(rows * width), 0);
      const whole = size > 0 ? make(label, size) : null;
      let end = 0;
      const [qkv, o, gateUp, down] = widths.map((width) => {
        const start = end;
        end += align(rows * width);
        return whole && width > 0 ? backend.view(whole, start, [rows, width]) : null;
      });
      return { qkv: qkv ?? null, o: o ?? null, gateUp: gateUp ?? null, down: down ?? null };
    };
    try {
      const offsets = { positions: align(rows), documents: 2 * align(rows), targetRows: align(2 * rows) };
      const targetRowsOffset = offsets.documents + offsets.targetRows;
      this.#targetsOffset = targetRowsOffset + align(targets);
      this.#integers = backend.tensor([this.#targetsOffset + align(targets)], {
        owner,
        label: 'packed batch',
        dtype: 'u32',
      });
      this.#owned.push(this.#integers);
      this.ids = backend.view(this.#integers, 0, [rows]);
      this.positions = backend.view(this.#integers, offsets.positions, [rows]);
      this.documents = backend.view(this.#integers, offsets.documents, [rows, 2]);
      this.targetRows = backend.view(this.#integers, targetRowsOffset, [targets]);
      this.#weights = make('row weights', align(targets));

      const recompute = options.forwardOnly ? 'full' : options.recompute;
      const streams = options.forwardOnly ? 2 : config.layers + 1;
      this.streams = Array.from({ length: streams }, (_, i) => make(`stream ${i}`, rows, hidden));
      const saves: LayerSaves[] = [];
      for (let i = 0; i < (recompute === 'full' ? 1 : config.layers); i++) {
        const kept = (label: string, cols: number): Tensor => make(`${label} ${i}`, rows, cols);
        const [first] = recompute === 'selective' ? saves : [];
        /** One for all layers, where it is computed again from what is kept. */
        const cheap = (name: 'normed' | 'qkv' | 'middleNormed' | 'activated', label: string, cols: number) =>
          first?.[name] ?? kept(label, cols);
        const { norms } = config.block;
        const qkv = config.qkNorm ? cheap('qkv', 'qkv', fused) : kept('qkv', fused);
        saves.push({
          normed: norms === 'after' ? null : cheap('normed', 'normed', hidden),
          qkvRaw: config.qkNorm ? kept('qkv before norm', fused) : qkv,
          qkv,
          attended: kept('attended', queries),
          lse: kept('lse', heads),
          middle: kept('middle', hidden),
          attendedOut: norms === 'before' ? null : kept('attended out', hidden),
          middleNormed: norms === 'after' ? null : cheap('middleNormed', 'middle normed', hidden),
          gateUp: kept('gate and up', 2 * ffn),
          activated: cheap('activated', 'activated', ffn),
          mlpOut: norms === 'before' ? null : kept('MLP out', hidden),
          u: perGroup(`u ${i}`),
        });
      }
      this.saves = saves;
      this.branch = addsAsIs(config.block) ? null : make('branch', rows, hidden);
      this.gathered = make('loss rows', targets, hidden);
      this.final = make('final', align(targets), hidden);
      const gradFinal = options.forwardOnly ? this.final : make('d final', align(targets), hidden);
      if (options.forwardOnly) this.gradients = null;
      else {
        const gradQkv = make('d qkv', rows, fused);
        this.gradients = {
          hidden: make('d stream', rows, hidden),
          normed: config.block.norms === 'after' ? null : make('d normed', rows, hidden),
          qkv: gradQkv,
          qkvRaw: config.qkNorm ? make('d qkv before norm', rows, fused) : gradQkv,
          attended: make('d attended', rows, queries),
          delta: make('delta', rows, heads),
          gateUp: make('d gate and up', rows, 2 * ffn),
          activated: make('d activated', rows, ffn),
          u: perGroup('d u'),
          final: gradFinal,
          gathered: make('d loss rows', targets, hidden),
        };
      }

      const bytes = Math.min(options.logitsBytes, backend.maxTensorBytes);
      const fitting = Math.max(64, Math.floor(bytes / (4 * config.vocab * 64)) * 64);
      const chunkRows = Math.min(fitting, targets);
      this.logits = make('logits', chunkRows, config.vocab);
      this.capped = config.block.logitCap === null ? null : make('capped logits', chunkRows, config.vocab);
      const chunks: HeadChunk[] = [];
      for (let start = 0; start < targets; start += chunkRows) {
        const count = Math.min(chunkRows, targets - start);
        chunks.push({
          start,
          rows: count,
          final: backend.view(this.final, start * hidden, [count, hidden]),
          gradFinal: backend.view(gradFinal, start * hidden, [count, hidden]),
          targets: backend.view(this.#integers, this.#targetsOffset + start, [count]),
          weights: backend.view(this.#weights, start, [count]),
        });
      }
      this.chunks = chunks;
    } catch (error) {
      this.dispose();
      throw error;
    }
  }

  /** Uploads a batch in one transfer; its rows and targets must fit. */
  load(batch: {
    readonly ids: Uint32Array;
    readonly positions: Uint32Array;
    readonly documents: Uint32Array;
    readonly targetRows: Uint32Array;
    readonly targets: Uint32Array;
  }): void {
    this.spans = batch.documents;
    const data = new Uint32Array(this.#integers.size);
    data.set(batch.ids, 0);
    data.set(batch.positions, align(this.rows));
    data.set(batch.documents, 2 * align(this.rows));
    data.set(batch.targetRows, 2 * align(this.rows) + align(2 * this.rows));
    data.set(batch.targets, this.#targetsOffset);
    this.#backend.write(this.#integers, data);
  }

  /** Uploads the weight of each loss row. */
  loadWeights(weights: Float32Array): void {
    this.#backend.write(this.#weights, weights);
  }

  dispose(): void {
    this.#backend.release(...this.#owned);
    this.#owned.length = 0;
  }
}
