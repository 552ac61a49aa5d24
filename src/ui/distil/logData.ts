/** A training log with every step and every number of it, as a table to take away. */
import type { TrainLog } from '../../records/trainLog';
import type { Table } from '../figures';

export function logData(steps: readonly TrainLog[]): Table {
  const head = [...new Set(steps.flatMap((log) => Object.keys(log)))];
  const rows = steps.map((log) =>
    head.map((name) => {
      const value = log[name];
      return value === undefined ? '' : String(value);
    }),
  );
  return { head, rows };
}
