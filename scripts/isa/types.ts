/** What the machine code of a kernel form takes. */
export interface FormCode {
  readonly key: string;
  /** Vector registers of a thread; occupancy falls with them. */
  readonly vgprs: number;
  /** Vector registers that did not fit and live in memory. */
  readonly spilled: number;
  /** Subgroups that a SIMD can hold at once. */
  readonly occupancy: number;
  readonly instructions: number;
  /** CPU time of the compilation, from WGSL on. */
  readonly ms: number;
  /** In use on a GPU that nothing was tuned on. */
  readonly hot: boolean;
}

export interface Machine {
  readonly family: string;
  /** The compiler. */
  readonly driver: string;
  readonly kernels: readonly FormCode[];
}

/** Forms that miss the bounds today, with their figures: scripts/isa/allowed.json. */
export type Allowed = Readonly<
  Partial<Record<string, Readonly<Partial<Record<string, Pick<FormCode, 'vgprs' | 'spilled'>>>>>>
>;
