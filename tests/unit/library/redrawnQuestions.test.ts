import { beforeAll, describe, expect, it } from 'vitest';
import type { Turn } from '../../../src/records/records';
import { questionsOf } from '../../../src/library/redrawnQuestions';
import type { JobStore } from '../../../src/store/jobStore';
import type { StoredRun } from '../../../src/store/schema';
import { planQuestions } from '../../../src/tasks/planQuestions';
import { makeTinyConfig } from '../../support/makeConfig';
import { makeTurn } from '../../support/makeTurn';
import { createMemoryStore } from '../../support/memoryStore';

const config = makeTinyConfig();
const drawn = planQuestions(config, null);
const run: StoredRun = {
  id: '0000000a',
  name: 'lost-questions',
  note: '',
  config,
  createdAt: 0,
  status: 'interrupted',
  phase: 'debate',
  pinned: false,
  error: null,
  device: null,
  seconds: {},
};

let store: JobStore;
const say = (turns: readonly Partial<Turn>[]): Promise<void> =>
  store.putTurns(
    turns.map((change) => {
      const turn = makeTurn({ runId: run.id, ...change });
      const { questionId, protocol, round, agent } = turn;
      return { turn, timing: { questionId, protocol, round, agent, startedAt: 0, seconds: 1 } };
    }),
  );

beforeAll(() => {
  expect(drawn.length).toBeGreaterThan(2);
});

describe('questions that storage lost', () => {
  it('are drawn again from the settings where all that was said is about them', async () => {
    store = createMemoryStore();
    await store.putRun(run);
    await say(drawn.slice(0, 2).map(({ id: questionId, split }) => ({ questionId, split })));
    expect(await questionsOf(store, run)).toEqual(drawn);
    expect(await store.getQuestions(run.id)).toEqual(drawn);
  });

  it('are not where they came from a file, from another run, or nothing was said', async () => {
    store = createMemoryStore();
    await store.putRun(run);
    await expect(questionsOf(store, run)).rejects.toThrow('holds no questions');
    await say([{ questionId: 'of-a-file', split: 'train' }]);
    await expect(questionsOf(store, run)).rejects.toThrow('holds no questions');
    store = createMemoryStore();
    await say(drawn.slice(0, 2).map(({ id: questionId, split }) => ({ questionId, split })));
    await expect(questionsOf(store, { ...run, from: '0000000b' })).rejects.toThrow('holds no questions');
  });
});
