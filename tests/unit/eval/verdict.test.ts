/** The verdict as data, and its sentences the same wherever they are shown: properties over reports of any outcome. */
import { describe, expect, it } from 'vitest';
import { reportLines } from '../../../src/commands/runLines';
import { parseArm } from '../../../src/eval/arm';
import { ensembleOf, keyArms } from '../../../src/eval/keyArms';
import { reportMarkdown } from '../../../src/eval/markdown';
import { isHeadline, pairVerdict, reportVerdict, shareKept, type Finding } from '../../../src/eval/verdict';
import { pairSentences, sentence, verdictSentences } from '../../../src/eval/words';
import { randomReport } from '../../support/randomReport';

const reports = Array.from({ length: 2400 }, (_, seed) => randomReport(seed));
const all = reports.map((report) => ({ report, verdict: reportVerdict(report) }));
const findings = (type: Finding['type']): number =>
  all.filter(({ verdict }) => verdict.findings.some((one) => one.type === type)).length;

/** Blocks of report.md between its title and its first table. */
function paragraphs(markdown: string): string[] {
  return markdown.slice(0, markdown.indexOf('\n## ')).trim().split('\n\n').slice(1);
}

describe('over random reports', () => {
  it('every kind of finding occurs, so that the properties below are not vacuous', () => {
    const types: readonly Finding['type'][] = [
      'no-questions',
      'gain',
      'best-of',
      'seeds',
      'alone',
      'ensemble',
      'debate',
      'first-vote',
      'primary',
      'helps',
      'short',
      'untaught',
      'control',
      'kept',
      'cost',
      'noise',
      'repeatable',
    ];
    for (const type of types) expect(findings(type), type).toBeGreaterThan(10);
    expect(all.filter(({ report }) => shareKept(report) !== null).length).toBeGreaterThan(10);
  });

  it('report.md says every sentence in order, and the command the first ones word for word', () => {
    for (const { report, verdict } of all) {
      const said = verdict.findings.map(sentence);
      expect(paragraphs(reportMarkdown(report))).toEqual(said);
      expect(reportLines(report)).toEqual(verdict.findings.filter(isHeadline).map(sentence));
      expect(verdictSentences(report)).toEqual(said);
    }
  });

  it('no sentence holds what is no word or no number', () => {
    for (const { report } of all)
      for (const line of verdictSentences(report)) {
        expect(line).toMatch(/^[\p{Lu}\d].*[.]$/u);
        expect(line).not.toMatch(/undefined|null|NaN|Infinity|\[object|-\d| {2}/);
      }
  });

  it('a sentence names a difference and an interval that the report holds, and claims a side only where the interval lies on it', () => {
    for (const { report, verdict } of all)
      for (const finding of verdict.findings) {
        if (!('pair' in finding) || finding.pair === null) continue;
        const { pair } = finding;
        const text = sentence(finding);
        const other = [...(report.ood?.pairs ?? []), ...(report.robust?.pairs ?? [])];
        // What was named before the run may stand the other way round.
        const sources = [...report.pairs, ...other].filter(({ a, b }) => a === pair.a && b === pair.b);
        if (finding.type !== 'primary')
          expect(sources).toContainEqual(
            expect.objectContaining({ ci: pair.interval, aOnly: pair.aOnly, bOnly: pair.bOnly }),
          );
        const p = pair.test.adjusted ?? pair.test.p;
        const better = /is better than|lifted the student/.test(text);
        const worse = /is worse than|made the student worse/.test(text);
        if (better) expect([pair.interval[0] > 0, p < 0.05]).toEqual([true, true]);
        if (worse) expect([pair.interval[1] < 0, p < 0.05]).toEqual([true, true]);
        expect(text.includes('after Holm')).toBe(
          pair.test.adjusted !== undefined && pair.detectable !== null,
        );
        if (pair.kind === 'not-below') expect(pair.interval[0]).toBeGreaterThan(-0.02);
        if (pair.detectable !== null && pair.kind !== 'undecided' && pair.kind !== 'not-below')
          expect(better || worse).toBe(true);
      }
  });

  it('a gain from debating is said only above the vote at equal total tokens that had them, and above a student of samples', () => {
    for (const { report, verdict } of all) {
      const text = verdictSentences(report).join(' ');
      const finding = verdict.findings.find((one) => one.type === 'helps');
      expect(/The debate helps/.test(text)).toBe(finding?.type === 'helps' && finding.shown === 'yes');
      if (finding?.type !== 'helps' || finding.shown !== 'yes') continue;
      expect([finding.vote?.kind, finding.control?.kind]).toEqual(['above', 'above']);
      const vote = report.arms.find(({ name }) => name === 'vote-equal-total-tokens')!;
      expect(vote.budget!.reached).toBeGreaterThanOrEqual(0.95 * vote.budget!.wanted);
    }
  });

  it('a share of the gain is said only where the student is above base and above the agents at its own decoding', () => {
    for (const { report, verdict } of all) {
      const text = verdictSentences(report).join(' ');
      const kept = /The student keeps/.test(text);
      expect(kept).toBe(shareKept(report) !== null);
      expect(/^Performance gap recovered \(PGR\) by/m.test(reportMarkdown(report))).toBe(kept);
      const kind = (type: Finding['type']): string | undefined => {
        const found = verdict.findings.find((one) => one.type === type);
        return found && 'pair' in found ? found.pair?.kind : undefined;
      };
      if (!kept) continue;
      expect([kind('gain'), kind('alone')]).toEqual(['above', 'above']);
      const greedy = report.arms.filter(({ name }) =>
        ['single-greedy', 'vote-greedy'].includes(parseArm(name).kind),
      );
      const beaten = verdict.findings.flatMap((one) => (one.type === 'alone' ? [one.pair?.kind] : []));
      expect(beaten).toEqual(greedy.map(() => 'above'));
    }
  });

  it('where there was no debate no sentence speaks of one', () => {
    const without = reports.filter(({ arms }) => !arms.some(({ name }) => name === 'debate'));
    expect(without.length).toBeGreaterThan(50);
    expect(without.flatMap(verdictSentences).filter((line) => /debate/.test(line))).toEqual([]);
  });

  it('the ensemble is the debate, else the vote over most samples, and never one without examples', () => {
    for (const { report } of all) {
      const names = report.arms.map(({ name }) => name);
      const ensemble = ensembleOf(names);
      if (names.includes('debate')) expect(ensemble).toBe('debate');
      else if (names.includes('vote:16')) expect(ensemble).toBe('vote:16');
      else expect(ensemble).toBe(names.includes('vote:3') ? 'vote:3' : null);
      const keys = keyArms(report);
      if (!keys) continue;
      expect(keys.ensemble).toBe(ensemble);
      const students = report.arms.filter(({ name }) => parseArm(name).kind === 'distilled');
      const best = Math.max(...students.map(({ accuracy }) => accuracy));
      if (report.chosen) expect(keys.distilled).toBe(report.chosen.strategy);
      else expect(students.find(({ name }) => name === keys.distilled)?.accuracy).toBe(best);
    }
  });
});

describe('a vote that is more accurate but smaller, or without examples', () => {
  it('is not taken for the ensemble: the page once did so where the gain was not given', () => {
    expect(ensembleOf(['base', 'vote:3', 'vote:16', 'vote-zero-shot:64', 'distilled:rsft'])).toBe('vote:16');
    expect(ensembleOf(['base', 'vote-zero-shot:64', 'distilled:rsft'])).toBeNull();
    // By number, not by text.
    expect(ensembleOf(['vote:9', 'vote:10'])).toBe('vote:10');
  });
});

describe('a share of the gain that a report from elsewhere holds', () => {
  const report = reports.find((one) => shareKept(one) !== null)!;

  it('is said where it is of the student and ensemble that are spoken of, and nowhere else', () => {
    const { gainKept } = report;
    const of = (change: object) => shareKept({ ...report, gainKept: { ...gainKept!, ...change } });
    expect(of({})).toEqual({ value: gainKept!.value, interval: gainKept!.ci });
    // As version 0.1 wrote it.
    expect(of({ strategy: gainKept!.strategy.replace('distilled:', '') })).not.toBeNull();
    expect(of({ strategy: 'distilled:other' })).toBeNull();
    expect(of({ ensemble: 'vote:99' })).toBeNull();
  });
});

describe('a pair as data', () => {
  const pair = {
    a: 'distilled:rsft',
    b: 'base',
    difference: 0.02,
    ci: [-0.03, 0.07],
    mcnemarP: 0.4,
    aOnly: 20,
    bOnly: 14,
    detectable: 0.08,
  } as const;

  it('holds what was compared, by how much, how surely, on how many', () => {
    expect(pairVerdict(pair, 300)).toEqual({
      kind: 'undecided',
      a: 'distilled:rsft',
      b: 'base',
      n: 300,
      difference: 0.02,
      interval: [-0.03, 0.07],
      aOnly: 20,
      bOnly: 14,
      test: { name: 'mcnemar-mid-p', p: 0.4 },
      detectable: 0.08,
    });
    expect(pairVerdict({ ...pair, aOnly: 0, bOnly: 0 }, 300).detectable).toBeNull();
  });

  it('is told in full, by the names that are asked for', () => {
    const names = { a: 'the student', b: 'the base student of amber-finch' };
    expect(pairSentences(pairVerdict(pair, 300), names)).toEqual([
      'The student and the base student of amber-finch cannot be told apart: +2.0 points (95\u00a0% interval \u22123.0 to +7.0).',
      // 300 (8 / 2)^2 questions.
      '300 questions are too few to settle this: only differences above about 8.0 points show. About 4,800 questions would be needed for a difference as small as this one.',
      'Were the two equally good, a split this uneven would come up by luck with p = 0.400 (McNemar, mid-p).',
    ]);
  });
});
