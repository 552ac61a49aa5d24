/** What a WebLLM model thinks stands apart from what it answers; the engine is scripted as its code behaves. */
import type { ChatCompletionRequestStreaming } from '@mlc-ai/web-llm';
import { expect, it } from 'vitest';
import { webllmRef } from '../../../../src/agents/webllm/spec';
import type { Sampling } from '../../../../src/records/records';
import { parseSpecOf } from '../../../../src/specs/spec';
import { ScriptedEngine, scriptedHost } from './scriptedEngine';

const sampling: Sampling = { temperature: 0, topP: 1, seed: 3, maxTokens: 4, thinkingBudget: 6 };
const messages = [{ role: 'user' as const, content: '2 + 2?' }];

async function host(reply: (request: ChatCompletionRequestStreaming) => readonly string[], id = 'Tiny') {
  const engine = new ScriptedEngine({ reply });
  const made = scriptedHost(engine);
  const spec = `webllm:${id}?model=https://example.org/w&lib=https://example.org/l.wasm`;
  await made.load(webllmRef(parseSpecOf('webllm', spec), 'http://app.test/'), {});
  const ask = async (change: Partial<Sampling> = {}) => {
    const told: string[] = [];
    const request = { messages, sampling: { ...sampling, ...change }, logprobs: false };
    const completion = await made.generate(request, { onText: (text) => told.push(text) });
    return { ...completion, told: told.join('') };
  };
  return { engine, ask };
}

const thoughtful = ['<think>', 'two', ' and two', '</think>', '\n\n', '####', ' 4'];

it('thoughts are split off and counted, and only the answer is told', async () => {
  const { ask } = await host(() => thoughtful);
  expect(await ask({ thinking: 'on' })).toMatchObject({
    text: '#### 4',
    told: '#### 4',
    thoughts: 'two and two',
    usage: { completion: 7, thoughts: 4 },
    finishReason: 'stop',
  });
});

it('also those whose beginning is in the prompt', async () => {
  const { ask } = await host(() => thoughtful.slice(1));
  const { text, thoughts, usage } = await ask({ thinking: 'auto' });
  expect({ text, thoughts, usage }).toMatchObject({
    text: '#### 4',
    thoughts: 'two and two',
    usage: { thoughts: 3 },
  });
});

it('a reply without thoughts is as it was', async () => {
  const { ask } = await host(() => [' ', '4', '\n']);
  const completion = await ask();
  expect(completion).toMatchObject({ text: ' 4\n', told: ' 4\n' });
  expect(completion).not.toHaveProperty('thoughts');
});

it('a model that thinks unasked is asked again with room for it, and from then on', async () => {
  const { ask, engine } = await host(() => thoughtful);
  expect(await ask()).toMatchObject({ text: '#### 4', thoughts: 'two and two' });
  await ask();
  expect(engine.requests.map(({ max_tokens: most }) => most)).toEqual([4, 10, 10]);
});

it('one that has thought is interrupted at the tokens of its answer', async () => {
  const { ask } = await host(() => ['<think>', '</think>', 'a', 'b', 'c', 'd', 'e', 'f']);
  const { text, finishReason } = await ask({ thinking: 'on' });
  expect({ text, finishReason }).toEqual({ text: 'abcd', finishReason: 'length' });
});

it('Qwen3 is told not to think unless it is asked to, others are left alone', async () => {
  const sent = async (id: string, change: Partial<Sampling> = {}) => {
    const { ask, engine } = await host(() => ['4'], id);
    await ask(change);
    return engine.requests[0]?.extra_body;
  };
  expect(await sent('Qwen3-0.6B-q4f32_1-MLC')).toEqual({ enable_thinking: false });
  expect(await sent('Qwen3-0.6B-q4f32_1-MLC', { thinking: 'on' })).toBeUndefined();
  expect(await sent('Qwen3-4B-Instruct-2507-q4f32_1-MLC')).toBeUndefined();
  expect(await sent('Llama-3.2-1B-Instruct-q4f32_1-MLC')).toBeUndefined();
});
