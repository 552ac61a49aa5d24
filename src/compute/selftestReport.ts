/** What a test of the kernels found: it crosses from the engine's worker to the page and to the commands. */
export interface SelftestRow {
  /** The kernel's name in the table. */
  readonly name: string;
  readonly variant: string;
  readonly shape: readonly number[];
  /** max |a - b| / (atol + rtol |b|); `pass` is <= 1. */
  readonly maxError: number;
  readonly atol: number;
  readonly rtol: number;
  readonly pass: boolean;
  /** Wall time of the case's ops once compiled. */
  readonly ms: number;
  readonly gflops: number | null;
}

export interface SelftestReport {
  readonly device: string;
  readonly kernels: readonly SelftestRow[];
}
