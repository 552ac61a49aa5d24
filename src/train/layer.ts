/** One transformer block for training: forward with saved activations, and backward into LoRA gradients. */
import type { HeadShape, LoraDropout, LoraGradients, LoraGroup, Matrix, Tensor } from '../compute/ops';
import { hashKey } from '../core/rng';
import { groupNames } from '../lm/adapter';
import type { GroupName } from '../lm/adapter';
import { scoreForm } from '../lm/block/form';
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

/** What stands beside a linear's product. */
type LinearOptions = { readonly residual?: Tensor; readonly bias?: Tensor | null };

const headShapeOf = ({ config: { heads, kvHeads, headDim } }: LanguageModel): HeadShape => ({
  heads,
  kvHeads,
  headDim,
});

/**
 * x [R, H] through the block into `saves` and, unless it is null, `out` [R, H]. 13 ops with all groups adapted in a Llama
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
  const { eps, hidden: cols, ffn, block } = config;
  const headShape = headShapeOf(model);
  const linear = (
    group: GroupName,
    input: Tensor,
    weight: Matrix,
    y: Tensor,
    { residual, bias }: LinearOptions = {},
  ): void => {
    const lora = down(pass, layer, group, input, saves);
    const u = saves.u[group];
    const update = lora && u ? { lora: { ...lora, u } } : {};
    const beside = { ...(residual && { residual }), ...(bias && { bias }) };
    backend.linear({ x: input, weight, y, rows, mode: 'train', ...beside, ...update });
  };
  const entered = (input: Tensor, norm: Tensor | null, normed: Tensor | null): Tensor => {
    if (!norm || !normed) return input;
    backend.rmsNorm({ x: input, weight: norm, y: normed, rows, cols, eps });
    return normed;
  };
  /** y = residual + what the linear gives: as it is, or after its norm and scaled. Without y only what backward reads. */
  const leave = (
    group: 'o' | 'down',
    input: Tensor,
    { bias, norm, kept }: { bias: Tensor | null; norm: Tensor | null; kept: Tensor | null },
    residual: Tensor,
    y: Tensor | null,
  ): void => {
    const weight = weights[group];
    const { branch } = work;
    if (!y && !kept) return void down(pass, layer, group, input, saves);
    if (y && !branch) return linear(group, input, weight, y, { residual, bias });
    const before = kept ?? branch;
    if (!before || !branch) return;
    linear(group, input, weight, before, { bias });
    if (!y) return;
    if (norm && kept) backend.rmsNorm({ x: kept, weight: norm, y: branch, rows, cols, eps });
    const size = rows * cols;
    if (block.residualScale !== 1) backend.scale({ x: branch, factor: block.residualScale, size });
    backend.copy({ x: residual, y, size });
    backend.copy({ x: branch, y, size, accumulate: true });
  };

  const { attendedNorm, mlpNorm, oBias, downBias } = weights;
  const input = entered(x, weights.inputNorm, saves.normed);
  linear('qkv', input, weights.qkv, saves.qkvRaw, { bias: weights.qkvBias });
  if (weights.qNorm && weights.kNorm) {
    const { qNorm: qWeight, kNorm: kWeight } = weights;
    const whole = block.qkNormOver === 'width';
    backend.qkNorm({ ...headShape, x: saves.qkvRaw, qWeight, kWeight, y: saves.qkv, rows, eps, whole });
  }
  backend.rope({ ...headShape, qkv: saves.qkv, positions: work.positions, tables: weights.rotary, rows });
  const { qkv, attended, lse } = saves;
  const { documents, spans } = work;
  const scores = { ...headShape, ...scoreForm(block, layer) };
  backend.attention({ ...scores, qkv, documents, spans, out: attended, lse, rows });
  leave('o', attended, { bias: oBias, norm: attendedNorm, kept: saves.attendedOut }, x, saves.middle);
  const middle = entered(saves.middle, weights.postNorm, saves.middleNormed);
  linear('gateUp', middle, weights.gateUp, saves.gateUp, { bias: weights.gateUpBias });
  backend.swiglu({ gateUp: saves.gateUp, y: saves.activated, rows, ffn, activation: block.activation });
  leave('down', saves.activated, { bias: downBias, norm: mlpNorm, kept: saves.mlpOut }, saves.middle, out);
}

/**
 * Computes again what layers share under selective recomputation: the same ops on the same inputs, so the same bits. 3 ops (two more
 * with QK norm).
 */
export function layerAgain(pass: LayerPass, layer: number, x: Tensor, saves: LayerSaves): void {
  const { model, rows, work } = pass;
  const { backend, config } = model;
  const { inputNorm, postNorm, qNorm, kNorm, rotary } = model.layers[layer]!;
  const { eps, hidden: cols, ffn, block } = config;
  const { normed, middleNormed } = saves;
  if (inputNorm && normed) backend.rmsNorm({ x, weight: inputNorm, y: normed, rows, cols, eps });
  if (qNorm && kNorm) {
    const headShape = headShapeOf(model);
    const { qkvRaw, qkv } = saves;
    const whole = block.qkNormOver === 'width';
    backend.qkNorm({ ...headShape, x: qkvRaw, qWeight: qNorm, kWeight: kNorm, y: qkv, rows, eps, whole });
    backend.rope({ ...headShape, qkv, positions: work.positions, tables: rotary, rows });
  }
  if (postNorm && middleNormed)
    backend.rmsNorm({ x: saves.middle, weight: postNorm, y: middleNormed, rows, cols, eps });
  backend.swiglu({ gateUp: saves.gateUp, y: saves.activated, rows, ffn, activation: block.activation });
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
  const { eps, hidden: cols, ffn, block } = config;
  const headShape = headShapeOf(model);
  /** Gradients of adapters that are computed with the next linear's: what they read stays until then. */
  const waiting: LoraGradients[] = [];
  /** dA, dB, and unless the chain ends here dx; true when it ends. */
  const linear = (
    group: GroupName,
    input: Tensor,
    dy: Tensor,
    weight: Matrix,
    dx: Tensor,
    accumulate = false,
  ): boolean => {
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
    backend.linearBackward({ dy, weight, dx, rows, accumulate, ...update });
    return false;
  };
  /** Through a linear that begins a branch and its norm, where it has one, to the stream; true when the chain ends at the linear. */
  const enter = (
    group: 'qkv' | 'gateUp',
    stream: Tensor,
    norm: Tensor | null,
    normed: Tensor | null,
    dy: Tensor,
  ): boolean => {
    const dx = gradients.hidden;
    if (!norm || !normed || !gradients.normed) return linear(group, stream, dy, weights[group], dx, true);
    if (linear(group, normed, dy, weights[group], gradients.normed)) return true;
    backend.rmsNormBackward({
      x: stream,
      weight: norm,
      dy: gradients.normed,
      dx,
      rows,
      cols,
      eps,
      accumulate: true,
    });
    return false;
  };
  /** The gradient of what the last linear of a branch gave. */
  const left = (norm: Tensor | null, kept: Tensor | null): Tensor => {
    const { hidden: dy } = gradients;
    const { branch: dx } = work;
    if (!dx) return dy;
    const size = rows * cols;
    if (norm && kept)
      backend.rmsNormBackward({ x: kept, weight: norm, dy, dx, rows, cols, eps, accumulate: false });
    else backend.copy({ x: dy, y: dx, size });
    if (block.residualScale !== 1) backend.scale({ x: dx, factor: block.residualScale, size });
    return dx;
  };

  const dDown = left(weights.mlpNorm, saves.mlpOut);
  if (linear('down', saves.activated, dDown, weights.down, gradients.activated)) return;
  backend.swigluBackward({
    gateUp: saves.gateUp,
    dy: gradients.activated,
    dGateUp: gradients.gateUp,
    rows,
    ffn,
    activation: block.activation,
  });
  if (enter('gateUp', saves.middle, weights.postNorm, saves.middleNormed, gradients.gateUp)) return;
  const dAttended = left(weights.attendedNorm, saves.attendedOut);
  if (linear('o', saves.attended, dAttended, weights.o, gradients.attended)) return;
  backend.attentionBackward({
    ...headShape,
    ...scoreForm(block, layer),
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
  backend.rope({ ...headShape, qkv: gradients.qkv, positions, tables: weights.rotary, rows, inverse: true });
  if (weights.qNorm && weights.kNorm) {
    const { qNorm: qWeight, kNorm: kWeight } = weights;
    const { qkv: dy, qkvRaw: dx } = gradients;
    const whole = block.qkNormOver === 'width';
    backend.qkNormBackward({ ...headShape, x: saves.qkvRaw, qWeight, kWeight, dy, dx, rows, eps, whole });
  }
  enter('qkv', x, weights.inputNorm, saves.normed, gradients.qkvRaw);
}
