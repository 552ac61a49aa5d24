/** The forward pass: token ids to hidden states and logits. Training has its own, which keeps activations. */
import type { Backend, HeadShape, LoraGroup, Matrix, Tensor } from '../compute/ops';
import { ConfigError, TokenError } from '../core/errors';
import { addsAsIs, scoreForm } from './block/form';
import type { LanguageModel, LoraAdapter, ModelConfig } from './types';

/** How the rows of a batch attend: as packed documents, or through a paged cache. */
export type AttentionPlan =
  | { readonly type: 'packed'; readonly positions: Tensor; readonly documents: Tensor; readonly lse: Tensor }
  | {
      readonly type: 'paged';
      readonly positions: Tensor;
      /** The contents of `positions`. */
      readonly places: Uint32Array;
      readonly slots: Tensor;
      readonly sequences: Tensor;
      readonly blockTable: Tensor;
      readonly maxBlocks: number;
      readonly blockSize: number;
      /** Per layer [slots, kvHeads * headDim]. */
      readonly kCaches: readonly Tensor[];
      readonly vCaches: readonly Tensor[];
    };

/** Activations of one batch of up to `capacity` rows; reused by every layer. */
export interface Workspace {
  readonly capacity: number;
  readonly x: Tensor;
  readonly normed: Tensor;
  readonly qkv: Tensor;
  /** A second q|k|v for the QK norm, which is not in place; null without one. */
  readonly qkvNormed: Tensor | null;
  readonly attended: Tensor;
  readonly gateUp: Tensor;
  readonly activated: Tensor;
  /** What attention or MLP gave, after its norm; null where none follows. */
  readonly branch: Tensor | null;
}

export function headShape(config: ModelConfig): HeadShape {
  return { heads: config.heads, kvHeads: config.kvHeads, headDim: config.headDim };
}

/** Columns of the fused q|k|v activation. */
export function qkvColumns(config: ModelConfig): number {
  return (config.heads + 2 * config.kvHeads) * config.headDim;
}

/** Allocates the activations for `capacity` rows. Throws OutOfMemoryError with nothing left allocated. */
export function createWorkspace(model: LanguageModel, capacity: number, owner: string): Workspace {
  const { config, backend } = model;
  const held: Tensor[] = [];
  const make = (cols: number, label: string): Tensor => {
    const tensor = backend.tensor([capacity, cols], { owner, label });
    held.push(tensor);
    return tensor;
  };
  try {
    return {
      capacity,
      x: make(config.hidden, 'residual'),
      normed: make(config.hidden, 'normed'),
      qkv: make(qkvColumns(config), 'qkv'),
      qkvNormed: config.qkNorm ? make(qkvColumns(config), 'qkv normed') : null,
      attended: make(config.heads * config.headDim, 'attended'),
      gateUp: make(2 * config.ffn, 'gate|up'),
      activated: make(config.ffn, 'activated'),
      branch: config.block.norms === 'before' ? null : make(config.hidden, 'branch'),
    };
  } catch (error) {
    backend.release(...held);
    throw error;
  }
}

export function releaseWorkspace(backend: Backend, workspace: Workspace): void {
  const { capacity: _, ...tensors } = workspace;
  backend.release(...Object.values(tensors).filter((tensor) => tensor !== null));
}

/** Room for x A^T of an adapter's linears, one view per width. */
export interface LoraScratch {
  readonly tensor: Tensor;
  readonly views: ReadonlyMap<number, Tensor>;
}

/** Scratch for batches of up to `capacity` rows; null for an adapter that changes nothing. */
export function createLoraScratch(
  backend: Backend,
  adapter: LoraAdapter,
  capacity: number,
  owner: string,
): LoraScratch | null {
  const widths = new Set<number>();
  for (const layer of adapter.layers) {
    for (const group of [layer.qkv, layer.o, layer.gateUp, layer.down]) {
      if (group) widths.add(group.rank * group.segments.length);
    }
  }
  if (widths.size === 0) return null;
  const tensor = backend.tensor([capacity * Math.max(...widths)], { owner, label: 'lora scratch' });
  const views = [...widths].map((width) => [width, backend.view(tensor, 0, [capacity, width])] as const);
  return { tensor, views: new Map(views) };
}

export function releaseLoraScratch(backend: Backend, scratch: LoraScratch): void {
  backend.release(...scratch.views.values(), scratch.tensor);
}

/**
 * All layers over `rows` rows of token ids; leaves the residual stream (before the final norm) in workspace.x.
 * An adapter needs its scratch.
 */
export function runLayers(
  model: LanguageModel,
  workspace: Workspace,
  batch: {
    ids: Tensor;
    rows: number;
    plan: AttentionPlan;
    adapter?: LoraAdapter | null;
    scratch?: LoraScratch | null;
  },
): void {
  const { backend, config } = model;
  const { rows, plan, adapter, scratch } = batch;
  const { x, normed, qkv, qkvNormed, attended, gateUp, activated, branch } = workspace;
  const shape = headShape(config);
  const { eps, block, hidden: cols } = config;
  const asIs = addsAsIs(block);
  /** LoRA of a linear, with room for x A^T. */
  const lowRank = (group: LoraGroup | null | undefined): { lora?: LoraGroup & { u: Tensor } } => {
    const u = group && scratch?.views.get(group.rank * group.segments.length);
    return group && u ? { lora: { ...group, u } } : {};
  };
  type Beside = { readonly bias: Tensor | null; readonly group: LoraGroup | null | undefined };
  const linear = (
    input: Tensor,
    weight: Matrix,
    y: Tensor,
    { bias, group }: Beside,
    residual?: Tensor,
  ): void => {
    const { lora } = lowRank(group);
    const op = { x: input, rows, mode: 'generate' } as const;
    if (lora) backend.loraDown({ ...op, group: lora, u: lora.u, inputs: weight.cols });
    backend.linear({
      ...op,
      weight,
      y,
      ...(residual && { residual }),
      ...(bias && { bias }),
      ...(lora && { lora }),
    });
  };
  /** A linear of x after its norm, where it has one, with `gateUp` up to the activation. */
  const enter = (norm: Tensor | null, weight: Matrix, y: Tensor, beside: Beside, gateUp?: Tensor): void => {
    const { activation } = block;
    if (norm) {
      const gated = gateUp && { gateUp, ...(activation === 'silu' ? {} : { activation }) };
      const bias = beside.bias && { bias: beside.bias };
      backend.normedLinear({
        x,
        eps,
        rows,
        normed,
        norm,
        weight,
        y,
        ...bias,
        ...gated,
        ...lowRank(beside.group),
      });
      return;
    }
    linear(x, weight, gateUp ?? y, beside);
    if (gateUp) backend.swiglu({ gateUp, y, rows, ffn: config.ffn, activation });
  };
  /** Adds what a linear gives to x: as it is, or after its norm and scaled. */
  const leave = (input: Tensor, weight: Matrix, beside: Beside, norm: Tensor | null): void => {
    if (asIs) return linear(input, weight, x, beside, x);
    linear(input, weight, normed, beside);
    let added = normed;
    if (norm && branch) {
      backend.rmsNorm({ x: normed, weight: norm, y: branch, rows, cols, eps });
      added = branch;
    }
    const size = rows * cols;
    if (block.residualScale !== 1) backend.scale({ x: added, factor: block.residualScale, size });
    backend.copy({ x: added, y: x, size, accumulate: true });
  };

  backend.embed({ ids: batch.ids, table: model.embed, y: x, rows });
  if (block.embeddingScale !== 1) backend.scale({ x, factor: block.embeddingScale, size: rows * cols });
  model.layers.forEach((layer, index) => {
    const lora = adapter?.layers[index];
    enter(layer.inputNorm, layer.qkv, qkv, { bias: layer.qkvBias, group: lora?.qkv });
    let fused = qkv;
    if (qkvNormed && layer.qNorm && layer.kNorm) {
      const { qNorm: qWeight, kNorm: kWeight } = layer;
      const whole = block.qkNormOver === 'width';
      backend.qkNorm({ ...shape, x: qkv, qWeight, kWeight, y: qkvNormed, rows, eps, whole });
      fused = qkvNormed;
    }
    attend(model, plan, index, fused, attended, rows);
    leave(attended, layer.o, { bias: layer.oBias, group: lora?.o }, layer.attendedNorm);
    const gates = { bias: layer.gateUpBias, group: lora?.gateUp };
    enter(layer.postNorm, layer.gateUp, activated, gates, gateUp);
    leave(activated, layer.down, { bias: layer.downBias, group: lora?.down }, layer.mlpNorm);
  });
}

function attend(
  model: LanguageModel,
  plan: AttentionPlan,
  layer: number,
  qkv: Tensor,
  out: Tensor,
  rows: number,
): void {
  const { backend, config } = model;
  const { rotary: tables } = model.layers[layer]!;
  const shape = headShape(config);
  const scores = scoreForm(config.block, layer);
  const { positions } = plan;
  if (plan.type === 'packed') {
    backend.rope({ ...shape, qkv, positions, tables, rows });
    backend.attention({ ...shape, ...scores, qkv, documents: plan.documents, out, lse: plan.lse, rows });
    return;
  }
  const kCache = plan.kCaches[layer]!;
  const vCache = plan.vCaches[layer]!;
  const { slots, sequences, places, blockTable, maxBlocks, blockSize } = plan;
  backend.ropeAndCache({ ...shape, qkv, positions, slots, tables, kCache, vCache, rows });
  backend.attentionPaged({
    ...shape,
    ...scores,
    qkv,
    kCache,
    vCache,
    out,
    sequences,
    positions,
    places,
    blockTable,
    maxBlocks,
    blockSize,
    rows,
  });
}

/** Final norm and head: logits [rows, vocab] of `rows` residual rows in `x`; `normed` is scratch of the same shape. */
export function runHead(model: LanguageModel, x: Tensor, normed: Tensor, logits: Tensor, rows: number): void {
  const { backend, config, head, finalNorm } = model;
  backend.rmsNorm({ x, weight: finalNorm, y: normed, rows, cols: config.hidden, eps: config.eps });
  backend.linear({ x: normed, weight: head, y: logits, rows, mode: 'generate' });
  const { logitDivisor, logitCap: cap } = config.block;
  const size = rows * config.vocab;
  if (logitDivisor !== 1) backend.scale({ x: logits, factor: 1 / logitDivisor, size });
  if (cap !== null) backend.softCap({ x: logits, cap, size });
}

/** Throws TokenError for ids outside the vocabulary, an empty prompt, and one longer than the context. */
export function checkIds(model: LanguageModel, ids: readonly number[]): void {
  const { vocab } = model.config;
  if (ids.length === 0) throw new TokenError('The prompt is empty.', 'Give at least one token.');
  if (ids.length > model.maxContext) {
    throw new TokenError(
      `The prompt has ${ids.length} tokens; the context holds ${model.maxContext}.`,
      'Shorten the prompt, or load the model with a longer context.',
      { details: { tokens: ids.length, context: model.maxContext } },
    );
  }
  const bad = ids.find((id) => !Number.isInteger(id) || id < 0 || id >= vocab);
  if (bad !== undefined) {
    throw new TokenError(
      `Token ${bad} is outside the vocabulary of ${vocab}.`,
      'Use the tokenizer that belongs to this model.',
    );
  }
}

const headChunkBytes = 16 << 20;

/**
 * Logits of every position of one sequence: f32 [ids.length, vocab], computed without a cache; the head runs over a few
 * rows at a time. Throws TokenError, ConfigError (too long for one tensor), OutOfMemoryError.
 */
export async function forwardLogits(
  model: LanguageModel,
  ids: readonly number[],
  adapter?: LoraAdapter,
): Promise<Float32Array> {
  checkIds(model, ids);
  const { backend, config } = model;
  const { hidden, vocab } = config;
  const rows = ids.length;
  const widest = Math.max(2 * config.ffn, qkvColumns(config)) * rows * 4;
  if (widest > backend.maxTensorBytes) {
    throw new ConfigError(
      `${rows} tokens need a tensor of ${widest} bytes; ${backend.device} allows ${backend.maxTensorBytes}.`,
      'Use a shorter text.',
    );
  }
  const owner = 'logits';
  const held: Tensor[] = [];
  const make = (shape: readonly number[], label: string, dtype: 'f32' | 'u32' = 'f32') => {
    const tensor = backend.tensor(shape, { owner, label, dtype });
    held.push(tensor);
    return tensor;
  };
  let workspace: Workspace | null = null;
  let scratch: LoraScratch | null = null;
  try {
    workspace = createWorkspace(model, rows, owner);
    const idTensor = make([rows], 'ids', 'u32');
    const positions = make([rows], 'positions', 'u32');
    const documents = make([rows, 2], 'documents', 'u32');
    const lse = make([rows, config.heads], 'lse');
    backend.write(idTensor, Uint32Array.from(ids));
    backend.write(
      positions,
      Uint32Array.from(ids, (_, i) => i),
    );
    backend.write(
      documents,
      Uint32Array.from({ length: 2 * rows }, (_, i) => (i % 2 === 0 ? 0 : rows)),
    );
    scratch = adapter ? createLoraScratch(backend, adapter, rows, owner) : null;
    const plan: AttentionPlan = { type: 'packed', positions, documents, lse };
    runLayers(model, workspace, { ids: idTensor, rows, plan, adapter: adapter ?? null, scratch });

    const chunk = Math.min(rows, Math.max(1, Math.floor(headChunkBytes / (vocab * 4))));
    const indices = make([chunk], 'indices', 'u32');
    const x = make([chunk, hidden], 'head input');
    const normed = make([chunk, hidden], 'head normed');
    const logits = make([chunk, vocab], 'logits');
    const out = new Float32Array(rows * vocab);
    for (let start = 0; start < rows; start += chunk) {
      const count = Math.min(chunk, rows - start);
      backend.write(
        indices,
        Uint32Array.from({ length: count }, (_, i) => start + i),
      );
      backend.gatherRows({ x: workspace.x, indices, y: x, rows: count, cols: hidden });
      runHead(model, x, normed, logits, count);
      out.set(await backend.read(logits, 0, count * vocab), start * vocab);
    }
    return out;
  } finally {
    backend.release(...held);
    if (scratch) releaseLoraScratch(backend, scratch);
    if (workspace) releaseWorkspace(backend, workspace);
  }
}
