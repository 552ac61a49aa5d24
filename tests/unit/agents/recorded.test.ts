import { describe, expect, it } from 'vitest';
import { recordedAgent } from '../../../src/agents/recorded';
import { AgentError } from '../../../src/core/errors';
import type { Sampling, Turn } from '../../../src/records/records';
import { greedyProtocol } from '../../../src/records/trajectories';
import { makeTurn } from '../../support/makeTurn';

const sampling: Sampling = { temperature: 0.5, topP: 0.9, seed: 4294967295, maxTokens: 7 };
const messages = [{ role: 'user' as const, content: '2 + 2?' }];

describe('a recorded agent', () => {
  const turn = (reply: string, seed: number): Turn =>
    makeTurn({ model: 'm', messages, reply, answer: null, correct: false, sampling: { ...sampling, seed } });

  const alone = (agent: number, reply: string, protocol = 'debate'): Turn => ({
    ...turn(reply, agent),
    agent,
    protocol,
  });
  const place = (agent: number, protocol = 'debate', round = 0) => ({
    protocol,
    questionId: 'q',
    round,
    agent,
  });

  it('says each turn at one place, whatever was asked before and by whatever seed', async () => {
    const agent = recordedAgent('recorded:f', [
      alone(0, 'a'),
      alone(1, 'b'),
      alone(2, 'c', 'self-consistency'),
    ]);
    const ask = async (at: ReturnType<typeof place>, seed = 9) =>
      (await agent.generate({ messages, sampling: { ...sampling, seed }, place: at }, {})).text;
    expect([await ask(place(1)), await ask(place(0)), await ask(place(1), 0)]).toEqual(['b', 'a', 'b']);
    // A debate of three takes the recording's further sample as its third agent; so does a vote.
    expect(await ask(place(2))).toBe('c');
    expect(await ask(place(2, 'self-consistency'))).toBe('c');
  });

  it('has no answer to more independent samples than were recorded, and says so before it is asked', async () => {
    const agent = recordedAgent('recorded:f', [alone(0, 'a'), alone(1, 'b')]);
    const further = { messages, sampling, place: place(2, 'self-consistency') };
    expect([agent.holds!(further), agent.holds!({ ...further, place: place(1) })]).toEqual([false, true]);
    await expect(agent.generate(further, {})).rejects.toThrow(/holds no answer/);
    await expect(agent.generate({ ...further, place: place(2) }, {})).rejects.toBeInstanceOf(AgentError);
  });

  it('counts its own among agents of several kinds: the second that speaks through it is the recording’s second', async () => {
    const agent = recordedAgent('recorded:f', [alone(0, 'a'), alone(1, 'b')], (index) =>
      Math.floor(index / 2),
    );
    const ask = async (at: number) =>
      (await agent.generate({ messages, sampling, place: place(at) }, {})).text;
    expect([await ask(1), await ask(3)]).toEqual(['a', 'b']);
  });

  it('keeps greedy answers and samples of the same prompt apart', async () => {
    const agent = recordedAgent('recorded:f', [alone(0, 'sampled'), alone(0, 'greedy', greedyProtocol)]);
    const ask = async (protocol: string) =>
      (await agent.generate({ messages, sampling, place: place(0, protocol) }, {})).text;
    expect([await ask('debate'), await ask(greedyProtocol)]).toEqual(['sampled', 'greedy']);
    expect(agent.holds!({ messages, place: place(1, greedyProtocol) })).toBe(false);
  });

  it('rejects a prompt that the recording does not hold', async () => {
    const agent = recordedAgent('recorded:f', [turn('a', 1)]);
    const other = [{ role: 'user' as const, content: 'else' }];
    await expect(agent.generate({ messages: other, sampling }, {})).rejects.toBeInstanceOf(AgentError);
  });

  it('says at a known question and round what was said there, when the prompt is new', async () => {
    const later = (agent: number, reply: string): Turn => ({
      ...turn(reply, agent),
      round: 1,
      agent,
      model: `m${agent}`,
      promptIds: [1],
      replyIds: [2],
    });
    const agent = recordedAgent('recorded:f', [turn('a', 1), later(0, 'x'), later(1, 'y')]);
    const ask = (at: { questionId: string; round: number; agent: number }) =>
      agent.generate(
        {
          messages: [{ role: 'user', content: 'peers said' }],
          sampling,
          place: { protocol: 'debate', ...at },
        },
        {},
      );
    const completion = await ask({ questionId: 'q', round: 1, agent: 1 });
    expect(completion).toMatchObject({ text: 'y', model: 'm1', replyIds: [2] });
    expect(completion.promptIds).toBeUndefined();
    await expect(ask({ questionId: 'q', round: 1, agent: 5 })).rejects.toBeInstanceOf(AgentError);
    await expect(ask({ questionId: 'q', round: 2, agent: 0 })).rejects.toBeInstanceOf(AgentError);
  });
});
