/** What a transformer block is made of, beside its sizes: read by both passes, loader, planner, merge and export. */
import type { Activation } from '../../compute/ops';

/** Which rotary positions a layer has, and whether it sees a window of keys only. */
export interface LayerForm {
  readonly rope: 'main' | 'local' | 'none';
  readonly windowed: boolean;
}

export interface BlockForm {
  /** Where RMS norms stand: before attention and MLP, after them (OLMo 2), or both (Gemma). */
  readonly norms: 'before' | 'after' | 'both';
  /** Safetensors hold w of norms that multiply by 1 + w (Gemma): 1 is added at load. GGUF holds 1 + w. */
  readonly onePlus: boolean;
  readonly activation: Activation;
  /** What a QK norm is taken over, where there is one: each head, or all of q and all of k (OLMo 2). */
  readonly qkNormOver: 'head' | 'width';
  readonly oBias: boolean;
  readonly mlpBias: boolean;
  /** Files have q|k|v as one tensor and gate|up as one, which adapters take as one linear each (Phi-3). */
  readonly fused: boolean;
  /** Embeddings are multiplied by it. */
  readonly embeddingScale: number;
  /** What attention and MLP add is multiplied by it. */
  readonly residualScale: number;
  /** Of q . k; null for headDim^-0.5. */
  readonly attentionScale: number | null;
  /** Scores s become cap tanh(s / cap). */
  readonly attentionCap: number | null;
  /** Logits are divided by it. */
  readonly logitDivisor: number;
  /** Logits become cap tanh(logits / cap). */
  readonly logitCap: number | null;
  /** Elements of each head that are rotated, the first ones; null for all. */
  readonly rotated: number | null;
  /** Base of the rotary positions of layers with local ones, which are never scaled (Gemma 3). */
  readonly localTheta: number | null;
  /** Keys that layers with a window see, the own one among them. */
  readonly window: number | null;
  /** One for each layer; empty where all have the main positions and no window. */
  readonly layers: readonly LayerForm[];
}

/** A Llama's. */
export const plainBlock: BlockForm = {
  norms: 'before',
  onePlus: false,
  activation: 'silu',
  qkNormOver: 'head',
  oBias: false,
  mlpBias: false,
  fused: false,
  embeddingScale: 1,
  residualScale: 1,
  attentionScale: null,
  attentionCap: null,
  logitDivisor: 1,
  logitCap: null,
  rotated: null,
  localTheta: null,
  window: null,
  layers: [],
};

const plainLayer: LayerForm = { rope: 'main', windowed: false };

export const layerForm = ({ layers }: BlockForm, layer: number): LayerForm => layers[layer] ?? plainLayer;

/** Whether attention and MLP add what they compute as it is: then their last linear adds to the stream. */
export const addsAsIs = ({ norms, residualScale }: Pick<BlockForm, 'norms' | 'residualScale'>): boolean =>
  norms === 'before' && residualScale === 1;

/** Kinds of rotary tables that a model's layers use, each once. */
export function ropeKinds({ layers }: BlockForm): readonly LayerForm['rope'][] {
  return layers.length === 0 ? ['main'] : [...new Set(layers.map(({ rope }) => rope))];
}

/** How scores of a layer are made, as attention ops take it. */
export function scoreForm(
  block: BlockForm,
  layer: number,
): { readonly scale?: number; readonly softCap?: number; readonly window?: number } {
  const { attentionScale: scale, attentionCap: softCap, window } = block;
  return {
    ...(scale === null ? {} : { scale }),
    ...(softCap === null ? {} : { softCap }),
    ...(window !== null && layerForm(block, layer).windowed ? { window } : {}),
  };
}
