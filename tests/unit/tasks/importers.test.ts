import { describe, expect, it } from 'vitest';
import { ImportError } from '../../../src/core/errors';
import { importQuestions } from '../../../src/tasks/importers';

const options = { fileName: 'file', seed: 1 };
const lines = (...rows: unknown[]) =>
  rows.map((row) => (typeof row === 'string' ? row : JSON.stringify(row))).join('\n');
const only = (...rows: unknown[]) => importQuestions(lines(...rows), options).questions[0];

describe('shapes', () => {
  it('reads GSM8K', () => {
    expect(
      only({
        question: 'Natalia sold 48 clips and half as many in May. How many?',
        answer: 'She sold 48/2 = <<48/2=24>>24.\nAltogether 48+24 = <<48+24=72>>1,072.\n#### 1,072',
      }),
    ).toMatchObject({
      gold: '1072',
      answerType: 'number',
      solution: 'She sold 48/2 = 24.\nAltogether 48+24 = 1,072.\n#### 1,072',
      origin: 'file:1',
    });
  });

  it('reads MATH with its boxed answers, numbers as numbers', () => {
    expect(only({ problem: 'p', solution: 'so \\boxed{\\frac{1}{2}}', level: 'Level 1' })).toMatchObject({
      gold: '0.5',
      answerType: 'number',
    });
    expect(only({ problem: 'p', solution: 'so \\boxed{x^2 + 1}' })).toMatchObject({
      gold: 'x^2+1',
      answerType: 'text',
    });
  });

  const medmcqa = { question: 'Which?', opa: 'one', opb: 'two', opc: 'three', opd: 'four' };

  it('reads MedMCQA counted from 0', () => {
    expect(only({ ...medmcqa, cop: 0, exp: null })).toMatchObject({
      gold: 'A',
      answerType: 'choice',
      options: ['one', 'two', 'three', 'four'],
    });
  });

  it('reads MedMCQA counted from 1, which the file shows by a 4', () => {
    const { questions } = importQuestions(
      lines({ ...medmcqa, cop: 1 }, { ...medmcqa, question: 'What?', cop: 4 }),
      options,
    );
    expect(questions.map((question) => question.gold)).toEqual(['A', 'D']);
  });

  it('reads other multiple choice: lists, lettered options, ARC', () => {
    expect(only({ question: 'q', options: ['x', 'y'], answer: 'y' })).toMatchObject({ gold: 'B' });
    expect(only({ question: 'q', options: { A: 'x', B: 'y' }, answer_idx: 'B' })).toMatchObject({
      gold: 'B',
    });
    expect(
      only({ question: 'q', choices: { text: ['x', 'y'], label: ['1', '2'] }, answerKey: '2' }),
    ).toMatchObject({ gold: 'B', options: ['x', 'y'] });
    expect(only({ question: 'q', choices: ['x', 'y', 'z'], answer: 2 })).toMatchObject({ gold: 'C' });
  });

  it('reads plain question and answer, and CSV with quoted cells', () => {
    expect(only({ question: 'q', answer: 12 })).toMatchObject({ gold: '12', answerType: 'number' });
    const csv = 'question,answer\r\n"How many, ""in all""?",12\r\nCapital of Egypt?,Cairo\r\n';
    const { questions, format } = importQuestions(csv, options);
    expect(format).toBe('csv');
    expect(questions.map(({ text, gold, answerType }) => [text, gold, answerType])).toEqual([
      ['How many, "in all"?', '12', 'number'],
      ['Capital of Egypt?', 'cairo', 'text'],
    ]);
  });

  it('reads a JSON list', () => {
    const list = JSON.stringify([{ question: 'q', answer: '#### 3' }]);
    expect(importQuestions(list, options)).toMatchObject({ format: 'json', counts: { kept: 1 } });
  });
});

it('rejects single rows with their line and reason, and counts everything', () => {
  const result = importQuestions(
    lines(
      { question: 'good', answer: '#### 3' },
      '{"question": "cut',
      { question: '', answer: '3' },
      { question: 'no number', answer: '#### none' },
      { problem: 'no box', solution: 'it is 3' },
      { question: 'GOOD?', answer: '#### 4' },
      { question: 'q', options: ['x', 'y'], answer: 'Z' },
      [1, 2],
    ),
    options,
  );
  expect(result.rejected.map(({ row, reason }) => [row, reason])).toEqual([
    [2, 'not valid JSON'],
    [3, '"question" is missing, empty or of the wrong type'],
    [4, 'no number after "####"'],
    [5, 'the solution has no \\boxed{} answer'],
    [6, 'the same question as row 1'],
    [7, 'the answer "Z" names none of the 2 options'],
    [8, 'not an object with named fields'],
  ]);
  expect(result.counts).toMatchObject({ rows: 8, kept: 1, rejected: 7, byShape: { gsm8k: 1 } });
});

it('splits by the text alone: the order of rows and their number change nothing', () => {
  const rows = Array.from({ length: 1000 }, (_, i) => ({ question: `What is ${i} plus 1?`, answer: i + 1 }));
  const { questions, counts } = importQuestions(lines(...rows), options);
  const bySplit = new Map(questions.map((question) => [question.text, question.split]));
  const half = importQuestions(lines(...rows.slice(500).reverse()), options).questions;
  for (const question of half) expect(question.split).toBe(bySplit.get(question.text));
  // 1,000 draws: three standard deviations around 700, 100 and 200 are 43, 28 and 38.
  expect(Math.abs(counts.bySplit.train - 700)).toBeLessThan(43);
  expect(Math.abs(counts.bySplit.validation - 100)).toBeLessThan(28);
  expect(Math.abs(counts.bySplit.test - 200)).toBeLessThan(38);
  const again = importQuestions(lines(...rows), { ...options, seed: 2 }).questions;
  expect(again.some((question) => question.split !== bySplit.get(question.text))).toBe(true);
});

describe('files that are no question files', () => {
  it.each([
    ['an empty file', '  \n', /empty/],
    ['prose', 'Dear reader,\nhello', /neither JSON nor a table/],
    ['a broken JSON list', '[{"question": "q"', /cannot be read/],
    ['an open quote', 'question,answer\n"open,3\n', /never closed/],
    ['only bad rows', '{"a": 1}', /None of the 1 rows/],
    ['a table without answers', 'question\nq1', /None of the 1 rows/],
  ])('%s', (_, text, message) => {
    expect(() => importQuestions(text, options)).toThrow(ImportError);
    expect(() => importQuestions(text, options)).toThrow(message);
  });

  it('rejects a row whose cells do not fit the header', () => {
    const { rejected } = importQuestions('question,answer\nq,1\nq2,1,2\n', options);
    expect(rejected).toMatchObject([{ row: 3, reason: '3 cells where the header names 2' }]);
  });
});
