/** Eight well-known models as shapes: what their layers are made of, without a weight. */
import type { Backend, Matrix, Tensor, WeightFormat } from '../../src/compute/ops';
import type { LanguageModel, ModelConfig } from '../../src/lm/types';

type Shape = Pick<ModelConfig, 'family' | 'hidden' | 'heads' | 'kvHeads' | 'headDim' | 'ffn' | 'vocab'> &
  Partial<ModelConfig>;

/** The true ones divide by 4 too, and more of a kernel's form does not depend on them. */
const vocab = 512;

/** From each model's config.json; layers repeat, so two of them have every form. */
const shapes: Readonly<Record<string, Shape>> = {
  'SmolLM2-135M': { family: 'llama', hidden: 576, heads: 9, kvHeads: 3, headDim: 64, ffn: 1536, vocab },
  'Qwen2.5-0.5B': {
    family: 'qwen2',
    hidden: 896,
    heads: 14,
    kvHeads: 2,
    headDim: 64,
    ffn: 4864,
    vocab,
    qkvBias: true,
  },
  'Qwen3-0.6B': {
    family: 'qwen3',
    hidden: 1024,
    heads: 16,
    kvHeads: 8,
    headDim: 128,
    ffn: 3072,
    vocab,
    qkNorm: true,
  },
  'Llama-3.2-1B': { family: 'llama', hidden: 2048, heads: 32, kvHeads: 8, headDim: 64, ffn: 8192, vocab },
  'Qwen2.5-1.5B': {
    family: 'qwen2',
    hidden: 1536,
    heads: 12,
    kvHeads: 2,
    headDim: 128,
    ffn: 8960,
    vocab,
    qkvBias: true,
  },
  'Gemma-3-1B': { family: 'llama', hidden: 1152, heads: 4, kvHeads: 1, headDim: 256, ffn: 6912, vocab },
  'Qwen3-4B': {
    family: 'qwen3',
    hidden: 2560,
    heads: 32,
    kvHeads: 8,
    headDim: 128,
    ffn: 9728,
    vocab,
    qkNorm: true,
  },
  bundled: { family: 'llama', hidden: 64, heads: 4, kvHeads: 2, headDim: 16, ffn: 192, vocab: 127 },
};

export const shapeNames: readonly string[] = Object.keys(shapes);

/** The model of that shape, its weights allocated and never written. */
export function shapedModel(backend: Backend, name: string, format: WeightFormat): LanguageModel {
  const shape = shapes[name];
  if (shape === undefined) throw new RangeError(`no shape ${name}`);
  const config: ModelConfig = {
    layers: 2,
    eps: 1e-6,
    ropeTheta: 1e4,
    ropeScaling: { type: 'default' },
    tied: true,
    qkvBias: false,
    qkNorm: false,
    maxPosition: 1024,
    bosId: null,
    eosIds: [],
    ...shape,
  };
  const { hidden, heads, kvHeads, headDim, ffn, vocab, layers, maxPosition } = config;
  const owner = { owner: name, label: 'weights' };
  const tensor = (...sizes: number[]): Tensor => backend.tensor(sizes, owner);
  const matrix = (rows: number, cols: number): Matrix => backend.matrix(rows, cols, format, owner);
  const attention = (heads + 2 * kvHeads) * headDim;
  const embed = matrix(vocab, hidden);
  return {
    config,
    backend,
    owner: name,
    embed,
    head: embed,
    layers: Array.from({ length: layers }, () => ({
      inputNorm: tensor(hidden),
      qkv: matrix(attention, hidden),
      qkvBias: config.qkvBias ? tensor(attention) : null,
      qNorm: config.qkNorm ? tensor(headDim) : null,
      kNorm: config.qkNorm ? tensor(headDim) : null,
      o: matrix(hidden, heads * headDim),
      postNorm: tensor(hidden),
      gateUp: matrix(2 * ffn, hidden),
      down: matrix(hidden, ffn),
    })),
    finalNorm: tensor(hidden),
    rotary: { cos: tensor(maxPosition, headDim / 2), sin: tensor(maxPosition, headDim / 2) },
    maxContext: maxPosition,
  };
}
