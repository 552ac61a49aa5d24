/** What a generator is given, and what it reports. */

export interface GeneratorOptions {
  /** Most sequences that run at once. */
  readonly maxSequences?: number;
  /** Positions of a cache block. */
  readonly blockSize?: number;
  /** Most positions the cache may grow to; default what fits 512 MiB, at least one full context up to 2048. */
  readonly cacheTokens?: number;
  /** Most prompt tokens of one step. */
  readonly prefillRows?: number;
  /** Milliseconds that replies may stand still, and an abort wait, while the device chooses several tokens. Default 400. */
  readonly chainMs?: number;
  /** Ledger owner of the cache and the activations. */
  readonly owner?: string;
  /** Halves sequences, prompt rows and cache so many times, for a device that was lost under more. Results are the same. */
  readonly halvings?: number;
}

/** What a generator did so far. */
export interface GeneratorStats {
  readonly steps: number;
  readonly rows: number;
  readonly generated: number;
  /** Prompt tokens that were computed, those of sequences that were put back again. */
  readonly prompted: number;
  /** Prompt tokens that were not computed because another sequence in flight had them. */
  readonly shared: number;
  /** Prompt tokens that were not computed because a sequence that had gone left them. */
  readonly reused: number;
  /** Times that a sequence made room for others and was put back. */
  readonly preempted: number;
  readonly active: number;
  readonly waiting: number;
}
