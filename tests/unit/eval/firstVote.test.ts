/** The debate beside its own first vote: on every set of questions that a report has. */
import { expect, it } from 'vitest';
import { firstVotes } from '../../../src/eval/firstVote';
import { reportMarkdown } from '../../../src/eval/markdown';
import { reportVerdict } from '../../../src/eval/verdict';
import { verdictSentences } from '../../../src/eval/words';
import { randomReport } from '../../support/randomReport';

/** Reports in which both other sets have a debate and its first vote, and two evaluation sets say what those do. */
const reports = Array.from({ length: 400 }, (_, seed) => randomReport(seed))
  .filter((report) => firstVotes(report).length === 3 && (report.arms[0]?.n ?? 0) > 0)
  .map((report) => {
    const set = { file: null, answerTypes: ['number'] as const };
    const evalSets = [
      { ...set, name: 'vehicles', ...report.ood! },
      { ...set, name: 'harder', file: 'harder.csv', ...report.robust! },
    ];
    return { report, evaluated: { ...report, evalSets } };
  });

it('has a row for each evaluation set, after the test questions and the two built-in sets', () => {
  expect(reports.length).toBeGreaterThan(20);
  for (const { report, evaluated } of reports) {
    const rows = firstVotes(evaluated);
    expect(rows.map(({ split }) => split)).toEqual(['test', 'ood', 'robust', 'vehicles', 'harder']);
    const [, ood, robust] = firstVotes(report);
    expect(rows[3]).toEqual({ ...ood, split: 'vehicles' });
    expect(rows[4]).toEqual({ ...robust, split: 'harder' });
    expect(reportMarkdown(evaluated)).toMatch(/\n\| vehicles \|[^#]*\n\| harder \|/);
  }
});

it('has a sentence for each of them that names the set', () => {
  for (const { evaluated } of reports) {
    const said = reportVerdict(evaluated).findings.filter(({ type }) => type === 'first-vote');
    expect(said).toHaveLength(4);
    for (const name of ['vehicles', 'harder'])
      expect(
        verdictSentences(evaluated).filter((line) =>
          line.toLowerCase().includes(`on the evaluation set ${name} `),
        ),
      ).toHaveLength(1);
  }
});

it('has no row for a set without a debate', () => {
  const [{ evaluated } = { evaluated: null }] = reports;
  const quiet = evaluated!.evalSets.map((set) => ({
    ...set,
    arms: set.arms.filter(({ name }) => name !== 'debate'),
  }));
  expect(firstVotes({ ...evaluated!, evalSets: quiet }).map(({ split }) => split)).toEqual([
    'test',
    'ood',
    'robust',
  ]);
});
