import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { droppedText, droppedWords } from '../../../src/eval/droppedWords';
import { reportMarkdown } from '../../../src/eval/markdown';
import { parseArchive } from '../../../src/records/archiveSchema';
import { dropCounts, dropReasons } from '../../../src/records/dropped';
import type { Report } from '../../../src/records/records';

/** Six questions of the recorded run of commit 541d930, which kept English names; its counts are the whole run's. */
const file = resolve(import.meta.dirname, '../../golden/records/named-drops.json');

interface Counted {
  dropped: Record<string, number>;
}
interface Archive {
  datasets: Counted[];
  report: Report & { dataset: Counted; datasets: Record<string, Counted> };
}

describe('why traces were dropped', () => {
  const old = JSON.parse(readFileSync(file, 'utf8')) as Archive;
  const now = parseArchive(old);

  it('is read from a run of a version that had names for it, with the same counts', () => {
    expect(old.datasets.length).toBeGreaterThan(0);
    expect(Object.keys(old.report.dataset.dropped)).toContain('wrong traces');
    old.datasets.forEach(({ dropped }, i) => {
      const codes = now.datasets[i]!.dropped;
      expect(Object.values(codes)).toEqual(Object.values(dropped));
      for (const code of Object.keys(codes)) expect(dropReasons).toContain(code);
    });
    for (const [name, { dropped }] of Object.entries(old.report.datasets))
      expect(Object.values(now.report!.datasets[name]!.dropped)).toEqual(Object.values(dropped));
    expect(now.report!.dataset.dropped).toMatchObject({
      'wrong-trace': old.report.dataset.dropped['wrong traces'],
    });
  });

  it('has the same words in report.md as in that version', () => {
    for (const { dropped } of Object.values(old.report.datasets)) {
      const told = Object.entries(dropped).map(([name, count]) => `${name}: ${count}`);
      expect(droppedText(dropCounts(dropped))).toBe(told.join(', '));
    }
    expect(reportMarkdown({ ...old.report, config: now.report!.config })).toBe(reportMarkdown(now.report!));
  });

  it('has a word for each code, read back from each name and each code', () => {
    expect(Object.keys(droppedWords).sort()).toEqual([...dropReasons].sort());
    for (const reason of dropReasons) {
      expect(dropCounts({ [droppedWords[reason]]: 2, [reason]: 1 })).toEqual({ [reason]: 3 });
    }
    expect(dropCounts({ 'of another program': 1 })).toEqual({});
  });
});
