/** A debate of agents that think: what is stored, who reads what, what is voted on, and what a student learns. */
import { describe, expect, it } from 'vitest';
import { debate } from '../../../src/debate/debate';
import { turnMessages } from '../../../src/debate/prompts';
import { runTurns } from '../../../src/debate/scheduler';
import { majority } from '../../../src/debate/vote';
import { strategyDatasets } from '../../../src/distil/datasets';
import type { DistillInput } from '../../../src/distil/source';
import type { Turn } from '../../../src/records/records';
import { traceRules } from '../../support/traceRules';
import { makeQuestions, prompt, Recorder, rightAnswer, ScriptedAgent } from './scriptedAgent';

const questions = makeQuestions(1);

/** Three agents; each thinks of a wrong answer and gives the right one, but for the last, whose thoughts never end. */
async function debated(readThoughts = false): Promise<readonly Turn[]> {
  const thoughtful = (name: string) =>
    new ScriptedAgent(
      (request) => `<think>\n${name} first has #### 77\n</think>\n\nI add one. #### ${rightAnswer(request)}`,
      { model: name },
    );
  const endless = new ScriptedAgent(() => '<think>\nso #### 78, or', { model: 'endless' });
  return runTurns({
    runId: 'run',
    seed: 7,
    protocol: debate({
      agents: 3,
      rounds: 1,
      consensusStop: false,
      readThoughts,
      visibility: 'all',
      randomPeers: 1,
      seed: 7,
      prompt,
    }),
    questions,
    agents: [thoughtful('one'), thoughtful('two'), endless],
    sampling: { temperature: 0.7, topP: 1, maxTokens: 32 },
    record: new Recorder().record,
  });
}

const textOf = ({ messages }: Turn): string => messages.map(({ content }) => content).join('\n');
const at = (turns: readonly Turn[], round: number, agent: number): Turn =>
  turns.find((turn) => turn.round === round && turn.agent === agent)!;

describe('turns', () => {
  it('hold thoughts apart from the reply, which alone is read for the answer', async () => {
    const turns = await debated();
    expect(at(turns, 0, 0)).toMatchObject({
      reply: 'I add one. #### 1',
      thoughts: 'one first has #### 77',
      answer: '1',
      correct: true,
      strictCorrect: true,
    });
    // By characters, as the agent counts tokens of all that it says together.
    const { thoughts = '', reply, usage } = at(turns, 0, 0);
    expect(usage.thoughts).toBe(Math.round((5 * thoughts.length) / (thoughts.length + reply.length)));
    expect(at(turns, 0, 2)).toMatchObject({
      reply: '',
      thoughts: 'so #### 78, or',
      answer: null,
      correct: false,
    });
  });

  it('are voted on by their answers', async () => {
    const last = (await debated()).filter(({ round }) => round === 1);
    expect(majority(last, ({ answer }) => answer, { rule: 'draw', seed: 7 })).toMatchObject({
      answer: '1',
      count: 2,
    });
  });
});

describe('peers', () => {
  it('read answers without thoughts, and nothing of one that came to none', async () => {
    const turn = at(await debated(), 1, 0);
    expect(textOf(turn)).toContain("One agent's solution (1):\nI add one. #### 1");
    expect(textOf(turn)).not.toContain('77');
    expect(textOf(turn)).not.toContain('think>');
    expect(turn.read).toEqual([1]);
  });

  it('read thoughts too where they are to, their own never', async () => {
    const turn = at(await debated(true), 1, 0);
    expect(textOf(turn)).toContain("One agent's solution (1):\ntwo first has #### 77\n\nI add one. #### 1");
    expect(textOf(turn)).not.toContain('one first has');
    expect(textOf(turn)).not.toContain('78');
  });
});

describe('a student', () => {
  const learn = (turns: readonly Turn[], change: Partial<DistillInput> = {}) =>
    strategyDatasets('rsft', {
      questions,
      turns,
      protocol: 'debate',
      prompt: (question) => turnMessages({ style: 'natural', question, own: [], peers: [] }),
      seed: 1,
      ...traceRules,
      ...change,
    })[0]!;

  it('learns answers without thoughts', async () => {
    expect(learn(await debated()).traces.map(({ target }) => target)).toEqual(['I add one. #### 1']);
  });

  it('learns them with the thoughts where it is to', async () => {
    const [trace] = learn(await debated(), { thoughts: true }).traces;
    expect(trace?.target).toMatch(/^<think>\n(one|two) first has #### 77\n<\/think>\n\nI add one\. #### 1$/);
  });

  it('learns the same of turns that an older version stored with thoughts in the reply', async () => {
    const old = (await debated()).map(({ thoughts, reply, ...turn }) =>
      thoughts === undefined ? { ...turn, reply } : { ...turn, reply: `<think>${thoughts}</think>${reply}` },
    );
    expect(learn(old)).toEqual(learn(await debated()));
  });

  it('learns no thoughts that mention who it does not see', async () => {
    const turns = (await debated()).map((turn) => ({ ...turn, thoughts: 'The other agents say 1.' }));
    expect(learn(turns, { peerMentions: 'drop' }).kept).toBe(1);
    for (const peerMentions of ['drop', 'remove'] as const) {
      const { kept, dropped } = learn(turns, { thoughts: true, peerMentions });
      expect(kept).toBe(0);
      expect(dropped['peer-quoting-trace']).toBe(4);
    }
  });
});
