import { describe, expect, it } from 'vitest';
import type { Question, Turn } from '../../../src/records/records';
import { turnMessages } from '../../../src/debate/prompts';
import {
  checkedLabels,
  labelledTrace,
  ownProtocol,
  rewardDataset,
  spokenTraces,
} from '../../../src/distil/rewardTraces';
import { strategyDatasets } from '../../../src/distil/datasets';
import type { DistillInput } from '../../../src/distil/source';
import { makeTurn } from '../../support/makeTurn';
import { traceRules } from '../../support/traceRules';

const question: Question = {
  id: 'q',
  split: 'train',
  text: 'Ann has 4 pens. She finds 5 more. She doubles them. How many?',
  gold: '18',
  answerType: 'number',
  solution: '4 + 5 = 9. 9 * 2 = 18. #### 18',
};

function turn(agent: number, reply: string, change: Partial<Turn> = {}): Turn {
  return makeTurn({ agent, model: 'm', reply, answer: '18', correct: reply.endsWith('18'), ...change });
}

function input(turns: readonly Turn[]): DistillInput {
  return {
    questions: [question],
    turns,
    protocol: 'debate',
    prompt: (asked) => turnMessages({ style: 'compact', question: asked, own: [], peers: [] }),
    seed: 0,
    ...traceRules,
    exclude: new Set(),
  };
}

describe('traces of the reward model', () => {
  it('are every generated turn, right or wrong; failed ones are counted', () => {
    const dataset = rewardDataset(
      input([
        turn(0, '4 + 5 = 9. 9 * 2 = 18. #### 18'),
        turn(1, '4 + 5 = 8. 8 * 2 = 16. #### 16', { correct: false }),
        turn(2, '', { finishReason: 'error' }),
      ]),
    );
    expect(dataset.traces.map(({ source }) => source[0]?.agent)).toEqual([0, 1]);
    expect(dataset.kept).toBe(2);
    expect(dataset.dropped).toEqual({ 'failed-trace': 1 });
  });

  it('leave out those of held-out agents, and count them', () => {
    const turns = [0, 1, 2].map((agent) => turn(agent, '4 + 5 = 9. 9 * 2 = 18. #### 18'));
    const { traces, dropped } = rewardDataset({ ...input(turns), heldOutAgents: new Set([0, 2]) });
    expect(traces.map(({ source }) => source[0]?.agent)).toEqual([1]);
    expect(dropped).toEqual({ 'held-out-agent': 2 });
  });

  it('carry a label a step: each step in itself, a slip early on condemning only itself', () => {
    const [trace] = spokenTraces(input([turn(1, '4 + 5 = 8. 8 * 2 = 16. #### 16')]));
    // 4 + 5 is not 8; 8 * 2 is 16 and goes on from its own last result; 16 repeats it.
    expect(checkedLabels(trace!, { splitter: 'sentence' })).toEqual([0, 1, 1]);
    const rules = { splitter: 'sentence', afterFirstError: 'bad' } as const;
    expect(checkedLabels(trace!, rules)).toEqual([0, 0, 0]);
  });

  it('name the agent that wrote them, and the student by its own name', () => {
    const [peer] = spokenTraces(input([turn(1, '#### 18')]));
    expect(labelledTrace(input([]), peer!, [1]).agent).toBe('m#1');
    const own = turn(0, '#### 18', { protocol: ownProtocol });
    const [mine] = spokenTraces({ questions: [question], turns: [own], protocol: ownProtocol });
    expect(labelledTrace(input([]), mine!, [1]).agent).toBe('student');
  });

  it('stand in the stacks where PAD stands', () => {
    const turns = [turn(0, '4 + 5 = 9. 9 * 2 = 18. #### 18'), turn(1, '5 + 4 = 9. 9 * 2 = 18. #### 18')];
    const names = (strategy: 'pad' | 'rsft+pad' | 'da+pad' | 'pad+da') =>
      strategyDatasets(strategy, input(turns)).map((dataset) => dataset.strategy);
    expect(names('pad')).toEqual(['pad']);
    expect(names('rsft+pad')).toEqual(['rsft', 'pad']);
    expect(names('da+pad')).toEqual(['da', 'pad']);
    expect(names('pad+da')).toEqual(['pad', 'da']);
  });
});
