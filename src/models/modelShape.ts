/** The sizes of a model that its memory follows from; read from config and headers without its weights. */

import type { BlockForm } from '../lm/block/form';

/** How a weight matrix is kept on the device. */
export type WeightFormat = 'f32' | 'f16' | 'bf16' | 'q8' | 'q4';

/** What of a block's form its memory follows from. */
export type BlockShape = Pick<BlockForm, 'norms' | 'residualScale' | 'fused' | 'logitCap' | 'rotated'>;

export interface ModelShape {
  readonly hidden: number;
  readonly layers: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly ffn: number;
  readonly vocab: number;
  readonly qkNorm: boolean;
  /** A Llama's where nothing is said. */
  readonly block?: BlockShape;
  /** Columns of each rotary table; one of half a head where nothing is said. */
  readonly rotary?: readonly number[];
  readonly maxPosition: number;
  /** Every weight matrix as it is kept, fused ones as one. */
  readonly matrices: readonly {
    readonly rows: number;
    readonly cols: number;
    readonly format: WeightFormat;
  }[];
  /** Elements of every vector (norms, biases). */
  readonly vectors: readonly number[];
}
