import { describe, expect, it } from 'vitest';
import type uPlot from 'uplot';
import { formatSmall } from '../../../src/ui/format';
import { legendValue } from '../../../src/ui/distil/chartParts';

/** Steps 1 to 200; the held-out loss was measured at every twentieth. */
const steps = Array.from({ length: 200 }, (_, i) => i + 1);
const loss = steps.map((step) => 1 / step);
const heldOut = steps.map((step) => (step % 20 === 0 ? 2 / step : null));
const plot = { data: [steps, loss, heldOut] as uPlot.AlignedData };
const at = (series: number, step: number | null): string =>
  legendValue(plot, null, series, step === null ? null : step - 1);

describe('the legend of a chart', () => {
  it('gives a value that was measured under the pointer as it is', () => {
    expect(at(0, 50)).toBe('50');
    expect(at(1, 50)).toBe(formatSmall(0.02));
    expect(at(2, 100)).toBe(formatSmall(0.02));
  });

  it('gives the nearest measured value with its step, never the last one', () => {
    expect(at(2, 28)).toBe(`${formatSmall(0.1)} (step 20)`);
    expect(at(2, 31)).toBe(`${formatSmall(0.05)} (step 40)`);
    expect(at(2, 6)).toBe(`${formatSmall(0.1)} (step 20)`);
    expect(at(2, 118)).toBe(`${formatSmall(2 / 120)} (step 120)`);
    // Of two as near the earlier: at step 50 the loss of 60 was not known yet.
    expect(at(2, 50)).toBe(`${formatSmall(0.05)} (step 40)`);
  });

  it('gives the last values away from the pointer, and a dash where nothing was measured', () => {
    expect(at(0, null)).toBe('200');
    expect(at(2, null)).toBe(formatSmall(0.01));
    expect(legendValue({ data: [steps, steps.map(() => null)] as uPlot.AlignedData }, null, 1, 7)).toBe('–');
  });
});
