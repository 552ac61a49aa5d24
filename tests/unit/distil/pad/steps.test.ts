/** Steps, the tokens that end them, their labels, and Monte-Carlo continuations. */
import type { ContinuationRecord } from '../../../../src/records/padRecords';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { countLabels, exactLabels } from '../../../../src/distil/pad/labels';
import { continuationLabels, monteCarloLabels } from '../../../../src/distil/pad/monteCarlo';
import { stepDocument } from '../../../../src/distil/pad/rewardData';
import { tokenSteps } from '../../../../src/distil/pad/steps';
import { splitReply, splitters } from '../../../../src/distil/pad/textSteps';
import { packRows } from '../../../../src/train/batch';
import { loadStudent, type Student } from './student';

const reply = '12 + 9 = 21. 21 - 3 = 18. #### 18';
const messages = [
  { role: 'user' as const, content: 'Tom has 12 apples. He gets 9 more, then he gives away 3.' },
];

let student: Student;
beforeAll(async () => {
  student = await loadStudent();
});
afterAll(() => student.dispose());

describe('the splitters', () => {
  it('cut at sentences, at lines and after each result', () => {
    const text = 'First 3 + 4 = 7 apples, then 7 * 2 = 14.\nSo it is 14.';
    const texts = (splitter: (typeof splitters)[number]): string[] =>
      splitReply(text, splitter).map((step) => step.text);
    expect(texts('sentence')).toEqual(['First 3 + 4 = 7 apples, then 7 * 2 = 14.', 'So it is 14.']);
    expect(texts('line')).toEqual(['First 3 + 4 = 7 apples, then 7 * 2 = 14.', 'So it is 14.']);
    expect(texts('equation')).toEqual(['First 3 + 4 = 7', 'apples, then 7 * 2 = 14', '.\nSo it is 14.']);
  });

  it.each(splitters)('give spans of the reply, in order and without overlap (%s)', (splitter) => {
    let before = 0;
    for (const { text, start, end } of splitReply(reply, splitter)) {
      expect(reply.slice(start, end)).toBe(text);
      expect(start).toBeGreaterThanOrEqual(before);
      before = end;
    }
    expect(splitReply('  \n ', splitter)).toEqual([]);
  });

  it('find the last token of each step in the student\u2019s own tokens', () => {
    const { tokenizer } = student;
    const ids = tokenizer.encode(reply, { addSpecial: false });
    const steps = tokenSteps(tokenizer, ids, reply, 'sentence');
    const solid = (text: string): string => text.replace(/\s/g, '');
    expect(steps.map(({ token }) => solid(tokenizer.decode(ids.slice(0, token + 1))))).toEqual([
      '12+9=21.',
      '12+9=21.21-3=18.',
      '12+9=21.21-3=18.####18',
    ]);
    expect(steps.reduce((sum, { tokens }) => sum + tokens, 0)).toBe(ids.length);
  });

  it('keep to the tokens that were sampled, an end token and a cut reply included', () => {
    const { tokenizer } = student;
    const ids = [...tokenizer.encode('12 + 9 = 21. 21 -', { addSpecial: false }), tokenizer.eosIds[0]!];
    const steps = tokenSteps(tokenizer, ids, '12 + 9 = 21. 21 -', 'sentence');
    expect(steps.map(({ text }) => text)).toEqual(['12 + 9 = 21.', '21 -']);
    expect(steps.at(-1)!.token).toBeLessThan(ids.length - 1);
    expect(tokenSteps(tokenizer, [], 'text', 'sentence')).toEqual([]);
  });

  it('put the loss rows of packed documents on those tokens', () => {
    const item = {
      promptIds: [5, 6, 7],
      replyIds: student.tokenizer.encode(reply, { addSpecial: false }),
      reply,
    };
    const document = stepDocument(student.tokenizer, item, 'sentence', 512);
    const batch = packRows([document, document]);
    expect([...batch.targetRows]).toEqual([
      ...document.places,
      ...document.places.map((place) => place + document.ids.length),
    ]);
    expect(document.ids.length).toBe(document.places.at(-1)! + 1);
    expect(stepDocument(student.tokenizer, item, 'sentence', 8).steps, 'steps past the context').toEqual([]);
  });
});

describe('exact labels', () => {
  const solution = '12 + 9 = 21. 21 - 3 = 18. #### 18';
  const options = { splitter: 'sentence' as const, solution };

  it.each([
    ['a right chain', reply, [1, 1, 1]],
    ['a slip that is carried on', '12 + 9 = 22. 22 - 3 = 19. #### 19', [0, 1, 1]],
    ['an operation that is not the problem\u2019s', '12 - 9 = 3. 3 - 3 = 0. #### 0', [0, 1, 1]],
    ['an answer that repeats no result', '12 + 9 = 21. 21 - 3 = 18. #### 17', [1, 1, 0]],
    ['a step left out', '12 + 9 = 21. #### 21', [1, 0]],
    ['talk in between', 'Let us see. 12 + 9 = 21. 21 - 3 = 18. #### 18', [null, 1, 1, 1]],
  ])('judge each step in itself: %s', (_, text, labels) => {
    expect(exactLabels(text, options)).toEqual(labels);
  });

  it('count everything after the first error as bad where that is asked for', () => {
    const text = '12 + 9 = 22. 22 - 3 = 19. #### 19';
    expect(exactLabels(text, { ...options, afterFirstError: 'bad' })).toEqual([0, 0, 0]);
  });

  it('judge equations alone without a solution', () => {
    expect(exactLabels('5 + 5 = 10. 10 / 2 = 4. #### 4', { splitter: 'sentence' })).toEqual([1, 0, 1]);
  });

  it('have one label a step of every splitter', () => {
    for (const splitter of splitters)
      expect(exactLabels(reply, { splitter, solution })).toHaveLength(splitReply(reply, splitter).length);
  });

  it('are counted', () => {
    expect(countLabels([[1, 0, null], [0.5]])).toEqual({ good: 1, bad: 1, soft: 1, none: 1 });
  });
});

describe('Monte-Carlo labels', () => {
  const trace = { key: 'q1/agent-a', messages, reply, gold: '18', answerType: 'number' as const };
  const draw = (more: { done?: readonly ContinuationRecord[]; signal?: AbortSignal } = {}) => {
    const told: ContinuationRecord[] = [];
    const { model, tokenizer } = student;
    const result = monteCarloLabels({
      model,
      tokenizer,
      adapter: null,
      traces: [trace],
      splitter: 'sentence',
      k: 3,
      temperature: 1,
      maxTokens: 24,
      seed: 4,
      onRecord: (record) => told.push(record),
      ...more,
    });
    return { told, result };
  };

  it('are shares of k continuations, repeat exactly, and are not drawn again when they are known', async () => {
    const first = draw();
    const records = await first.result;
    expect(records.map(({ step, total }) => [step, total])).toEqual([
      [0, 3],
      [1, 3],
      [2, 3],
    ]);
    expect(records[2], 'the end needs no continuation').toMatchObject({ right: 3, tokens: 0 });
    expect(first.told).toEqual(records);
    const second = draw({ done: records.slice(0, 1) });
    expect(await second.result).toEqual(records);
    expect(second.told).toEqual(records.slice(1));
    expect(student.backend.ledger.byOwner()).not.toHaveProperty('monte carlo');
  });

  it('are soft or hard', () => {
    const record = { traceKey: 't', total: 4, tokens: 9 };
    const records = [
      { ...record, step: 0, right: 1 },
      { ...record, step: 1, right: 0 },
      { ...record, traceKey: 'another', step: 2, right: 4 },
    ];
    expect(continuationLabels(records, 't', 'soft')).toEqual([0.25, 0]);
    expect(continuationLabels(records, 't', 'hard')).toEqual([1, 0]);
    expect(continuationLabels(records, 'none', 'soft')).toEqual([]);
  });

  it('stop when aborted', async () => {
    await expect(draw({ signal: AbortSignal.abort() }).result).rejects.toMatchObject({ code: 'interrupted' });
  });
});
