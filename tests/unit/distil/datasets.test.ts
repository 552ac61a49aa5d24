import { describe, expect, test } from 'vitest';
import { countsQuestions, dropReasons } from '../../../src/records/dropped';
import type { Dataset, Question, Turn } from '../../../src/records/records';
import { controlDataset, strategyDatasets } from '../../../src/distil/datasets';
import {
  distance,
  isNearDuplicate,
  operations,
  sequenceDistance,
  shapeOf,
} from '../../../src/distil/distance';
import type { DistillInput } from '../../../src/distil/source';
import { turnMessages } from '../../../src/debate/prompts';
import { makeTurn } from '../../support/makeTurn';
import { traceRules } from '../../support/traceRules';

function makeQuestion(id: string): Question {
  const solution = '4 + 5 = 9. 9 * 2 = 18. #### 18';
  return { id, split: 'train', text: `Problem ${id}?`, gold: '18', answerType: 'number', solution };
}

function turn(
  questionId: string,
  round: number,
  agent: number,
  reply: string,
  change: Partial<Turn> = {},
): Turn {
  const answer = /#### (\S+)/.exec(reply)?.[1] ?? null;
  const messages = [{ role: 'user' as const, content: 'advice of peers' }];
  return makeTurn({
    questionId,
    round,
    agent,
    messages,
    reply,
    answer,
    correct: answer === '18',
    ...change,
  });
}

const byDoubling = '4 + 5 = 9. 9 * 2 = 18. #### 18';
const bySumming = '4 * 2 = 8. 5 * 2 = 10. 8 + 10 = 18. #### 18';
const byDoublingAgain = '4 + 5 = 9. 9 * 2 = 18. #### 18 ';
const wrong = '4 + 5 = 9. 9 + 2 = 11. #### 11';
const wrongToo = '4 - 5 = 7. #### 7';

function input(turns: readonly Turn[], change: Partial<DistillInput> = {}): DistillInput {
  return {
    questions: [...new Set(turns.map((one) => one.questionId))].map(makeQuestion),
    turns,
    protocol: 'debate',
    prompt: (question) => turnMessages({ style: 'natural', question, own: [], peers: [] }),
    seed: 1,
    ...traceRules,
    ...change,
  };
}

const one = (datasets: readonly Dataset[]): Dataset => datasets[0]!;

describe('RSFT', () => {
  test('takes one correct trace a question with the question alone as prompt, and counts the rest', () => {
    const dataset = one(
      strategyDatasets(
        'rsft',
        input([
          turn('a', 0, 0, wrong),
          turn('a', 0, 1, byDoubling),
          turn('a', 1, 0, bySumming),
          turn('a', 1, 1, '', { finishReason: 'error', answer: null, correct: false }),
          turn('b', 0, 0, wrong),
        ]),
      ),
    );
    expect(dataset.kept).toBe(1);
    expect(dataset.traces[0]!.messages).toHaveLength(1);
    expect(dataset.traces[0]!.messages[0]!.content).toMatch(/^Problem a\?/);
    expect([byDoubling, bySumming]).toContain(dataset.traces[0]!.target);
    expect(dataset.dropped).toEqual({
      'wrong-trace': 2,
      'failed-trace': 1,
      'correct-not-drawn': 1,
      'no-correct-trace': 1,
    });
  });

  test('draws uniformly among the correct ones, by seed and question only', () => {
    const turns = Array.from({ length: 300 }, (_, i) => [
      turn(`q${i}`, 0, 0, byDoubling),
      turn(`q${i}`, 0, 1, bySumming),
      turn(`q${i}`, 0, 2, wrong),
    ]).flat();
    const first = one(strategyDatasets('rsft', input(turns)));
    const reversed = one(strategyDatasets('rsft', { ...input(turns), turns: [...turns].reverse() }));
    expect(reversed).toEqual(first);
    expect(one(strategyDatasets('rsft', input(turns, { seed: 2 }))).traces).not.toEqual(first.traces);
    const doubling = first.traces.filter((trace) => trace.target === byDoubling).length;
    // 300 fair draws: 150, three standard deviations are 26.
    expect(Math.abs(doubling - 150)).toBeLessThan(27);
  });

  test('a reply cut at its limit is kept only when its answer already stands there in the asked-for form', () => {
    const cut = { finishReason: 'length' as const };
    const dataset = one(
      strategyDatasets(
        'rsft',
        input([
          turn('a', 0, 0, 'so we get 18', { ...cut, answer: '18', correct: true, strictCorrect: false }),
          turn('b', 0, 0, byDoubling, cut),
        ]),
      ),
    );
    expect(dataset.traces.map((trace) => trace.questionId)).toEqual(['b']);
    expect(dataset.dropped).toMatchObject({ 'truncated-trace': 1 });
  });

  test('without labels wrong and truncated traces are kept, but not failed ones', () => {
    const turns = [
      turn('a', 0, 0, wrong, { finishReason: 'length' }),
      turn('b', 0, 0, '', { finishReason: 'error' }),
      turn('b', 0, 1, '   '),
    ];
    const dataset = one(strategyDatasets('rsft', input(turns, { labels: 'none' })));
    expect(dataset.traces.map((trace) => trace.target)).toEqual([wrong]);
    expect(dataset.dropped).toEqual({
      'failed-trace': 1,
      'empty-trace': 1,
      'no-correct-trace': 1,
    });
  });
});

describe('DA', () => {
  test('drops questions with fewer than 2 correct traces, and near-duplicates', () => {
    const dataset = one(
      strategyDatasets(
        'da',
        input([
          turn('a', 0, 0, byDoubling),
          turn('a', 0, 1, byDoublingAgain),
          turn('a', 0, 2, bySumming),
          turn('b', 0, 0, byDoubling),
          turn('b', 0, 1, wrong),
        ]),
      ),
    );
    expect(dataset.traces.map((trace) => trace.questionId)).toEqual(['a', 'a']);
    expect(new Set(dataset.traces.map((trace) => trace.target.trim()))).toEqual(
      new Set([byDoubling, bySumming]),
    );
    expect(dataset.dropped).toEqual({
      'wrong-trace': 1,
      'near-duplicate': 1,
      'fewer-than-2-correct-traces': 1,
      'correct-of-dropped-question': 1,
    });
  });

  test('takes corrective traces first: the same agent wrong in the round before, right in this one', () => {
    const far = '18 - 0 = 18. #### 18';
    const dataset = one(
      strategyDatasets(
        'da',
        input([
          turn('a', 0, 0, byDoubling),
          turn('a', 0, 1, wrong),
          turn('a', 0, 2, far),
          turn('a', 1, 0, far),
          turn('a', 1, 1, bySumming),
          turn('a', 1, 2, byDoubling),
        ]),
      ),
    );
    expect(dataset.traces[0]).toMatchObject({
      target: bySumming,
      corrective: true,
      source: [{ round: 1, agent: 1 }],
    });
    expect(dataset.traces.slice(1).every((trace) => !trace.corrective)).toBe(true);
  });

  test('after the first takes the farthest from those chosen (max-min), at most 3', () => {
    // Distance of operations to the first: near 1/2, far 2/2, likeFar 2/2 but 0 to far; the order is far, then near.
    const first = '4 + 5 = 9. 9 * 2 = 18. #### 18';
    const near = '4 + 5 = 9. 9 + 9 = 18. #### 18';
    const far = '20 - 1 = 19. 19 - 1 = 18. #### 18';
    const likeFar = 'Take the long way: 20 - 1 = 19 of them. One is lost, and then 19 - 1 = 18. #### 18';
    const corrective = [turn('a', 0, 0, wrong), turn('a', 1, 0, first)];
    const others = [near, likeFar, far, byDoublingAgain].map((reply, i) => turn('a', 1, i + 1, reply));
    const dataset = one(strategyDatasets('da', input([...corrective, ...others])));
    const targets = dataset.traces.map((trace) => trace.target);
    expect(targets[0]).toBe(first);
    expect([far, likeFar]).toContain(targets[1]);
    expect(targets[2]).toBe(near);
    expect(dataset.dropped).toMatchObject({ 'near-duplicate': 1, 'correct-not-drawn': 1 });
  });

  test('the stack rsft+da is both datasets in this order', () => {
    const turns = [turn('a', 0, 0, byDoubling), turn('a', 0, 1, bySumming)];
    const [first, second] = strategyDatasets('rsft+da', input(turns));
    expect(first).toEqual(one(strategyDatasets('rsft', input(turns))));
    expect(second).toEqual(one(strategyDatasets('da', input(turns))));
  });
});

describe('the distance', () => {
  test('reads operations with their results', () => {
    expect(operations('She has 4 + 5 = 9 apples. Then 9 x 2 = $18.')).toEqual(['+ 9', '* 18']);
  });

  test('is the edit distance over the longer sequence', () => {
    // kitten/sitting over letters: 3 edits of 7.
    expect(sequenceDistance([...'kitten'], [...'sitting'])).toBeCloseTo(3 / 7, 12);
    expect(sequenceDistance([], [])).toBe(0);
  });

  test('the same calculation in other words is no duplicate, in the same words it is', () => {
    const plain = shapeOf('First we add the apples: 4 + 5 = 9. Then we double them: 9 * 2 = 18. #### 18');
    const other = shapeOf('Anna starts off with 4 + 5 = 9 of them, twice as many makes 9 * 2 = 18. #### 18');
    const same = shapeOf('First we add the apples: 4 + 5 = 9. Then we double them: 9 * 2 = 18.  #### 18');
    expect(distance(plain, other).structure).toBe(0);
    expect(isNearDuplicate(distance(plain, other))).toBe(false);
    expect(isNearDuplicate(distance(plain, same))).toBe(true);
  });
});

describe('controls', () => {
  test('answer-only has the questions of RSFT and the bare answer', () => {
    const dataset = controlDataset(
      'answer-only',
      input([turn('a', 0, 0, byDoubling), turn('b', 0, 0, wrong)]),
    );
    expect(dataset.traces.map((trace) => [trace.questionId, trace.target])).toEqual([['a', '#### 18']]);
    expect(dataset.strategy).toBe('answer-only');
  });

  test('gold-sft has the generator’s solutions, whatever the agents said', () => {
    const source = input([turn('a', 0, 0, wrong), turn('b', 0, 0, wrong)]);
    const { solution: _, ...bare } = makeQuestion('b');
    const dataset = controlDataset('gold-sft', { ...source, questions: [makeQuestion('a'), bare] });
    expect(dataset.traces.map((trace) => trace.target)).toEqual([byDoubling]);
    expect(dataset.dropped).toEqual({ 'no-solution': 1 });
  });

  test('self-consistency draws from as many independent samples as the debate took tokens', () => {
    // The debate took 4 turns of 10 tokens: two of round 0 and two further samples; the fifth is beyond the budget.
    const debated = [
      turn('a', 0, 0, wrong),
      turn('a', 0, 1, wrong),
      turn('a', 1, 0, bySumming),
      turn('a', 1, 1, bySumming),
    ];
    const alone = { protocol: 'self-consistency' };
    const samples = [
      turn('a', 0, 2, wrong, alone),
      turn('a', 0, 3, byDoubling, alone),
      turn('a', 0, 4, byDoubling, alone),
    ];
    const dataset = controlDataset('self-consistency', input([...debated, ...samples]));
    expect(dataset.traces.map((trace) => trace.source)).toEqual([[{ round: 0, agent: 3 }]]);
    expect(dataset.dropped).toEqual({ 'wrong-trace': 3 });
    const short = controlDataset('self-consistency', input([...debated, samples[1]!]));
    expect(short.dropped).toMatchObject({ 'short-of-debate-tokens': 1 });
  });

  test('wrong takes a trace of the most common wrong answer', () => {
    const dataset = controlDataset(
      'wrong',
      input([
        turn('a', 0, 0, wrongToo),
        turn('a', 0, 1, wrong),
        turn('a', 0, 2, wrong),
        turn('a', 1, 0, byDoubling),
        turn('b', 0, 0, byDoubling),
        turn('b', 0, 1, 'no idea', { answer: null }),
      ]),
    );
    expect(dataset.traces.map((trace) => trace.target)).toEqual([wrong]);
    expect(dataset.dropped).toEqual({
      'correct-trace': 2,
      'wrong-not-drawn': 2,
      'unparsed-trace': 1,
      'no-wrong-trace': 1,
    });
  });
});

test('kept and dropped traces add up to the turns', () => {
  const replies = [byDoubling, wrong, bySumming, wrongToo, byDoublingAgain];
  const turns = Array.from({ length: 40 }, (_, i) =>
    Array.from({ length: 6 }, (_, j) =>
      turn(`q${i}`, j < 3 ? 0 : 1, j % 3, replies[(i * 7 + j * j * (i + 3)) % 5]!),
    ),
  ).flat();
  for (const dataset of [
    one(strategyDatasets('rsft', input(turns))),
    one(strategyDatasets('da', input(turns))),
    controlDataset('wrong', input(turns)),
  ]) {
    const traces = dropReasons.filter((reason) => !countsQuestions(reason));
    const dropped = traces.reduce((sum, reason) => sum + (dataset.dropped[reason] ?? 0), 0);
    expect(dataset.kept + dropped).toBe(240);
    expect(dataset.kept).toBe(dataset.traces.length);
  }
});
