/** A training log as curves and rows. */
import { describe, expect, it } from 'vitest';
import type { TrainLog } from '../../../src/records/trainLog';
import { chartColumns, presentColumns, tableRows } from '../../../src/ui/distil/logChart';
import { logData } from '../../../src/ui/distil/logData';
import { lossChart, trainColumns } from '../../../src/ui/distil/trainCharts';

const log = (step: number, more: Partial<TrainLog> = {}): TrainLog => ({
  step,
  loss: 1 / step,
  grad_norm: 1,
  learning_rate: 0.001,
  num_tokens: 100 * step,
  epoch: 0,
  ...more,
});

describe('the loss chart', () => {
  it('draws the loss, its running mean without start-up bias, and the held-out loss where it was measured', () => {
    const steps = [log(1), log(2, { eval_loss: 0.7 })];
    const [x, loss, mean, heldOut] = chartColumns(steps, lossChart.curves);
    expect(x).toEqual([1, 2]);
    expect(loss).toEqual([1, 0.5]);
    // An exponential mean with factor 0.9 over its summed weights: (0.9 * 0.1 * 1 + 0.1 * 0.5) / (0.9 * 0.1 + 0.1).
    expect(mean?.[0]).toBeCloseTo(1, 12);
    expect(mean?.[1]).toBeCloseTo(0.14 / 0.19, 12);
    expect(heldOut).toEqual([null, 0.7]);
  });
});

describe('the table of a log', () => {
  it('keeps about a hundred of many steps, with the last one and each that was measured on held-out questions', () => {
    const steps = Array.from({ length: 1000 }, (_, i) => log(i + 1, i === 4 ? { eval_loss: 0.5 } : {}));
    const rows = tableRows(steps, trainColumns).map(({ step }) => step);
    expect(rows).toHaveLength(102);
    expect(rows.slice(0, 3)).toEqual([1, 5, 11]);
    expect(rows.at(-1)).toBe(1000);
  });

  it('has a column for the AUC only where the log has one', () => {
    const heads = (steps: TrainLog[]): string[] =>
      presentColumns(steps, trainColumns).map(({ metric }) => metric);
    expect(heads([log(1)])).not.toContain('eval_auc');
    expect(heads([log(1, { eval_auc: 0.8 })])).toContain('eval_auc');
    expect(heads([log(1)])).toContain('eval_loss');
  });

  it('leaves the page with every number of every step', () => {
    const { head, rows } = logData([log(1), log(2, { eval_loss: 0.25 })]);
    expect(head.at(-1)).toBe('eval_loss');
    expect(rows.map((row) => row.at(-1))).toEqual(['', '0.25']);
  });
});
