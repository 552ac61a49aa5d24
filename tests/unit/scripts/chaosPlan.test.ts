import { describe, expect, it } from 'vitest';
import { isGpu, kinds, plan, type Kind } from '../../../scripts/chaos/faults';

const all = Object.keys(kinds) as Kind[];
const count = (list: readonly { readonly kind: Kind }[], kind: Kind): number =>
  list.filter((fault) => fault.kind === kind).length;

describe('a plan of faults', () => {
  it('is the same for the same seed, and another for another', () => {
    expect(plan(7, 100, [])).toEqual(plan(7, 100, []));
    expect(plan(7, 100, [])).not.toEqual(plan(8, 100, []));
  });

  it.each([20, 100, 1000])('of %i has that many, each kind within one of its share', (faults) => {
    const list = plan(1, faults, []);
    const shares = all.reduce((sum, kind) => sum + kinds[kind].share, 0);
    expect(list).toHaveLength(faults);
    for (const kind of all)
      expect(Math.abs(count(list, kind) - (faults * kinds[kind].share) / shares)).toBeLessThan(1);
    for (const { at, choice } of list)
      for (const part of [at, choice]) expect(part >= 0 && part < 1).toBe(true);
  });

  it('of a hundred has every kind, on the CPU and on a GPU', () => {
    const list = plan(3, 100, []);
    for (const kind of all) expect(count(list, kind), kind).toBeGreaterThan(0);
    expect(list.filter(({ kind }) => isGpu(kind)).length).toBeGreaterThan(5);
    expect(plan(3, 9, ['page', 'quota']).every(({ kind }) => kind === 'page' || kind === 'quota')).toBe(true);
  });
});
