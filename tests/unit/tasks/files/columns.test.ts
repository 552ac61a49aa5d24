import { describe, expect, it } from 'vitest';
import type { ColumnChoice } from '../../../../src/tasks/questionFiles';
import { ImportError } from '../../../../src/core/errors';
import { importQuestions } from '../../../../src/tasks/importers';

const choice = (part: Partial<ColumnChoice>): ColumnChoice => ({
  question: 0,
  answer: 1,
  options: [],
  solution: null,
  header: true,
  ...part,
});
const read = (text: string, chosen?: ColumnChoice) =>
  importQuestions(text, { fileName: 'mine', seed: 0, ...(chosen && { choice: chosen }) });
const golds = (text: string, chosen: ColumnChoice): string[] =>
  read(text, chosen).questions.map(({ gold }) => gold);

describe('a question file by chosen columns', () => {
  it('names its columns and first rows where none could be read', () => {
    let thrown: unknown;
    try {
      read('x1|x2\nOne?|1\nTwo?|2\n');
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(ImportError);
    expect((thrown as ImportError).details?.['columns']).toEqual({
      table: true,
      names: ['x1', 'x2'],
      sample: [
        ['One?', '1'],
        ['Two?', '2'],
      ],
    });
  });

  it.each([',', ';', '\t', '|'])('is parted by %j', (sign) => {
    const lines = ['x1', 'x2'].join(sign) + '\n' + ['One?', '1'].join(sign);
    expect(golds(lines, choice({}))).toEqual(['1']);
    expect(golds(lines, choice({ header: false }))).toEqual(['x2', '1']);
  });

  it('chooses over what its names say, with a worked solution', () => {
    const { questions } = read(
      'question,answer,b,c\nno,no,How many?,7\n',
      choice({ question: 2, answer: 3, solution: 1 }),
    );
    expect(questions).toMatchObject([{ text: 'How many?', gold: '7', solution: 'no' }]);
  });

  it('takes options from columns in their order, or from one list', () => {
    const columns = read('t,r,y,z\nWhich?,2,Lyon,Paris\n', choice({ options: [2, 3] }));
    expect(columns.questions).toMatchObject([{ gold: 'B', options: ['Lyon', 'Paris'] }]);
    const list = read('{"t":"Which?","r":"Paris","o":["Lyon","Paris"]}', choice({ options: [2] }));
    expect(list.questions).toMatchObject([{ gold: 'B', options: ['Lyon', 'Paris'] }]);
    const fewer = read('t,r,y,z,w\nWhich?,A,Lyon,Paris,\n', choice({ options: [2, 3, 4] }));
    expect(fewer.questions).toMatchObject([{ gold: 'A', options: ['Lyon', 'Paris'] }]);
  });

  it('of JSON rows finds fields that the first row lacks', () => {
    const text = '[{"t":"One?"},{"t":"Two?","r":2}]';
    const { questions, rejected, columns } = read(text, choice({}));
    expect(columns.names).toEqual(['t', 'r']);
    expect(questions.map(({ gold }) => gold)).toEqual(['2']);
    expect(rejected).toHaveLength(1);
  });

  it('leaves out rows that have too few cells', () => {
    expect(read('t,r\nOne?\nTwo?,2\n', choice({})).rejected).toMatchObject([
      { reason: '1 cells where the header names 2' },
    ]);
  });
});
