import { describe, expect, test } from 'vitest';
import type { PairResult, Report } from '../../../src/records/records';
import type { AnsweredArm as Arm } from '../../../src/eval/arms';
import { reportMarkdown } from '../../../src/eval/markdown';
import { pairFromCounts, pairNames } from '../../../src/eval/pairs';
import { seedSummaries } from '../../../src/eval/seeds';
import { buildReport, type ReportInput } from '../../../src/eval/report';
import { points } from '../../../src/eval/markdownTable';
import { holm } from '../../../src/eval/statistics';
import { standing } from '../../../src/eval/verdict';
import { verdictSentences } from '../../../src/eval/words';
import { config, makeQuestions } from './turns';

const n = 200;
const questions = makeQuestions(n);

/** An arm that is right on the questions from `from` to `to`. */
function arm(name: string, from: number, to: number, tokens = 10): Arm {
  return {
    name,
    answers: new Map(
      questions.map(({ id }, i) => {
        const correct = i >= from && i < to;
        const answer = correct ? '1' : '2';
        return [
          id,
          {
            answer,
            correct,
            strictCorrect: correct && i % 2 === 0,
            flexibleCorrect: correct,
            tokens,
            promptTokens: 20,
            seconds: 0.5,
          },
        ];
      }),
    ),
  };
}

const input: ReportInput = {
  config,
  environment: { arklet: '0.1.0', device: 'test', backend: 'cpu', userAgent: 'node', threads: 1 },
  repeatable: 'bytes',
  splits: { train: 10, test: n },
  datasets: [{ name: 'rsft', dataset: { strategy: 'rsft', kept: 8, dropped: { 'wrong-trace': 5 } } }],
  test: {
    questions,
    arms: [
      arm('base', 0, 60),
      arm('single', 0, 120),
      arm('single-greedy', 0, 100, 12),
      arm('vote:3', 0, 138, 30),
      arm('vote-equal-tokens', 0, 140, 60),
      arm('debate', 0, 140, 60),
      arm('distilled:rsft', 0, 120, 12),
      arm('control:answer-only', 0, 70, 4),
    ],
  },
  ood: null,
  robust: null,
  seeds: [{ seed: 4, arms: [arm('distilled:rsft', 0, 110, 12)] }],
  selfCorrection: [],
  trainQuestions: makeQuestions(2, 'train'),
  pad: null,
  timings: { debate: 12.3 },
};

const report = buildReport(input);
const find = (a: string, b: string): PairResult | undefined =>
  report.pairs.find((p) => p.a === a && p.b === b);

describe('the report', () => {
  test('has one row for each arm with accuracy, interval, strict figure and cost', () => {
    expect(report.arms.find((row) => row.name === 'distilled:rsft')).toMatchObject({
      n,
      correct: 120,
      accuracy: 0.6,
      strict: { correct: 60, accuracy: 0.3 },
      tokensPerQuestion: 12,
      promptTokensPerQuestion: 20,
      secondsPerQuestion: 0.5,
    });
  });

  test('compares students with base, single, vote and debate, the debate with the votes, the ensemble with base', () => {
    const names = pairNames(input.test.arms.map((one) => one.name)).map((pair) => pair.join(' - '));
    for (const name of [
      'distilled:rsft - base',
      'distilled:rsft - single',
      'distilled:rsft - vote:3',
      'distilled:rsft - debate',
      'distilled:rsft - control:answer-only',
      'control:answer-only - base',
      'debate - vote:3',
      'debate - vote-equal-tokens',
      'debate - base',
    ]) {
      expect(names).toContain(name);
    }
    expect(new Set(names).size).toBe(names.length);
    expect(find('distilled:rsft', 'base')).toMatchObject({ difference: 0.3, aOnly: 60, bOnly: 0 });
    expect(find('distilled:rsft', 'base')!.ci[0]).toBeGreaterThan(0.2);
    expect(find('distilled:rsft', 'base')!.detectable).toBeCloseTo(2.8 * Math.sqrt(0.3 / 200), 12);
  });

  test('says how much of the debate’s gain the student keeps: 60 of 80 questions', () => {
    expect(report.gainKept).toMatchObject({ strategy: 'distilled:rsft', ensemble: 'debate', value: 0.75 });
  });

  test('says how the student that is spoken of was chosen: by validation questions, not by the test', () => {
    expect(report.chosen).toEqual({ strategy: 'distilled:rsft', by: 'only', validation: [] });
    const test = { questions, arms: [...input.test.arms, arm('distilled:da', 0, 130, 12)] };
    const byTest = buildReport({ ...input, test });
    expect(byTest.chosen).toMatchObject({ strategy: 'distilled:da', by: 'test' });
    const asked = makeQuestions(10, 'validation');
    const judged = (name: string, right: number): Arm => ({
      name,
      answers: new Map(
        asked.map(({ id }, i) => [id, { ...arm(name, 0, i < right ? n : 0).answers.get(questions[0]!.id)! }]),
      ),
    });
    const validation = { questions: asked, arms: [judged('distilled:rsft', 7), judged('distilled:da', 6)] };
    const told = buildReport({ ...input, test, validation });
    expect(told.chosen).toEqual({
      strategy: 'distilled:rsft',
      by: 'validation',
      validation: [
        { name: 'distilled:rsft', n: 10, correct: 7 },
        { name: 'distilled:da', n: 10, correct: 6 },
      ],
    });
    expect(told.gainKept?.strategy).toBe('distilled:rsft');
    expect(verdictSentences(told)).toContain(
      'Shown is "Distilled: RSFT", of 2 students chosen on the validation questions.',
    );
    expect(verdictSentences(byTest).join('\n')).toContain(
      'the best on these very questions, which flatters it.',
    );
  });

  test('corrects every contrast but the one that was named before the run, and says both', () => {
    const primary = { a: 'distilled:rsft', b: 'single-greedy', hash: 'ab12cd34'.repeat(8) };
    const named = buildReport({ ...input, primary });
    expect(named.primary).toEqual(primary);
    const others = named.pairs.filter(({ a, b }) => !(a === primary.a && b === primary.b));
    expect(others).toHaveLength(named.pairs.length - 1);
    expect(others.map(({ adjusted }) => adjusted)).toEqual(holm(others.map(({ mcnemarP }) => mcnemarP)));
    expect(named.pairs.find(({ a, b }) => a === primary.a && b === primary.b)).not.toHaveProperty('adjusted');
    // Without a name all are corrected, each split for itself.
    expect(report.pairs.every(({ adjusted }) => adjusted !== undefined)).toBe(true);
    const [, first] = verdictSentences(named);
    expect(first).toMatch(
      /^Named before the run \(ab12cd34\): the student \(RSFT\) is better than the best single/,
    );
    expect(first).not.toContain('Holm');
    expect(first).toMatch(
      /Over 2 trainings on the same turns the difference is \+7\.5 points on average \(95\u00a0% t interval/,
    );
    expect(reportMarkdown(named)).toContain('Distilling lifted the student');
  });

  test('keeps every item with the verdicts of all arms', () => {
    expect(report.items).toHaveLength(n);
    expect(Object.keys(report.items[0]!.verdicts)).toHaveLength(8);
    expect(report.items[199]!.verdicts['debate']).toEqual({
      answer: '2',
      correct: false,
      strictCorrect: false,
      flexibleCorrect: false,
      tokens: 60,
    });
  });

  test('holds further seeds apart and summarises them by mean and range', () => {
    expect(report.seeds[0]?.arms.map((row) => row.name)).toEqual(['distilled:rsft']);
    expect(report.seeds[0]?.pairs.find((pair) => pair.b === 'base')?.difference).toBe(0.25);
    expect(seedSummaries(report)).toEqual([
      { name: 'distilled:rsft', seeds: 2, mean: 0.575, lo: 0.55, hi: 0.6 },
    ]);
  });

  test('survives JSON unchanged', () => {
    expect(JSON.parse(JSON.stringify(report))).toEqual(report);
  });

  test('gives the same bytes for the same seed', () => {
    expect(JSON.stringify(buildReport(input))).toBe(JSON.stringify(report));
  });
});

describe('the verdict in words', () => {
  test('"not below" needs a lower bound above -2 points', () => {
    const verdict = (lo: number, hi: number, bOnly = 3, count = 100) =>
      standing({ ci: [lo, hi], bOnly }, count);
    expect(verdict(0.01, 0.1)).toBe('above');
    expect(verdict(-0.1, -0.01)).toBe('below');
    expect(verdict(-0.019, 0.05)).toBe('not-below');
    expect(verdict(-0.02, 0.05)).toBe('undecided');
  });

  test('4 gained and none lost is above 0 by the bootstrap and by chance in one of 16 draws: it is not called better', () => {
    for (const count of [100, 300, 1000]) {
      const pair = pairFromCounts({ a: 'x', b: 'y', aOnly: 4, bOnly: 0, n: count }, 0);
      expect(pair.ci[0]).toBeGreaterThan(0);
      // Half of (1/2)^4, both sides.
      expect(pair.mcnemarP).toBeCloseTo(0.0625, 12);
      expect(standing(pair, count)).not.toBe('above');
      expect(standing({ ...pair, ci: [-0.1, -0.01] }, count)).not.toBe('below');
      const more = pairFromCounts({ a: 'x', b: 'y', aOnly: 6, bOnly: 0, n: count }, 0);
      expect(standing(more, count)).toBe('above');
      expect(standing({ ...more, adjusted: 0.06 }, count)).not.toBe('above');
    }
  });

  test('that no answer differs says nothing unless a loss of 2 points would have shown: 3 / n <= 0.02', () => {
    expect(standing({ ci: [0, 0], bOnly: 0 }, 149)).toBe('undecided');
    expect(standing({ ci: [0, 0], bOnly: 0 }, 150)).toBe('not-below');
  });

  test('says what was gained, kept and paid', () => {
    const text = verdictSentences(report).join('\n');
    expect(text).toContain('Distilling lifted the student from 30.0\u00a0% to 60.0\u00a0%: +30.0 points');
    expect(text).toMatch(/The student \(RSFT\) is worse than the debate: \u221210.0 points/);
    expect(text).toMatch(
      /The student keeps 75\u00a0% of the gain of the debate \(95\u00a0% interval \d+ to \d+\u00a0%\)/,
    );
    expect(text).toMatch(
      /is better than the best single agent \(greedy, as the student is decoded\): \+10.0 points/,
    );
    expect(text).toContain('5.0 times as many');
  });

  test('gives no share of the gain where one agent alone at the student’s decoding is as good, or was not measured', () => {
    const arms = (greedy: Arm | null): Arm[] => [
      ...input.test.arms.filter(({ name }) => name !== 'single-greedy'),
      ...(greedy ? [greedy] : []),
    ];
    const told = (greedy: Arm | null): string =>
      reportMarkdown(buildReport({ ...input, test: { questions, arms: arms(greedy) } }));
    const beaten = told(arm('single-greedy', 0, 150, 12));
    expect(beaten).toContain('so no gain from the debate is shown.');
    expect(beaten).toMatch(
      /is worse than the best single agent \(greedy, as the student is decoded\): \u221215\.0 points/,
    );
    const unknown = told(null);
    expect(unknown).toContain("No agent was measured at the student's greedy decoding");
    for (const text of [beaten, unknown]) expect(text).not.toMatch(/student keeps|Performance gap recovered/);
  });

  test('says that the debate loses out of distribution where it does', () => {
    const ood = { questions, arms: [arm('vote:3', 0, 60), arm('debate', 0, 20)] };
    expect(verdictSentences(buildReport({ ...input, ood })).join('\n')).toContain(
      'On questions unlike the training ones the debate is worse than the vote of 3 independent answers: \u221220.0 points',
    );
  });

  test('says in words when the number of questions is too small', () => {
    const few = questions.slice(0, 20);
    const flip = (one: Arm): Arm => ({ ...one, answers: new Map([...one.answers].slice(0, 20)) });
    const small: Arm[] = [
      flip(arm('base', 0, 9)),
      flip(arm('distilled:rsft', 2, 13)),
      flip(arm('debate', 4, 14)),
    ];
    const text = verdictSentences(
      buildReport({ ...input, seeds: [], test: { questions: few, arms: small } }),
    ).join('\n');
    expect(text).toContain('20 questions are too few to settle this');
    expect(text).toContain('is not distinguishable from 0, so the share kept is not shown');
  });

  // The rule of three: nothing seen among 20 leaves 3 / 20 = 15 points possible, among 200 1.5 points.
  test('says what n can rule out when two arms are right on the same questions', () => {
    const twins = (count: number): Report => {
      const cut = (one: Arm): Arm => ({ ...one, answers: new Map([...one.answers].slice(0, count)) });
      const arms = [
        cut(arm('base', 0, 9)),
        cut({ ...arm('distilled:rsft', 0, 9) }),
        cut(arm('debate', 4, 14)),
      ];
      return buildReport({ ...input, seeds: [], test: { questions: questions.slice(0, count), arms } });
    };
    const few = verdictSentences(twins(20)).join('\n');
    expect(few).toContain('20 questions are too few to rule out a difference of up to 15 points');
    expect(few).not.toMatch(/about 0\.0 points/);
    expect(verdictSentences(twins(200)).join('\n')).toContain(
      'With 200 questions a difference above 1.5 points would have shown',
    );
    expect(reportMarkdown(twins(20))).toMatch(/\| 0 \/ 0 \| [^|]+ \| [^|]+ \| - \|/);
  });

  test('answers an empty report without dividing by nothing', () => {
    const empty = buildReport({ ...input, seeds: [], test: { questions: [], arms: [] } });
    expect(verdictSentences(empty)).toEqual(['No question was answered yet, so nothing can be compared.']);
    expect(reportMarkdown(empty)).not.toContain('NaN');
  });

  test('writes differences in points with their sign', () => {
    expect([points(0.123), points(-0.05), points(0), points(-0.0001)]).toEqual([
      '+12.3',
      '-5.0',
      '0.0',
      '0.0',
    ]);
  });
});

test('report.md has the tables, the pairs with intervals and the verdict', () => {
  const text = reportMarkdown(report);
  expect(text).toContain('| distilled:rsft | 120 of 200 | 60.0 % |');
  expect(text).toMatch(
    /\| distilled:rsft - base \| \+30.0 \| \[\+2\d\.\d, \+3\d\.\d\] \| 60 \/ 0 \| < 0.001 \|/,
  );
  expect(text).toContain('| rsft | 8 | wrong traces: 5 |');
  expect(text).toContain('- strategies: rsft');
  expect(text).toContain('| distilled:rsft | 2 | 57.5 % | 55.0 % | 60.0 % |');
});
