/** Every demonstration asks the headless job for something that it takes: an hour of runs must not end at a flag. */
import { describe, expect, it } from 'vitest';
import { distilFlags } from '../../../scripts/commands/distil.mjs';
import { debateDemonstrations } from '../../../scripts/prove/debate.mjs';
import { padDemonstrations } from '../../../scripts/prove/pad.mjs';
import { specialistDemonstrations } from '../../../scripts/prove/specialists.mjs';
import { studentDemonstrations } from '../../../scripts/prove/students.mjs';
import { meanInterval } from '../../../src/eval/statistics';
import type { Report } from '../../../src/records/records';
import { configFromFlags } from '../../../src/settings/flags';

/** A run that measured nothing. */
const nothing = { arms: [], pairs: [], items: [], datasets: {}, seeds: [], selfCorrection: [], pad: null };
const asked: string[][] = [];
const tools = {
  meanInterval,
  distil: (name: string, flags: readonly string[]) => {
    asked.push([...flags]);
    return { report: nothing as unknown as Report, out: `/runs/${name}`, seconds: 1, command: '' };
  },
  summary: () => ({}),
  rowsFile: (name: string) => `/runs/${name}.jsonl`,
  questionFile: (name: string) => `/runs/${name}.jsonl`,
  fetchSmolLm2: () => undefined,
  smollm2: '/models/smollm2',
};
const demonstrations = {
  ...debateDemonstrations(tools),
  ...studentDemonstrations(tools),
  ...padDemonstrations(tools),
  ...specialistDemonstrations(tools),
};

describe('a demonstration', () => {
  it.each(Object.keys(demonstrations))('%s', (name) => {
    asked.length = 0;
    try {
      void demonstrations[name]!();
    } catch (error) {
      // It reads a file of a run that was not made.
      expect(String(error)).toMatch(/ENOENT/);
    }
    expect(asked.length).toBeGreaterThan(0);
    for (const args of asked) {
      const { flags, rest } = distilFlags(args);
      expect(rest, args.join(' ')).toEqual([]);
      const { from: _, ...settings } = flags;
      expect(() => configFromFlags(new Map(Object.entries(settings))), args.join(' ')).not.toThrow();
    }
  });
});
