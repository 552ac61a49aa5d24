/** The sizes of a model that its memory follows from; read from config and headers without its weights. */

/** How a weight matrix is kept on the device. */
export type WeightFormat = 'f32' | 'f16' | 'bf16' | 'q8' | 'q4';

export interface ModelShape {
  readonly hidden: number;
  readonly layers: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly ffn: number;
  readonly vocab: number;
  readonly qkNorm: boolean;
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
