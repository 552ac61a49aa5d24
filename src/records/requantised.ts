/** Weights of a file that are kept in another way than the file does, and what that changed: measured while they are loaded. */
export interface Requantised {
  /** ggml's types of the tensors, as Q6_K. */
  readonly types: readonly string[];
  /** Formats that they are kept in. */
  readonly formats: readonly string[];
  readonly tensors: number;
  /** Of all weight matrices. */
  readonly of: number;
  /** Largest change of a weight, as a part of the largest weight of its tensor. */
  readonly worst: number;
  /** Root of the mean squared change, as a part of that of the weights. */
  readonly mean: number;
}
