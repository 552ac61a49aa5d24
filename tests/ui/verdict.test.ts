import { mount, unmount } from 'svelte';
import { describe, expect, it } from 'vitest';
import type { PairResult, Report } from '../../src/records/records';
import PlainVerdict from '../../src/ui/compare/PlainVerdict.svelte';
import { filterItems } from '../../src/ui/compare/itemFilter';
import { placeLabels } from '../../src/ui/compare/placeLabels';
import { formatPercent } from '../../src/ui/format';
import { findPair, keyArms } from '../../src/eval/keyArms';
import { headlineSentences } from '../../src/eval/words';
import { makeArchive } from './fixtures/archive';

const report = makeArchive(40).report!;

/** The fixture's report with its first pair, distilled against base, changed. */
function withGain(change: Partial<PairResult>): Report {
  const [first, ...rest] = report.pairs;
  return { ...report, pairs: [{ ...first!, ...change }, ...rest] };
}

/** The fixture's report with the first pair against `b` changed. */
function withPair(b: string, change: Partial<PairResult>): Report {
  const at = report.pairs.findIndex((pair) => pair.b === b);
  return { ...report, pairs: report.pairs.map((pair, i) => (i === at ? { ...pair, ...change } : pair)) };
}

describe('the verdict in words', () => {
  it('says by how much the student rose when the interval is above 0', () => {
    const [first] = headlineSentences(report);
    expect(first).toMatch(/lifted the student from 32\.7\u00a0% to 66\.3\u00a0%: \+33\.7 points/);
  });

  it('says that the student became worse when the interval is below 0', () => {
    const [first] = headlineSentences(withGain({ difference: -0.1, ci: [-0.15, -0.05] }));
    expect(first).toMatch(/made the student worse, .*: \u221210\.0 points/);
  });

  it('claims nothing when the interval holds 0, and tells what size would have shown', () => {
    const [first] = headlineSentences(withGain({ difference: 0.02, ci: [-0.03, 0.07], detectable: 0.08 }));
    expect(first).toMatch(/^No clear change, from .*: \+2\.0 points/);
    expect(first).toMatch(
      /300 questions are too few to settle this: only differences above about 8\.0 points show/,
    );
  });

  it('says so when no answer changed sides', () => {
    const same = { difference: 0, ci: [0, 0], aOnly: 0, bOnly: 0, detectable: 0 } as const;
    expect(headlineSentences(withGain(same))[0]).toMatch(
      /changed nothing: .* is right on the same of the 300 questions\. With 300 questions a difference above 1\.0 points would have shown/,
    );
  });

  // The rule of three: a share never seen among n is under 3 / n, which is 25 points of 12 and 2 of 150.
  it('says that few questions rule out little when no answer differs, and never names 0 points', () => {
    const same = { difference: 0, ci: [0, 0], aOnly: 0, bOnly: 0, detectable: 0 } as const;
    const few: Report = {
      ...report,
      arms: report.arms.map((arm) => ({ ...arm, n: 12 })),
      pairs: report.pairs.map((pair) => ({ ...pair, ...same })),
    };
    const said = headlineSentences(few);
    expect(said[0]).toMatch(/12 questions are too few to rule out a difference of up to 25 points/);
    expect(said[1]).toMatch(
      /student \(RSFT\) and the best single agent .* are right on exactly the same of the 12 questions/,
    );
    expect(said[2]).toMatch(
      /student \(RSFT\) and the debate are right on exactly the same of the 12 questions/,
    );
    expect(said.join(' ')).not.toMatch(/\b0(\.0)? points/);
  });

  it('gives no share of a gain that the ensemble may not have', () => {
    expect(headlineSentences(report).join(' ')).toMatch(
      /keeps 73\u00a0% of the gain of the debate \(95\u00a0% interval 62 to 84\u00a0%\)/,
    );
    expect(headlineSentences({ ...report, gainKept: null }).join(' ')).toMatch(/not distinguishable from 0/);
  });

  it('gives no share of a gain that one agent alone has too, and says by how much that agent is better', () => {
    const beaten = withPair('single-greedy', { difference: -0.097, ci: [-0.133, -0.06] });
    const said = headlineSentences(beaten).join(' ');
    expect(said).toContain(
      'The student (RSFT) is worse than the best single agent (greedy, as the student is decoded): \u22129.7 points (95\u00a0% interval \u221213.3 to \u22126.0), so no gain from the debate is shown.',
    );
    expect(said).not.toMatch(/keeps/);
    const level = headlineSentences(withPair('single-greedy', { difference: 0.01, ci: [-0.03, 0.05] }));
    expect(level.join(' ')).toMatch(/and the best single agent \(.*\) cannot be told apart/);
    expect(level.join(' ')).not.toMatch(/keeps/);
  });

  it('claims nothing for the debate where no agent was measured at the student’s decoding', () => {
    const arms = report.arms.filter(({ name }) => name !== 'single-greedy');
    const pairs = report.pairs.filter(({ b }) => b !== 'single-greedy');
    const said = headlineSentences({ ...report, arms, pairs }).join(' ');
    expect(said).toMatch(/No agent was measured at the student's greedy decoding/);
    expect(said).not.toMatch(/keeps/);
  });

  it('gives a student that fell no share at all', () => {
    const fell = withGain({ difference: -0.1, ci: [-0.15, -0.05] });
    const gainKept = { strategy: 'rsft', ensemble: 'debate', value: -0.4, ci: [-6, 0] } as const;
    expect(headlineSentences({ ...fell, gainKept }).join(' ')).not.toMatch(/keeps|share/);
  });

  it('tells what speaks against the debate beside what it gained', () => {
    const lost = withPair('vote-equal-tokens', { difference: -0.05, ci: [-0.08, -0.02], mcnemarP: 0.001 });
    const vote = report.pairs.find(({ b }) => b === 'vote:3')!;
    const ood = {
      arms: report.arms,
      pairs: [{ ...vote, difference: -0.12, ci: [-0.175, -0.07] as const, mcnemarP: 0.001 }],
    };
    const said = headlineSentences({ ...lost, ood }).join(' ');
    expect(said).toMatch(
      /The debate is worse than the vote of independent answers at the same generated tokens: \u22125\.0 points/,
    );
    expect(said).toMatch(
      /On questions unlike the training ones the debate is worse than the vote of 3 independent answers: \u221212\.0 points \(95\u00a0% interval \u221217\.5 to \u22127\.0\)/,
    );
  });

  it('says nothing of a student where nothing was distilled', () => {
    const none = { ...report, arms: report.arms.slice(0, 2), pairs: [], gainKept: null };
    expect(headlineSentences(none)).toEqual([]);
  });
});

describe('one pair in plain words', () => {
  function told(change: Partial<PairResult>, n = 300): string {
    const target = document.createElement('div');
    const pair = { ...report.pairs[0]!, ...change };
    const shown = mount(PlainVerdict, { target, props: { pair, n, a: 'The student', b: 'the vote' } });
    const text = target.textContent;
    void unmount(shown);
    return text;
  }

  // 2 points seen where 8 can be: 300 (8 / 2)^2 questions would show them.
  it('says that the questions are too few where the interval holds 0, and how many it would take', () => {
    const unclear = { difference: 0.02, ci: [-0.03, 0.07], detectable: 0.08, aOnly: 20, bOnly: 14 } as const;
    expect(told(unclear)).toContain(
      '300 questions are too few to settle this: only differences above about 8.0 points show. About 4,800 questions would be needed',
    );
    expect(told({ ...unclear, difference: -0.02, ci: [-0.07, 0.03] })).toContain('About 4,800 questions');
  });

  it('does not say so where the difference is clear, or where there is none', () => {
    for (const change of [
      { difference: 0.1, ci: [0.05, 0.15] },
      { difference: -0.1, ci: [-0.15, -0.05] },
      { difference: 0, ci: [-0.04, 0.04], aOnly: 9, bOnly: 9 },
      { difference: 0, ci: [0, 0], aOnly: 0, bOnly: 0 },
    ] as const)
      expect(told(change)).not.toContain('too few to settle');
    expect(told({ difference: 0.1, ci: [0.05, 0.15], detectable: 0.08 })).toContain(
      'With 300 questions differences above about 8.0 points show',
    );
  });
});

describe('the headline where there are several students or seeds', () => {
  const other = (name: string, accuracy: number) => ({ ...report.arms.at(-1)!, name, accuracy });

  it('names the one that is shown, and says that it is the best of several on these very questions', () => {
    expect(headlineSentences(report).join(' ')).not.toContain('the best of');
    const several = { ...report, arms: [...report.arms, other('distilled:rsft+da', 0.5)] };
    expect(headlineSentences(several)).toContain(
      'Shown is "Distilled: RSFT", of 2 students the best on these very questions, which flatters it.',
    );
  });

  it('says the mean and range over all seeds, the first among them', () => {
    const seeds = [0.6, 0.72].map((accuracy, i) => ({
      seed: i + 1,
      arms: [other('distilled:rsft', accuracy)],
      pairs: [],
    }));
    // The fixture's student has 199 of 300 right: (66.33 + 60 + 72) / 3 = 66.1.
    expect(headlineSentences({ ...report, seeds })).toContain(
      `Over 3 trainings with different seeds it is right in ${formatPercent(0.6611)} on average (${formatPercent(0.6)} to ${formatPercent(0.72)}).`,
    );
  });
});

describe('the arms that are compared', () => {
  it('are those of the gap recovered where the report has it', () => {
    expect(keyArms(report)).toEqual({ base: 'base', distilled: 'distilled:rsft', ensemble: 'debate' });
  });

  it('are the best distilled arm and the debate where it has not', () => {
    const better = { ...report.arms.at(-1)!, name: 'distilled:da', accuracy: 0.9 };
    const without = { ...report, gainKept: null, arms: [...report.arms, better] };
    expect(keyArms(without)?.distilled).toBe('distilled:da');
  });

  it('may stand in a pair the other way round', () => {
    const pair = findPair(report.pairs, 'base', 'distilled:rsft')!;
    const given = report.pairs[0]!;
    expect(pair.difference).toBe(-given.difference);
    expect(pair.ci).toEqual([-given.ci[1], -given.ci[0]]);
    expect([pair.aOnly, pair.bOnly]).toEqual([given.bOnly, given.aOnly]);
  });
});

describe('the questions that a filter shows', () => {
  const keys = keyArms(report)!;
  it('split the test into gained, lost, both wrong and both right', () => {
    const count = (name: 'gained' | 'lost' | 'bothWrong'): number =>
      filterItems(report.items, keys, name).length;
    const both = report.items.filter(
      (item) => item.verdicts['base']!.correct && item.verdicts['distilled:rsft']!.correct,
    ).length;
    expect(report.items).toHaveLength(10);
    expect(count('gained') + count('lost') + count('bothWrong') + both).toBe(10);
    for (const item of filterItems(report.items, keys, 'gained')) {
      expect(item.verdicts['base']!.correct).toBe(false);
      expect(item.verdicts['distilled:rsft']!.correct).toBe(true);
    }
  });
});

describe('labels of the plot', () => {
  it('do not cover each other where points lie close together', () => {
    const line = 15;
    const points = [
      { x: 300, y: 40, text: 'Vote after the debate' },
      { x: 303, y: 38, text: 'Vote at equal tokens' },
      { x: 250, y: 45, text: 'Vote of 3' },
      { x: 80, y: 120, text: 'Best single agent' },
      { x: 80, y: 124, text: 'Distilled: RSFT' },
    ];
    const placed = placeLabels(points, { line, letter: 6.5, top: 0, left: 40, right: 420 });
    const boxes = placed.map(({ x, y, anchor, text }) => {
      const width = 6.5 * text.length;
      const left = anchor === 'start' ? x : anchor === 'end' ? x - width : x - width / 2;
      return { left, right: left + width, top: y - line / 2, bottom: y + line / 2 };
    });
    boxes.forEach((a, i) =>
      boxes.slice(i + 1).forEach((b) => {
        const apart = a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top;
        expect(apart).toBe(true);
      }),
    );
    expect(Math.min(...boxes.map((box) => box.top))).toBeGreaterThanOrEqual(0);
  });
});
