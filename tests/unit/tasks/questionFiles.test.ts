import { describe, expect, it } from 'vitest';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { ImportError } from '../../../src/core/errors';
import { importQuestionFile, importQuestions, type ImportResult } from '../../../src/tasks/importers';

const options = { fileName: 'file', seed: 1 };
const cases = resolve(import.meta.dirname, '../../cases');
const bytes = (name: string): Uint8Array => new Uint8Array(readFileSync(resolve(cases, name)));
const read = (text: string): ImportResult => importQuestions(text, options);
const golds = ({ questions }: ImportResult): [string, string][] =>
  questions.map(({ gold, answerType }) => [gold, answerType]);
const jsonl = (...rows: unknown[]): string => rows.map((row) => JSON.stringify(row)).join('\n');

describe('columns of options', () => {
  it.each(['import-mmlu-csv/mmlu.csv', 'import-mmlu-csv/options.csv'])('%s is a choice', (name) => {
    const [first] = importQuestionFile(bytes(name), options).questions;
    expect(first).toMatchObject({
      gold: 'B',
      answerType: 'choice',
      options: ['Lyon', 'Paris', 'Nice', 'Lille'],
    });
  });

  it.each([
    ['Question,Option 1,Option 2,Option 3,Correct Answer\nq?,x,y,z,y\n', 'B', 3],
    ['Frage;A;B;C;Antwort\nq?;x;y;z;c\n', 'C', 3],
    ['question\tchoice_a\tchoice_b\tanswer\nq?\tx\ty\tB) y\n', 'B', 2],
    ['PROBLEM|A|B|C|D|ANSWER\nq?|x|y|z||(A)\n', 'A', 3],
    ['question,opa,opb,opc,opd,cop,exp\nq?,x,y,z,w,2,because\n', 'C', 4],
  ])('%j', (csv, gold, count) => {
    const [first] = read(csv).questions;
    expect(first).toMatchObject({ gold, answerType: 'choice' });
    expect(first?.options).toHaveLength(count);
  });
});

describe('options and the right one', () => {
  it('goes by the label, whether the key is a number or a string', () => {
    const choices = { text: ['x', 'y'], label: ['1', '2'] };
    for (const answer of [1, '1'])
      expect(golds(read(jsonl({ question: 'q', choices, answer })))).toEqual([['A', 'choice']]);
  });

  it('counts from 1 where the file shows it, from 0 where it shows that, and says so where it shows neither', () => {
    const row = (question: string, answer: number) => ({ question, choices: ['x', 'y', 'z'], answer });
    expect(golds(read(jsonl(row('p', 1), row('q', 3))))).toEqual([
      ['A', 'choice'],
      ['C', 'choice'],
    ]);
    expect(golds(read(jsonl(row('p', 1), row('q', 0))))).toEqual([
      ['B', 'choice'],
      ['A', 'choice'],
    ]);
    const unsure = read(jsonl(row('p', 1), row('q', 2)));
    expect(unsure.altered).toMatchObject([
      { row: 1, written: '1', read: 'B', reason: 'counted', doubtful: true },
      { row: 2, written: '2', read: 'C', reason: 'counted', doubtful: true },
    ]);
  });

  it.each([
    ['a ) 38 , b ) 27 , c ) 29', 'b', ['38', '27', '29']],
    ["['x', 'y']", 'B', ['x', 'y']],
    [['A. x', 'B. y'], 'B', ['x', 'y']],
    [['1) x', '2) y'], '2', ['x', 'y']],
    [
      [
        { label: 'A', text: 'x' },
        { label: 'B', text: 'y' },
      ],
      'B',
      ['x', 'y'],
    ],
  ])('reads the options %j', (given, answer, texts) => {
    expect(read(jsonl({ question: 'q', options: given, answer })).questions[0]).toMatchObject({
      gold: 'B',
      options: texts,
    });
  });
});

describe('numbers', () => {
  it('keep every digit of JSON', () => {
    expect(golds(importQuestionFile(bytes('import-big-numbers/big.jsonl'), options))).toEqual([
      ['12345678901234567890', 'number'],
      ['9007199254740993', 'number'],
      ['1000000000000000000000', 'number'],
      ['0.0000001', 'number'],
    ]);
  });

  it('that are lists, mixed or of a doubtful comma are never rewritten in silence', () => {
    const found = importQuestionFile(bytes('import-lists-and-mixed/rows.jsonl'), options);
    expect(golds(found)).toEqual([
      ['1, 2', 'text'],
      ['3, 5, 7', 'text'],
      ['3.5', 'number'],
      ['3.5', 'number'],
      ['1, 2', 'text'],
      ['5 10', 'text'],
      ['1, 5', 'text'],
      ['2.5', 'number'],
    ]);
    expect(found.altered.map(({ row, written, reason }) => [row, written, reason])).toEqual([
      [3, '3 1/2', 'mixed'],
      [4, '3\\frac{1}{2}', 'mixed'],
      [5, '$1,2$', 'comma'],
      [7, '1,5', 'comma'],
      [8, '2 1/2', 'mixed'],
    ]);
  });

  it.each([
    ['#### 12 apples', '12', 'unit'],
    ['#### 1.5e3', '1500', 'scientific'],
    ['1.5 \\times 10^{3}', '1500', 'scientific'],
    ['#### 1.234,50', '1234.5', 'decimal-comma'],
    ['#### 20 + 25 = 45', '45', 'result'],
    ['#### 1,072', '1072', 'form'],
    ['90^\\circ', '90', 'unit'],
    ['5\\text{ cm}', '5', 'unit'],
    ['12 apples', '12', 'unit'],
  ])('%s is %s (%s), and what was written is kept', (answer, gold, reason) => {
    const { questions, altered } = read(jsonl({ question: 'q', answer }));
    const written = answer.replace('#### ', '');
    expect(questions[0]).toMatchObject({ gold, answerType: 'number', goldWritten: written });
    expect(altered).toMatchObject([{ written, read: gold, reason }]);
  });

  it('that may be thousands or decimals are pointed out where the file has decimal commas', () => {
    const rows = ['3,5', '1.234', '1,234', '1234', '12.34', '5,000'].map((answer, at) => ({
      question: `q${at}`,
      answer,
    }));
    const found = read(jsonl(...rows));
    expect(found.altered.map(({ row, written, read: as, reason }) => [row, written, as, reason])).toEqual([
      [1, '3,5', '3, 5', 'comma'],
      [2, '1.234', '1.234', 'thousands'],
      [3, '1,234', '1234', 'thousands'],
      [6, '5,000', '5000', 'form'],
    ]);
    expect(found.counts.doubtful).toBe(3);
    // Without a decimal comma a point is one, and a comma parts thousands.
    const english = read(jsonl(...rows.slice(1, 4)));
    expect(english.altered.map(({ written, doubtful }) => [written, doubtful])).toEqual([['1,234', false]]);
  });

  it('leaves a title that begins with a number in words', () => {
    expect(golds(read(jsonl({ question: 'q', answer: '12 Angry Men' })))).toEqual([['12 angry men', 'text']]);
  });
});

describe('encodings, separators and line ends', () => {
  it.each([
    ['cp1252.csv', 'Price in \u20ac?'],
    ['latin1.csv', 'Caf\u00e9 cr\u00e8me for 3?'],
  ])('%s keeps its letters', (name, text) => {
    const found = importQuestionFile(bytes(`import-encoding/${name}`), options);
    expect(found.questions[0]?.text).toBe(text);
    expect(found.encoding).toBe('windows-1252');
  });

  it('leaves out a row whose letters were lost before', () => {
    expect(read('question,answer\nCaf\ufffd?,5\nTea?,4\n').rejected).toMatchObject([{ row: 2 }]);
  });

  it.each([
    ['CR line ends', 'question,answer\rp?,1\rq?,2\r'],
    ['another case', 'Question,ANSWER\np?,1\nq?,2\n'],
    ['semicolons', 'question;answer\np?;1\nq?;2\n'],
    ['a line that names the separator', 'sep=;\r\nquestion;answer\r\np?;1\r\nq?;2\r\n'],
    ['German', 'Frage;Antwort\np?;1\nq?;2\n'],
    ['AIME', jsonl({ problem: 'p?', answer: 1 }, { Problem: 'q?', Answer: '2' })],
    [
      'one object',
      JSON.stringify(
        {
          version: 1,
          data: [
            { question: 'p?', answer: 1 },
            { question: 'q?', answer: 2 },
          ],
        },
        null,
        1,
      ),
    ],
    ['JSONL with CR', '{"question":"p?","answer":1}\r{"question":"q?","answer":2}'],
  ])('%s', (_, text) => {
    expect(read(text).questions.map(({ text: asked, gold }) => [asked, gold])).toEqual([
      ['p?', '1'],
      ['q?', '2'],
    ]);
  });

  it.each([
    [[0x50, 0x4b, 3, 4, 1], /Excel workbook or a zip/],
    [[0x1f, 0x8b, 8], /gzip/],
    [[0xff, 0xfe, 0x41], /cut off or damaged/],
  ])('refuses bytes %j with what they are', (start, message) => {
    expect(() => importQuestionFile(Uint8Array.from(start), options)).toThrow(ImportError);
    expect(() => importQuestionFile(Uint8Array.from(start), options)).toThrow(message);
  });
});
