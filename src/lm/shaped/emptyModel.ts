/** Shapes of the bundled and of well-known models (from their config.json), made on any backend without files: for counts, pace and benches. */
import type { Backend, Matrix, Tensor, WeightFormat } from '../../compute/ops';
import { layerForm, plainBlock, ropeKinds } from '../block/form';
import { layerPlan, type VectorName } from '../layerPlan';
import { createRotary } from '../rotary';
import type { LanguageModel, ModelConfig } from '../types';

export type Shape = Pick<
  ModelConfig,
  'family' | 'hidden' | 'layers' | 'heads' | 'kvHeads' | 'headDim' | 'ffn' | 'vocab'
> &
  Partial<ModelConfig>;

export const modelShapes = {
  bundled: {
    family: 'llama',
    hidden: 64,
    layers: 3,
    heads: 4,
    kvHeads: 2,
    headDim: 16,
    ffn: 192,
    vocab: 127,
  },
  'SmolLM2-135M': {
    family: 'llama',
    hidden: 576,
    layers: 30,
    heads: 9,
    kvHeads: 3,
    headDim: 64,
    ffn: 1536,
    vocab: 49152,
  },
  'Qwen2.5-0.5B': {
    family: 'qwen2',
    hidden: 896,
    layers: 24,
    heads: 14,
    kvHeads: 2,
    headDim: 64,
    ffn: 4864,
    vocab: 151936,
    qkvBias: true,
  },
  'Qwen3-0.6B': {
    family: 'qwen3',
    hidden: 1024,
    layers: 28,
    heads: 16,
    kvHeads: 8,
    headDim: 128,
    ffn: 3072,
    vocab: 151936,
    qkNorm: true,
  },
  'Llama-3.2-1B': {
    family: 'llama',
    hidden: 2048,
    layers: 16,
    heads: 32,
    kvHeads: 8,
    headDim: 64,
    ffn: 8192,
    vocab: 128256,
  },
  'Qwen2.5-1.5B': {
    family: 'qwen2',
    hidden: 1536,
    layers: 28,
    heads: 12,
    kvHeads: 2,
    headDim: 128,
    ffn: 8960,
    vocab: 151936,
    qkvBias: true,
  },
  'Llama-3.2-3B': {
    family: 'llama',
    hidden: 3072,
    layers: 28,
    heads: 24,
    kvHeads: 8,
    headDim: 128,
    ffn: 8192,
    vocab: 128256,
  },
  'Qwen3-4B': {
    family: 'qwen3',
    hidden: 2560,
    layers: 36,
    heads: 32,
    kvHeads: 8,
    headDim: 128,
    ffn: 9728,
    vocab: 151936,
    qkNorm: true,
  },
} as const satisfies Readonly<Record<string, Shape>>;

export type ModelName = keyof typeof modelShapes;

/** A model of this shape with undefined weights. */
export function emptyModel(
  backend: Backend,
  shape: ModelName | Shape,
  format: WeightFormat,
  maxContext = 4096,
): LanguageModel {
  const given: Shape = typeof shape === 'string' ? modelShapes[shape] : shape;
  const config: ModelConfig = {
    eps: 1e-6,
    ropeTheta: 10_000,
    ropeScaling: { type: 'default' },
    tied: true,
    qkvBias: false,
    qkNorm: false,
    block: plainBlock,
    maxPosition: maxContext,
    bosId: null,
    eosIds: [],
    ...given,
  };
  const { hidden, heads, kvHeads, headDim, ffn, vocab } = config;
  const options = { owner: 'model', label: 'weights' };
  const vector = (size: number): Tensor => backend.tensor([size], options);
  const matrix = (rows: number, cols: number): Matrix => backend.matrix(rows, cols, format, options);
  const fused = (heads + 2 * kvHeads) * headDim;
  const embed = matrix(vocab, hidden);
  const { vectors } = layerPlan(config);
  const own = (name: VectorName): Tensor | null => {
    const parts = vectors[name];
    return parts && vector(parts.reduce((sum, [, size]) => sum + size, 0));
  };
  const rotaries = new Map(
    ropeKinds(config.block).map((kind) => [
      kind,
      createRotary(config, kind, (_label, cols) => backend.tensor([maxContext, cols], options)),
    ]),
  );
  return {
    config,
    backend,
    owner: 'model',
    embed,
    head: config.tied ? embed : matrix(vocab, hidden),
    layers: Array.from({ length: config.layers }, (_, layer) => ({
      inputNorm: own('inputNorm'),
      qkv: matrix(fused, hidden),
      qkvBias: own('qkvBias'),
      qNorm: own('qNorm'),
      kNorm: own('kNorm'),
      o: matrix(hidden, heads * headDim),
      oBias: own('oBias'),
      attendedNorm: own('attendedNorm'),
      postNorm: own('postNorm'),
      gateUp: matrix(2 * ffn, hidden),
      gateUpBias: own('gateUpBias'),
      down: matrix(hidden, ffn),
      downBias: own('downBias'),
      mlpNorm: own('mlpNorm'),
      rotary: rotaries.get(layerForm(config.block, layer).rope)!,
    })),
    finalNorm: vector(hidden),
    rotaries: [...rotaries.values()],
    maxContext,
  };
}
