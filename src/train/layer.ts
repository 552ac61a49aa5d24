/** One transformer block for training: forward with saved activations, and backward into LoRA gradients. */
import type { LoraDropout, LoraGradients, LoraGroup, Matrix, Tensor } from '../compute/ops';
import { hashKey } from '../core/rng';
import { groupNames } from '../lm/adapter';
import type { GroupName } from '../lm/adapter';
import type { LanguageModel, LayerLora } from '../lm/types';
import type { Gradients, LayerSaves, Workspace } from './workspace';

/** What both directions need to know about the pass. */
export interface LayerPass {
  readonly model: LanguageModel;
  readonly work: Workspace;
  readonly rows: number;
  /** The adapter's groups by layer, or null with the adapter switched off. */
  readonly lora: readonly LayerLora[] | null;
  readonly dropout: { readonly rate: number; readonly key: number } | null;
}

/** The mask of a group in a layer; three keys are free above each for the segments. */
function maskOf(pass: LayerPass, layer: number, group: GroupName): { dropout?: LoraDropout } {
  if (!pass.dropout || pass.dropout.rate === 0) return {};
  const key = (hashKey('dropout', pass.dropout.key, layer, group) & ~3) >>> 0;
  return { dropout: { rate: pass.dropout.rate, key } };
}

function down(
  pass: LayerPass,
  layer: number,
  group: GroupName,
  x: Tensor,
  saves: LayerSaves,
): LoraGroup | null {
  const lora = pass.lora?.[layer]?.[group] ?? null;
  const u = saves.u[group];
  if (!lora || !u) return null;
  pass.model.backend.loraDown({
    x,
    group: lora,
    u,
    rows: pass.rows,
    inputs: lora.a.shape[1] ?? 0,
    mode: 'train',
    ...maskOf(pass, layer, group),
  });
  return lora;
}

/**
 * x [R, H] through the block into `saves` and, unless it is null, `out` [R, H]. 13 ops with all groups adapted
 * (one more with QK norm).
 */
export function layerForward(
  pass: LayerPass,
  layer: number,
  x: Tensor,
  saves: LayerSaves,
  out: Tensor | null,
): void {
  const { model, rows, work } = pass;
  const { backend, config } = model;
  const weights = model.layers[layer]!;
  const { eps, hidden: cols, ffn } = config;
  const headShape = { heads: config.heads, kvHeads: config.kvHeads, headDim: config.headDim };
  const linear = (
    group: GroupName,
    input: Tensor,
    weight: Matrix,
    y: Tensor,
    extra: { residual?: Tensor; bias?: Tensor },
  ): void => {
    const lora = down(pass, layer, group, input, saves);
    const u = saves.u[group];
    const update = lora && u ? { lora: { ...lora, u } } : {};
    backend.linear({ x: input, weight, y, rows, mode: 'train', ...extra, ...update });
  };

  backend.rmsNorm({ x, weight: weights.inputNorm, y: saves.normed, rows, cols, eps });
  linear('qkv', saves.normed, weights.qkv, saves.qkvRaw, weights.qkvBias ? { bias: weights.qkvBias } : {});
  if (weights.qNorm && weights.kNorm) {
    const { qNorm: qWeight, kNorm: kWeight } = weights;
    backend.qkNorm({ ...headShape, x: saves.qkvRaw, qWeight, kWeight, y: saves.qkv, rows, eps });
  }
  backend.rope({ ...headShape, qkv: saves.qkv, positions: work.positions, tables: model.rotary, rows });
  const { qkv, attended, lse } = saves;
  const { documents, spans } = work;
  backend.attention({ ...headShape, qkv, documents, spans, out: attended, lse, rows });
  linear('o', attended, weights.o, saves.middle, { residual: x });
  backend.rmsNorm({ x: saves.middle, weight: weights.postNorm, y: saves.middleNormed, rows, cols, eps });
  linear('gateUp', saves.middleNormed, weights.gateUp, saves.gateUp, {});
  backend.swiglu({ gateUp: saves.gateUp, y: saves.activated, rows, ffn });
  if (out) linear('down', saves.activated, weights.down, out, { residual: saves.middle });
  else down(pass, layer, 'down', saves.activated, saves);
}

/**
 * Computes again what layers share under selective recomputation: the same ops on the same inputs, so the same bits. 3 ops (two more
 * with QK norm).
 */
export function layerAgain(
  { model, rows, work }: LayerPass,
  layer: number,
  x: Tensor,
  saves: LayerSaves,
): void {
  const { backend, config } = model;
  const { inputNorm, postNorm, qNorm, kNorm } = model.layers[layer]!;
  const { eps, hidden: cols, ffn } = config;
  backend.rmsNorm({ x, weight: inputNorm, y: saves.normed, rows, cols, eps });
  if (qNorm && kNorm) {
    const headShape = { heads: config.heads, kvHeads: config.kvHeads, headDim: config.headDim };
    const { qkvRaw, qkv } = saves;
    backend.qkNorm({ ...headShape, x: qkvRaw, qWeight: qNorm, kWeight: kNorm, y: qkv, rows, eps });
    backend.rope({ ...headShape, qkv, positions: work.positions, tables: model.rotary, rows });
  }
  backend.rmsNorm({ x: saves.middle, weight: postNorm, y: saves.middleNormed, rows, cols, eps });
  backend.swiglu({ gateUp: saves.gateUp, y: saves.activated, rows, ffn });
}

/** The first group of a layer, in the order they run, that is adapted. */
export function firstGroup(lora: LayerLora): GroupName | null {
  return groupNames.find((group) => lora[group] !== null) ?? null;
}

/**
 * From the gradient of the block's output in `gradients.hidden` to that of its input, in place, adding the LoRA
 * gradients to `into`. With `stopAt` nothing below that group's own gradient is computed (lowest adapted layer).
 * 15 ops with all groups adapted: gradients of adapters are computed two linears at a time.
 */
export function layerBackward(
  pass: LayerPass,
  layer: number,
  x: Tensor,
  saves: LayerSaves,
  gradients: Gradients,
  into: LayerLora,
  stopAt: GroupName | null,
): void {
  const { model, rows, work } = pass;
  const { backend, config } = model;
  const weights = model.layers[layer]!;
  const { eps, hidden: cols, ffn } = config;
  const headShape = { heads: config.heads, kvHeads: config.kvHeads, headDim: config.headDim };
  /** Gradients of adapters that are computed with the next linear's: what they read stays until then. */
  const waiting: LoraGradients[] = [];
  /** dA, dB, and unless the chain ends here dx; true when it ends. */
  const linear = (group: GroupName, input: Tensor, dy: Tensor, weight: Matrix, dx: Tensor): boolean => {
    const lora = pass.lora?.[layer]?.[group];
    const target = into[group];
    const u = saves.u[group];
    const du = gradients.u[group];
    const mask = maskOf(pass, layer, group);
    let update = {};
    if (lora && target && u && du) {
      const shape = { rows, inputs: weight.cols, outputs: weight.rows };
      backend.loraGradU({ dy, group: lora, du, rows, outputs: weight.rows });
      const to = { gradA: target.a, gradB: target.b };
      waiting.push({ x: input, dy, u, du, group: lora, ...to, ...shape, ...mask });
      update = { lora: { group: lora, du, ...mask } };
    }
    if (group === 'gateUp' || group === 'qkv' || stopAt === group) backend.loraGradAB(...waiting.splice(0));
    if (stopAt === group) return true;
    backend.linearBackward({ dy, weight, dx, rows, accumulate: false, ...update });
    return false;
  };
  const norm = (input: Tensor, weight: Tensor): void =>
    backend.rmsNormBackward({
      x: input,
      weight,
      dy: gradients.normed,
      dx: gradients.hidden,
      rows,
      cols,
      eps,
      accumulate: true,
    });

  if (linear('down', saves.activated, gradients.hidden, weights.down, gradients.activated)) return;
  backend.swigluBackward({
    gateUp: saves.gateUp,
    dy: gradients.activated,
    dGateUp: gradients.gateUp,
    rows,
    ffn,
  });
  if (linear('gateUp', saves.middleNormed, gradients.gateUp, weights.gateUp, gradients.normed)) return;
  norm(saves.middle, weights.postNorm);
  if (linear('o', saves.attended, gradients.hidden, weights.o, gradients.attended)) return;
  backend.attentionBackward({
    ...headShape,
    qkv: saves.qkv,
    documents: work.documents,
    spans: work.spans,
    out: saves.attended,
    lse: saves.lse,
    dout: gradients.attended,
    delta: gradients.delta,
    dqkv: gradients.qkv,
    rows,
  });
  const { positions } = work;
  backend.rope({ ...headShape, qkv: gradients.qkv, positions, tables: model.rotary, rows, inverse: true });
  if (weights.qNorm && weights.kNorm) {
    const { qNorm: qWeight, kNorm: kWeight } = weights;
    const { qkv: dy, qkvRaw: dx } = gradients;
    backend.qkNormBackward({ ...headShape, x: saves.qkvRaw, qWeight, kWeight, dy, dx, rows, eps });
  }
  if (linear('qkv', saves.normed, gradients.qkvRaw, weights.qkv, gradients.normed)) return;
  norm(x, weights.inputNorm);
}
