/**
 * The one op interface. Three backends implement it: WebGPU (compute/gpuBackend), WASM SIMD (compute/wasmBackend)
 * and plain f64 loops (compute/referenceBackend: the definition of every op, and the tests' oracle).
 *
 * Conventions
 * - Activations are dense row-major f32 tensors [rows, columns]; `rows` is the number of rows in use and may be less
 *   than the tensor's. No dimension need divide by 4, 32 or 64.
 * - A frozen weight is a `Matrix` [out, in]; trainable and small things are `Tensor`s.
 * - Every op writes its destination; an op that accumulates says so (`accumulate`). Sources and destinations never
 *   overlap unless an op says "in place".
 * - Ops are recorded in order and return at once; bad shapes throw AssertionError at the call. Data comes back by `read`.
 * - `mode: 'generate'` promises: a row's result has the same bits whatever the other rows are and however many there
 *   are (K summed in one order by every kernel). `mode: 'train'` may use split-K and other tuned shapes.
 */
import type { Ledger } from '../core/ledger';
import type { EncodedRows } from '../cpu/decode';
import type { ScoreForm } from '../cpu/referenceAttention';

export type BackendKind = 'webgpu' | 'wasm' | 'reference';
export type Mode = 'generate' | 'train';
export type DType = 'f32' | 'u32';
export type WeightFormat = 'f32' | 'f16' | 'bf16' | 'q8' | 'q4';
/** Of the gate: silu(g) = g s(g), or PyTorch's tanh form of gelu(g) = g s(2 sqrt(2 / pi) (g + 0.044715 g^3)), s the sigmoid. */
export type Activation = 'silu' | 'gelu';

/** A dense tensor in the backend's memory. Opaque: only its backend can read it. */
export interface Tensor {
  readonly shape: readonly number[];
  /** Number of elements. */
  readonly size: number;
  readonly dtype: DType;
  readonly label: string;
}

/** A frozen weight matrix [rows = out, cols = in], possibly stored in several bindings. */
export interface Matrix {
  readonly rows: number;
  readonly cols: number;
  readonly format: WeightFormat;
  readonly bytes: number;
  readonly label: string;
}

/**
 * Rows of a matrix in transit, row-major. Quantised rows are blocks of 32 columns (the last one padded with zeros):
 * q8: w = scale * q, q in [-128, 127], one f16 scale a block (GGUF Q8_0).
 * q4: w = scale * q + min, q in [0, 15], f16 (scale, min) a block; element 2i is the low nibble of byte i.
 */
export type RowData = EncodedRows;

/**
 * LoRA over a linear whose output columns are a concatenation (q|k|v, gate|up, or one linear alone).
 * Segment s covers output columns [start, start + count), reads columns [s*rank, (s+1)*rank) of u and rows
 * [bRow, bRow + count) of b. Columns outside every segment carry no LoRA.
 * y = x W^T + bias + scale * u_s B_s^T, with u = x A^T (paper: LoRA, arXiv 2106.09685, eq. 3).
 */
export interface LoraGroup {
  /** [segments * rank, in] */
  readonly a: Tensor;
  /** [sum of counts, rank] */
  readonly b: Tensor;
  readonly rank: number;
  readonly scale: number;
  readonly segments: readonly { readonly start: number; readonly count: number; readonly bRow: number }[];
}

/**
 * Dropout on the input of A, one mask per segment as peft has it: element i (= row * in + column) of segment s is
 * kept when mix(i, key + s) >= rate * 2^32 (compute/dropout.ts has `mix`), and scaled by 1 / (1 - rate).
 */
export interface LoraDropout {
  readonly rate: number;
  readonly key: number;
}

/** What the gradients of a linear's adapter are computed from, and where they go. */
export interface LoraGradients {
  readonly x: Tensor;
  readonly dy: Tensor;
  readonly u: Tensor;
  readonly du: Tensor;
  readonly group: LoraGroup;
  readonly gradA: Tensor;
  readonly gradB: Tensor;
  readonly rows: number;
  readonly inputs: number;
  readonly outputs: number;
  readonly dropout?: LoraDropout;
}

/** Head layout of a fused q|k|v activation [rows, (heads + 2 kvHeads) * headDim]. */
export interface HeadShape {
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
}

/** What an attention op may be given beside its heads; without a field it is computed as if there were none. */
export type AttentionShape = HeadShape & ScoreForm;

/** Rotary tables [positions, rotated / 2], computed in f64 on the host. Pairs are (i, i + rotated / 2). */
export interface RotaryTables {
  readonly cos: Tensor;
  readonly sin: Tensor;
  /** Elements of each head that are rotated, the first ones; all of them without it. */
  readonly rotated?: number;
}

export interface Backend {
  readonly kind: BackendKind;
  /** Human-readable device: adapter name, or "WASM SIMD, 2 threads". */
  readonly device: string;
  /** Of the CPU; 0 for a GPU. */
  readonly threads: number;
  /** Bytes held by owner, and their peak. */
  readonly ledger: Ledger;
  /** Largest number of bytes one Tensor may have. */
  readonly maxTensorBytes: number;
  /** Whether it takes key-value caches as pairs of f16. */
  readonly halfCaches: boolean;
  /** Whether generation lets it choose tokens, by `sampleRows`; else the host does, from the logits. */
  readonly samples: boolean;
  /** Resolves (never rejects) with the typed reason once the device is lost. */
  readonly lost: Promise<Error>;

  // Memory
  /** A tensor with undefined contents. Throws OutOfMemoryError; a GPU may refuse its memory later (`settle`). */
  tensor(shape: readonly number[], options: { owner: string; label: string; dtype?: DType }): Tensor;
  /** A tensor over a part of another; `offset` (elements) must be a multiple of 64. Releasing it frees nothing. */
  view(tensor: Tensor, offset: number, shape: readonly number[]): Tensor;
  write(tensor: Tensor, data: Float32Array | Uint32Array, offset?: number): void;
  read(tensor: Tensor, offset?: number, length?: number): Promise<Float32Array>;
  readU32(tensor: Tensor, offset?: number, length?: number): Promise<Uint32Array>;
  release(...tensors: readonly Tensor[]): void;
  matrix(rows: number, cols: number, format: WeightFormat, options: { owner: string; label: string }): Matrix;
  /** Fills rows [start, start + count) from data in the matrix's own format (streamed loading; merging). */
  writeRows(matrix: Matrix, start: number, count: number, data: RowData): void;
  /** Rows as stored, decoded to f32: [count, cols]. */
  readRows(matrix: Matrix, start: number, count: number): Promise<Float32Array>;
  releaseMatrix(...matrices: readonly Matrix[]): void;
  /**
   * Resolves once the device has all memory that was asked for so far; rejects with OutOfMemoryError where it refused some,
   * which the caller then releases. Work recorded with what is refused does not run: the read after it rejects likewise.
   */
  settle(): Promise<void>;
  /** Waits until everything recorded has run; rejects with DeviceLostError when the device is gone. */
  finish(): Promise<void>;
  /** Releases everything. */
  dispose(): void;

  // Elementwise and rows
  fill(op: { x: Tensor; value: number }): void;
  /** y = x or y += x; equal sizes. */
  copy(op: { x: Tensor; y: Tensor; size?: number; accumulate?: boolean }): void;
  /** x *= factor. */
  scale(op: { x: Tensor; factor: number; size?: number }): void;
  /** x = cap tanh(x / cap). */
  softCap(op: { x: Tensor; cap: number; size?: number }): void;
  /** dy *= 1 - tanh(x / cap)^2, with x from before it was capped. */
  softCapBackward(op: { x: Tensor; dy: Tensor; cap: number; size?: number }): void;
  /** y[i] = table[ids[i]], ids u32 [rows], y [rows, cols]. */
  embed(op: { ids: Tensor; table: Matrix; y: Tensor; rows: number }): void;
  /** y[i] = x[indices[i]] for i < rows. */
  gatherRows(op: { x: Tensor; indices: Tensor; y: Tensor; rows: number; cols: number }): void;
  /** y = 0 on all of its rows, then y[indices[i]] = x[i] for i < rows; indices are distinct. */
  scatterRows(op: { x: Tensor; indices: Tensor; y: Tensor; rows: number; cols: number; yRows: number }): void;
  /** y = x / sqrt(mean(x^2) + eps) * weight, per row. */
  rmsNorm(op: { x: Tensor; weight: Tensor; y: Tensor; rows: number; cols: number; eps: number }): void;
  /** dx (+)= gradient of rmsNorm with respect to x. */
  rmsNormBackward(op: {
    x: Tensor;
    weight: Tensor;
    dy: Tensor;
    dx: Tensor;
    rows: number;
    cols: number;
    eps: number;
    accumulate: boolean;
  }): void;
  /** RMS norm of each head of q and k by a weight [headDim] (`whole`: of all of q and all of k); v is copied. y is not x. */
  qkNorm(
    op: HeadShape & {
      x: Tensor;
      qWeight: Tensor;
      kWeight: Tensor;
      y: Tensor;
      rows: number;
      eps: number;
      whole?: boolean;
    },
  ): void;
  /** dx = gradient of qkNorm; the v part is copied. dx is not dy. */
  qkNormBackward(
    op: HeadShape & {
      x: Tensor;
      qWeight: Tensor;
      kWeight: Tensor;
      dy: Tensor;
      dx: Tensor;
      rows: number;
      eps: number;
      whole?: boolean;
    },
  ): void;
  /** y[:, f] = activation(gateUp[:, f]) * gateUp[:, ffn + f]; gateUp [rows, 2 ffn]; silu without one. */
  swiglu(op: { gateUp: Tensor; y: Tensor; rows: number; ffn: number; activation?: Activation }): void;
  swigluBackward(op: {
    gateUp: Tensor;
    dy: Tensor;
    dGateUp: Tensor;
    rows: number;
    ffn: number;
    activation?: Activation;
  }): void;

  // Linears
  /** y [rows, out] = x [rows, in] W^T (+ bias [out]) (+ LoRA from u) (+ residual [rows, out], which may be y itself). */
  linear(op: {
    x: Tensor;
    weight: Matrix;
    y: Tensor;
    rows: number;
    mode: Mode;
    bias?: Tensor;
    residual?: Tensor;
    lora?: LoraGroup & { readonly u: Tensor };
  }): void;
  /**
   * y [rows, out] = rmsNorm(x) W^T (+ bias) (+ LoRA), and with `gateUp` y [rows, out / 2] = swiglu of that: as rmsNorm, loraDown, linear
   * and swiglu one after another in generation, to the bit. `normed` [rows, in], `lora.u` and `gateUp` [rows, out] are scratch.
   */
  normedLinear(op: {
    x: Tensor;
    norm: Tensor;
    eps: number;
    weight: Matrix;
    y: Tensor;
    rows: number;
    bias?: Tensor;
    lora?: LoraGroup & { readonly u: Tensor };
    normed: Tensor;
    gateUp?: Tensor;
    activation?: Activation;
  }): void;
  /** dx [rows, in] (+)= dy [rows, out] W (+ du A, masked by the dropout). */
  linearBackward(op: {
    dy: Tensor;
    weight: Matrix;
    dx: Tensor;
    rows: number;
    accumulate: boolean;
    lora?: { readonly group: LoraGroup; readonly du: Tensor; readonly dropout?: LoraDropout };
  }): void;
  /** u [rows, segments * rank] = dropout(x) [rows, in] A^T. */
  loraDown(op: {
    x: Tensor;
    group: LoraGroup;
    u: Tensor;
    rows: number;
    inputs: number;
    mode: Mode;
    dropout?: LoraDropout;
  }): void;
  /** du_s = scale * dy_s B_s: [rows, segments * rank]; dy [rows, outputs]. */
  loraGradU(op: { dy: Tensor; group: LoraGroup; du: Tensor; rows: number; outputs: number }): void;
  /**
   * dA += du^T dropout(x), dB_s += scale * dy_s^T u_s; both accumulate. gradA and gradB have the shapes of a and b. Several linears
   * at once are independent of each other; a GPU takes two in one dispatch where their u, their du and all gradients are views of
   * one tensor each.
   */
  loraGradAB(...ops: readonly LoraGradients[]): void;
  /** y [rows, n] = x [rows, k] B^T with B [n, k] a tensor (reward heads and other small trained linears). */
  matmulNT(op: { x: Tensor; b: Tensor; y: Tensor; rows: number; n: number; k: number; mode: Mode }): void;

  // Attention
  /** Rotates q and k of qkv in place by positions u32 [rows]; `inverse` rotates back (the gradient). */
  rope(
    op: HeadShape & { qkv: Tensor; positions: Tensor; tables: RotaryTables; rows: number; inverse?: boolean },
  ): void;
  /**
   * Causal attention inside documents packed along the rows: row t attends to rows [documents[t].start, t].
   * documents u32 [rows, 2] = (start, end exclusive) of t's document. out [rows, heads * headDim], lse [rows, heads] =
   * log-sum-exp of the scores (ScoreForm). Scores are never materialised. `spans` = the contents of
   * `documents`, by which a GPU's work is paced; without them it is paced as one document.
   */
  attention(
    op: AttentionShape & {
      qkv: Tensor;
      documents: Tensor;
      out: Tensor;
      lse: Tensor;
      rows: number;
      spans?: Uint32Array;
    },
  ): void;
  /** dqkv from dout; `delta` [rows, heads] is scratch for rowsum(dout * out). */
  attentionBackward(
    op: AttentionShape & {
      qkv: Tensor;
      documents: Tensor;
      out: Tensor;
      lse: Tensor;
      dout: Tensor;
      delta: Tensor;
      dqkv: Tensor;
      rows: number;
      spans?: Uint32Array;
    },
  ): void;
  /**
   * Generation: rotates q in place, and writes rotated k and v of row t to slot slots[t] of the caches
   * [slots, kvHeads * headDim]; a slot is block * blockSize + offset. Caches of dtype u32 [slots, kvHeads * headDim / 2] are kept as
   * pairs of f16 (the first in the low bits), where the backend has `halfCaches` and headDim divides by four.
   */
  ropeAndCache(
    op: HeadShape & {
      qkv: Tensor;
      positions: Tensor;
      slots: Tensor;
      tables: RotaryTables;
      kCache: Tensor;
      vCache: Tensor;
      rows: number;
    },
  ): void;
  /**
   * Row t is position positions[t] of sequence sequences[t] and attends to positions 0..positions[t] of it, read
   * through blockTable u32 [sequences, maxBlocks]. Serves prefill and decoding alike; every row on its own. `places` = the
   * contents of `positions`, by which a GPU's work is paced; without them every row counts as the longest possible.
   */
  attentionPaged(
    op: AttentionShape & {
      qkv: Tensor;
      kCache: Tensor;
      vCache: Tensor;
      out: Tensor;
      sequences: Tensor;
      positions: Tensor;
      blockTable: Tensor;
      maxBlocks: number;
      blockSize: number;
      rows: number;
      places?: Uint32Array;
    },
  ): void;

  /**
   * A token of each row of logits [rows, vocab], as `draws` u32 [rows, 8] ask (compute/sampling/rowDraws.ts has the words): results u32
   * [*, 6] from row `first` on, and ids written to `next`, by which the step to come embeds. A row whose result says so is left to the
   * host, which chooses by its logits. Every row on its own. `summaries` and `lists` u32 are scratch (samplingScratch), lists where a
   * draw is cut to a nucleus.
   */
  sampleRows(op: {
    logits: Tensor;
    draws: Tensor;
    next: Tensor;
    results: Tensor;
    first: number;
    rows: number;
    vocab: number;
    summaries: Tensor;
    lists?: Tensor;
  }): void;

  // Loss and optimiser
  /**
   * Per row: nll [rows] = logsumexp(logits / temperature) - logits[target] / temperature. With `rowWeights` [rows] the
   * logits are overwritten by d(sum rowWeights * nll)/d logits. logits [rows, vocab].
   */
  crossEntropy(op: {
    logits: Tensor;
    targets: Tensor;
    nll: Tensor;
    rows: number;
    vocab: number;
    rowWeights?: Tensor;
    temperature?: number;
  }): void;
  /** out[0] = sum of squares of x, in a fixed order. */
  sumSquares(op: { x: Tensor; out: Tensor }): void;
  /**
   * Decoupled AdamW (arXiv 1711.05101) as torch.optim.AdamW: bias-corrected, one pass over a flat buffer. With `clip`
   * the gradient is scaled by min(1, maxNorm / (sqrt(sumSquares[0]) + 1e-6)) as torch's clip_grad_norm_ does; where
   * sumSquares[0] is not finite nothing changes.
   */
  adamw(op: {
    param: Tensor;
    grad: Tensor;
    m: Tensor;
    v: Tensor;
    step: number;
    lr: number;
    beta1: number;
    beta2: number;
    eps: number;
    weightDecay: number;
    clip?: { readonly sumSquares: Tensor; readonly maxNorm: number };
  }): void;
}
