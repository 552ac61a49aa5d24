import { describe, expect, it } from 'vitest';
import { recordedAgent } from '../../../src/agents/recorded';
import { AgentError } from '../../../src/core/errors';
import type { Sampling, Turn } from '../../../src/records/records';
import { makeTurn } from '../../support/makeTurn';

const sampling: Sampling = { temperature: 0.5, topP: 0.9, seed: 4294967295, maxTokens: 7 };
const messages = [{ role: 'user' as const, content: '2 + 2?' }];

describe('a recorded agent', () => {
  const turn = (reply: string, seed: number): Turn =>
    makeTurn({ model: 'm', messages, reply, answer: null, correct: false, sampling: { ...sampling, seed } });

  it('answers the same prompt and seed with the same turn, whatever was asked before', async () => {
    const agent = recordedAgent('recorded:f', [turn('a', 1), turn('b', 2)]);
    const ask = async (seed: number) =>
      (await agent.generate({ messages, sampling: { ...sampling, seed } }, {})).text;
    expect([await ask(2), await ask(1), await ask(2)]).toEqual(['b', 'a', 'b']);
  });

  it('goes around its turns for seeds it does not know', async () => {
    const agent = recordedAgent('recorded:f', [turn('a', 1), turn('b', 2)]);
    const ask = async () => (await agent.generate({ messages, sampling: { ...sampling, seed: 9 } }, {})).text;
    expect([await ask(), await ask(), await ask()]).toEqual(['a', 'b', 'a']);
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
    expect((await ask({ questionId: 'q', round: 1, agent: 5 })).text).toBe('y');
    await expect(ask({ questionId: 'q', round: 2, agent: 0 })).rejects.toBeInstanceOf(AgentError);
  });
});
