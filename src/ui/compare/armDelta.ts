/** An arm's accuracy minus the baseline's; `ci` is null while the interval is being made. */
export interface ArmDelta {
  readonly difference: number;
  readonly ci: readonly [number, number] | null;
  readonly paired: boolean;
}
