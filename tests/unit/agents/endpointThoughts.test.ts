/** A server that answers in each of the shapes in which servers send what a model thinks. */
import { afterEach, describe, expect, it } from 'vitest';
import type { Sampling } from '../../../src/records/records';
import { closeServer, failing, messages, sampling, serving, stream, type Script } from './endpointServer';

afterEach(closeServer);

const data = (document: unknown): string => `data: ${JSON.stringify(document)}\n\n`;
const delta = (fields: object): string => data({ choices: [{ index: 0, delta: fields }] });
const said = (text: string): string => delta({ content: text });
const stop = data({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] });
const cut = data({ choices: [{ index: 0, delta: {}, finish_reason: 'length' }] });
const done = 'data: [DONE]\n\n';
const usage = (more: object = {}): string =>
  data({ choices: [], usage: { prompt_tokens: 5, completion_tokens: 20, ...more } });
const whole = (message: object, more: object = {}): string =>
  JSON.stringify({
    choices: [{ message: { role: 'assistant', ...message }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 5, completion_tokens: 20, ...more },
  });
const events =
  (...parts: string[]): Script =>
  (response) => {
    stream(response, ...parts, done);
    response.end();
  };
const document =
  (body: string): Script =>
  (response) =>
    response.writeHead(200, { 'Content-Type': 'application/json' }).end(body);

async function asked(script: Script, change: Partial<Sampling> = {}) {
  const { agent, seen } = await serving(script, { retries: 0 });
  const told: string[] = [];
  const completion = await agent.generate(
    { messages, sampling: { ...sampling, maxTokens: 100, ...change } },
    { onText: (text) => told.push(text) },
  );
  return { ...completion, told: told.join(''), seen };
}

const thought = 'two and two';
const answer = '#### 4';

describe('thoughts stand apart from the answer', () => {
  it.each<[string, Script]>([
    [
      'in a field reasoning_content',
      events(
        delta({ reasoning_content: 'two and ' }),
        delta({ reasoning_content: 'two', content: null }),
        said('\n\n####'),
        said(' 4'),
        stop,
        usage(),
      ),
    ],
    [
      'in a field reasoning',
      events(
        delta({ reasoning: 'two and ' }),
        delta({ reasoning: 'two' }),
        said('####'),
        said(' 4'),
        stop,
        usage(),
      ),
    ],
    [
      'in both fields at once',
      events(delta({ reasoning: thought, reasoning_content: thought }), said(answer), stop, usage()),
    ],
    [
      'between tags',
      events(
        said('<thi'),
        said('nk>\ntwo and'),
        said(' two\n</th'),
        said('ink>\n'),
        said('\n#### 4'),
        stop,
        usage(),
      ),
    ],
    ['before a lone end tag', events(said('two and'), said(' two\n</think>\n\n#### 4'), stop, usage())],
    [
      'in parts of their own',
      events(
        said(''),
        delta({ content: [{ type: 'thinking', thinking: [{ type: 'text', text: thought }] }] }),
        delta({ content: [{ type: 'text', text: answer }] }),
        stop,
        usage(),
      ),
    ],
    [
      'in a whole message with reasoning_content',
      document(whole({ content: answer, reasoning_content: thought })),
    ],
    ['in a whole message with reasoning', document(whole({ content: `\n\n${answer}`, reasoning: thought }))],
    [
      'between tags in a whole message',
      document(whole({ content: `<think>\n${thought}\n</think>\n\n${answer}` })),
    ],
    [
      'before a lone end tag in a whole message',
      document(whole({ content: `${thought}\n</think>\n\n${answer}` })),
    ],
  ])('%s', async (_, script) => {
    const { text, thoughts, finishReason, usage: tokens } = await asked(script);
    expect({ text, thoughts, finishReason }).toEqual({
      text: answer,
      thoughts: thought,
      finishReason: 'stop',
    });
    // By characters: the server does not count them.
    const share = thought.length / (thought.length + answer.length);
    expect(tokens).toEqual({ prompt: 5, completion: 20, thoughts: Math.round(20 * share) });
  });

  it('and their tokens are the server’s where it counts them', async () => {
    const counted = { completion_tokens_details: { reasoning_tokens: 17 } };
    expect(
      (await asked(document(whole({ content: answer, reasoning: thought }, counted)))).usage,
    ).toMatchObject({ completion: 20, thoughts: 17 });
    const uncounted = { completion_tokens_details: { reasoning_tokens: 0 } };
    expect(
      (await asked(document(whole({ content: answer, reasoning: thought }, uncounted)))).usage.thoughts,
    ).toBeGreaterThan(10);
  });

  it('while they come only the answer is told', async () => {
    const { told } = await asked(
      events(said('<think>two'), said('</think>\n\n'), said('#### '), said('4'), stop),
    );
    expect(told).toBe(answer);
    expect((await asked(events(delta({ reasoning: 'two' }), said('4'), stop))).told).toBe('4');
  });

  it('a reply without thoughts is as it was, blanks and all', async () => {
    const completion = await asked(events(said(' #### '), said('4\n'), stop, usage()));
    expect(completion).toMatchObject({
      text: ' #### 4\n',
      told: ' #### 4\n',
      usage: { prompt: 5, completion: 20 },
    });
    expect(completion).not.toHaveProperty('thoughts');
    expect(completion.usage).not.toHaveProperty('thoughts');
  });

  it('empty thoughts are none', async () => {
    const completion = await asked(events(said('<think>\n\n</think>\n\n#### 4'), stop));
    expect(completion).toMatchObject({ text: answer, told: answer });
    expect(completion).not.toHaveProperty('thoughts');
  });

  it('thoughts that were cut leave no answer', async () => {
    const change = { thinking: 'on' } as const;
    expect(await asked(events(said('<think>is it 4, or'), cut), change)).toMatchObject({
      text: '',
      thoughts: 'is it 4, or',
      finishReason: 'length',
    });
    expect(await asked(events(delta({ reasoning: 'is it 4, or' }), cut), change)).toMatchObject({
      text: '',
      thoughts: 'is it 4, or',
      finishReason: 'length',
    });
  });
});

describe('a server is asked', () => {
  const body = async (change: Partial<Sampling>) =>
    (await asked(events(said('4'), stop), change)).seen[0]!.body;

  it('not to think where nothing is said, in every way that servers know', async () => {
    const off = await body({});
    expect(off).toMatchObject({
      chat_template_kwargs: { enable_thinking: false },
      reasoning_effort: 'none',
      max_tokens: 100,
    });
  });

  it('to think, with room for it', async () => {
    const on = await body({ thinking: 'on', thinkingBudget: 50 });
    expect(on).toMatchObject({ chat_template_kwargs: { enable_thinking: true }, max_tokens: 150 });
    expect(on).not.toHaveProperty('reasoning_effort');
  });

  it('nothing where the model is to do as it does', async () => {
    const auto = await body({ thinking: 'auto', thinkingBudget: 50 });
    expect(auto['max_tokens']).toBe(150);
    expect(auto).not.toHaveProperty('chat_template_kwargs');
    expect(auto).not.toHaveProperty('reasoning_effort');
  });

  it.each([
    ['chat_template_kwargs', 'Unknown parameter: chat_template_kwargs', ['reasoning_effort']],
    [
      'reasoning_effort',
      '"none" is not one of low, medium, high: reasoning_effort',
      ['chat_template_kwargs'],
    ],
    ['neither', 'Extra inputs are not permitted', []],
  ])('without what it refuses: %s', async (_, refusal, kept) => {
    const script: Script = (response, seen, call) =>
      call === 1
        ? failing(400, refusal)(response, seen, call)
        : events(said('4'), stop)(response, seen, call);
    const { seen, text } = await asked(script);
    expect(text).toBe('4');
    const sent = Object.keys(seen[1]!.body);
    expect(sent.filter((name) => ['chat_template_kwargs', 'reasoning_effort'].includes(name))).toEqual(kept);
    expect(sent).toContain('seed');
  });

  it('once more, and from then on with room for thoughts, where it thinks all the same', async () => {
    const script: Script = (response, seen, call) =>
      (Number(seen.body['max_tokens']) > 100
        ? events(said('<think>two'), said('</think>4'), stop)
        : events(said('<think>two'), cut))(response, seen, call);
    const { agent, seen } = await serving(script, { retries: 0 });
    const request = { messages, sampling: { ...sampling, maxTokens: 100, thinkingBudget: 60 } };
    expect(await agent.generate(request, {})).toMatchObject({ text: '4', thoughts: 'two' });
    expect(await agent.generate(request, {})).toMatchObject({ text: '4', thoughts: 'two' });
    expect(seen.map(({ body: sent }) => sent['max_tokens'])).toEqual([100, 160, 160]);
  });
});

it('once only an end tag told of thoughts, a later reply that is cut before its own is thoughts too', async () => {
  const script: Script = (response, seen, call) =>
    (call === 1 ? events(said('two</think>4'), stop) : events(said('two and'), cut))(response, seen, call);
  const { agent } = await serving(script, { retries: 0 });
  const request = { messages, sampling: { ...sampling, maxTokens: 100 } };
  expect(await agent.generate(request, {})).toMatchObject({ text: '4', thoughts: 'two' });
  expect(await agent.generate(request, {})).toMatchObject({ text: '', thoughts: 'two and' });
});

it('a model that has thought is cut at the tokens of its answer', async () => {
  const words = Array.from({ length: 9 }, (_, i) => said(`${i}`));
  const { text, finishReason } = await asked(events(delta({ reasoning: 'two' }), ...words, stop), {
    thinking: 'on',
    maxTokens: 5,
  });
  expect({ text, finishReason }).toEqual({ text: '01234', finishReason: 'length' });
});
