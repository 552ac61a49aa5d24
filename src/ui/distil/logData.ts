/** A training log with every step and every number of it, as a table to take away. */
import type { Table } from '../figures';
import type { ChartRow } from './logChart';

export function logData(steps: readonly ChartRow[]): Table {
  const head = [...new Set(steps.flatMap((log) => Object.keys(log)))];
  const rows = steps.map((log) =>
    head.map((name) => {
      const value = log[name];
      return value === undefined ? '' : String(value);
    }),
  );
  return { head, rows };
}
