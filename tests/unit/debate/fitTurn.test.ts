import { describe, expect, test } from 'vitest';
import type { ContextLimit } from '../../../src/agents/agent';
import { debate } from '../../../src/debate/debate';
import { fitTurn } from '../../../src/debate/fitTurn';
import { turnMessages } from '../../../src/debate/prompts';
import type { PlannedTurn } from '../../../src/debate/protocol';
import { makeAnswer } from '../../support/makeTurn';
import { makeQuestions } from '../eval/turns';

const [question] = makeQuestions(1);
const words = (text: string): number => text.split(/\s+/).filter(Boolean).length;

/** Second turn of agent 0 in a debate of two agents whose replies have `length` words each. */
function secondTurn(length: number): PlannedTurn {
  const protocol = debate({
    agents: 2,
    rounds: 1,
    consensusStop: false,
    visibility: 'all',
    randomPeers: 1,
    seed: 0,
    prompt: ({ question: asked, own, peers }) =>
      turnMessages({ style: 'natural', question: asked, own, peers }),
  });
  const words = (agent: number) => Array.from({ length }, (_, i) => `${agent}w${i}`).join(' ');
  const reply = (agent: number) => makeAnswer(question!, '1', { agent, reply: `${words(agent)} #### 1` });
  return protocol.next(question!, [reply(0), reply(1)])[0]!;
}

function limit(tokens: number): { context: ContextLimit; counted: () => number } {
  let calls = 0;
  return {
    context: {
      tokens,
      count: async (texts) => {
        calls++;
        return texts.map(words);
      },
    },
    counted: () => calls,
  };
}

const size = (plan: { messages: readonly { content: string }[] }): number =>
  plan.messages.reduce((sum, { content }) => sum + words(content), 0);

describe('a turn before its agent is asked', () => {
  test('stays as it is without a limit, and where even its bytes fit is not counted', async () => {
    const plan = secondTurn(40);
    expect(await fitTurn(plan, {}, 64)).toEqual({ messages: plan.messages, shortened: 0, read: [1] });
    const { context, counted } = limit(100_000);
    expect((await fitTurn(plan, { context }, 64)).messages).toBe(plan.messages);
    expect(counted()).toBe(0);
  });

  test('stays as it is when its tokens fit', async () => {
    const plan = secondTurn(40);
    const { context, counted } = limit(size(plan) + 64 + 60);
    expect((await fitTurn(plan, { context }, 64)).messages).toBe(plan.messages);
    expect(counted()).toBe(1);
  });

  test('loses the oldest text first, keeps the answer at its end, and is marked', async () => {
    const plan = secondTurn(200);
    const { context } = limit(size(plan) + 64 - 60);
    const { messages, shortened, read } = await fitTurn(plan, { context }, 64);
    expect(shortened).toBe(1);
    expect(read).toEqual([1]);
    const own = messages.find(({ role }) => role === 'assistant')?.content ?? '';
    expect(own.startsWith('... 0w')).toBe(true);
    expect(own.endsWith('0w199 #### 1')).toBe(true);
    expect(messages.at(-1)?.content).toContain('1w0 1w1');
    // 3 messages: 16 tokens for the prompt and 8 for each are kept for the chat template.
    expect(size({ messages }) + 16 + 3 * 8 + 64).toBeLessThanOrEqual(context.tokens);
  });

  test('leaves earlier replies out when the question alone fills the context', async () => {
    const plan = secondTurn(200);
    const { context } = limit(150);
    const { messages, shortened, read } = await fitTurn(plan, { context }, 64);
    expect(shortened).toBe(2);
    expect(read).toEqual([]);
    expect(messages.some(({ content }) => content.includes('0w199'))).toBe(false);
    expect(messages.at(-1)?.content).toContain(question!.text);
  });
});
