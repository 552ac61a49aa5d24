import { describe, expect, it } from 'vitest';
import allowed from '../../../scripts/isa/allowed.json';
import { faultsOf, readMachine } from '../../../scripts/isa/bounds.mjs';
import type { FormCode } from '../../../scripts/isa/types';

const good: FormCode = { key: 'k', vgprs: 64, spilled: 0, occupancy: 16, instructions: 9, ms: 20, hot: true };
const faults = (form: Partial<FormCode>, list: Parameters<typeof faultsOf>[1] = {}): string[] =>
  faultsOf({ family: 'navi23', driver: 'd', kernels: [{ ...good, ...form }] }, list);
const listed = { navi23: { k: { vgprs: 200, spilled: 7 } } };

describe('the bounds of machine code', () => {
  it('hold a form in use to no spilled register, 128 registers and half a second of compilation', () => {
    expect(faults({})).toEqual([]);
    expect(faults({ vgprs: 128, ms: 500 })).toEqual([]);
    for (const form of [{ spilled: 1 }, { vgprs: 129 }, { ms: 501 }])
      expect(faults(form), JSON.stringify(form)).toHaveLength(1);
  });

  it('say nothing of a form that only a tuner may choose', () => {
    expect(faults({ vgprs: 256, spilled: 9, ms: 900, hot: false })).toEqual([]);
  });

  it('let a form of the list miss them by its figures, and not by more', () => {
    expect(faults({ vgprs: 200, spilled: 7 }, listed)).toEqual([]);
    expect(faults({ vgprs: 200, spilled: 8 }, listed)).toEqual([
      expect.stringContaining('the list allows 200 and 7'),
    ]);
  });

  it('want a form off the list that has become good, is out of use or is gone', () => {
    expect(faults({}, listed)).toEqual([expect.stringContaining('take it off the list')]);
    expect(faults({ spilled: 7, hot: false }, listed)).toEqual([
      expect.stringContaining('take it off the list'),
    ]);
    expect(faults({ key: 'other' }, listed)).toEqual([expect.stringContaining('no model runs it any more')]);
  });
});

it('the list names no form that fits', () => {
  for (const forms of Object.values<Record<string, { vgprs: number; spilled: number }>>(allowed))
    for (const [key, { vgprs, spilled }] of Object.entries(forms))
      expect(vgprs > 128 || spilled > 0, key).toBe(true);
});

it('the driver’s figures are read by form, and a form without any is an error', () => {
  const figures = 'VGPRs: 48\nSpilled VGPRs: 2\nSubgroups per SIMD: 20\nInstructions: 306\n';
  const text = `@@device radv\nVGPRs: 8\n@@ {"key":"a b","hot":true}\n*** SHADER STATS ***\n${figures}@@ms 12\n`;
  expect(readMachine('navi23', text)).toEqual({
    family: 'navi23',
    driver: 'radv',
    kernels: [{ key: 'a b', vgprs: 48, spilled: 2, occupancy: 20, instructions: 306, ms: 12, hot: true }],
  });
  expect(() => readMachine('navi23', '@@ {"key":"a","hot":true}\n@@ms 3\n')).toThrow(/no "VGPRs" for a/);
  expect(() => readMachine('navi23', '')).toThrow(/No form/);
});
