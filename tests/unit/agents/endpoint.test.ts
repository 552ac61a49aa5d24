import { afterEach, describe, expect, it } from 'vitest';
import { endpointAgent } from '../../../src/agents/endpoint/endpoint';
import { parseSpec } from '../../../src/specs/spec';
import { retryAfter } from '../../../src/agents/endpoint/limiter';
import { EventParser } from '../../../src/agents/endpoint/sse';
import { AgentError, ConfigError, TokenError } from '../../../src/core/errors';
import {
  answer,
  chunk,
  closeServer,
  end,
  failing,
  failureOf,
  messages,
  sampling,
  serving,
  stream,
  usage,
  type Script,
} from './endpointServer';

afterEach(closeServer);

describe('an endpoint agent', () => {
  it('sends messages, sampling and key, and streams the reply with usage and log-probabilities', async () => {
    const { agent, seen } = await serving(
      (response) => {
        const logprobs = (...values: number[]) => ({
          logprobs: { content: values.map((logprob) => ({ token: 't', logprob })) },
        });
        stream(response, chunk('#### ', logprobs(-0.5)), chunk('4', logprobs(-0.25, -1)));
        response.end(`${chunk('', { finish_reason: 'length' })}${usage}data: [DONE]\n\n`);
      },
      { key: () => 'secret' },
    );
    const heard: string[] = [];
    const completion = await agent.generate({ messages, sampling }, { onText: (text) => heard.push(text) });
    expect(completion).toEqual({
      text: '#### 4',
      finishReason: 'length',
      usage: { prompt: 5, completion: 3 },
      logprobs: [-0.5, -0.25, -1],
      logprobKind: 'tempered',
    });
    expect(heard).toEqual(['#### ', '4']);
    expect(seen.map(({ body }) => body)).toEqual([
      {
        model: 'm',
        messages,
        stream: true,
        temperature: 0.5,
        top_p: 0.9,
        max_tokens: 7,
        seed: 2147483647,
        logprobs: true,
        stream_options: { include_usage: true },
        chat_template_kwargs: { enable_thinking: false, thinking: false },
        reasoning_effort: 'none',
      },
    ]);
    expect(seen[0]?.key).toBe('Bearer secret');
  });

  it('takes log-probabilities as raw where sampling changes nothing', async () => {
    const { agent } = await serving((response) => {
      stream(response, chunk('4', { logprobs: { content: [{ logprob: -1 }] } }), end);
      response.end();
    });
    const plain = { ...sampling, temperature: 1, topP: 1 };
    expect((await agent.generate({ messages, sampling: plain }, {})).logprobKind).toBe('raw');
  });

  it('understands servers that do not stream and count nothing', async () => {
    const { agent } = await serving((response) =>
      response
        .writeHead(200, { 'Content-Type': 'application/json' })
        .end(JSON.stringify({ choices: [{ message: { content: 'four' }, finish_reason: 'stop' }] })),
    );
    const completion = await agent.generate({ messages, sampling }, {});
    expect(completion).toMatchObject({
      text: 'four',
      usage: { prompt: 0, completion: 1 },
      logprobKind: null,
    });
  });

  it('leaves out what the server refuses, and remembers it', async () => {
    const { agent, seen } = await serving((response, { body }, call) => {
      const refused = ['logprobs', 'stream_options'].filter((name) => name in body);
      if (refused.length > 0) failing(422, `Unexpected fields: ${refused.join()}`)(response, seen[0]!, call);
      else answer(response, seen[0]!, call);
    });
    for (let i = 0; i < 2; i++)
      expect((await agent.generate({ messages, sampling }, {})).text).toBe('#### 4');
    expect(seen).toHaveLength(3);
    expect(seen[2]?.body).not.toHaveProperty('logprobs');
  });

  it('gives the token limit the name that newer servers ask for', async () => {
    const hint = "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.";
    const { agent, seen } = await serving((response, one, call) =>
      ('max_tokens' in one.body ? failing(400, hint) : answer)(response, one, call),
    );
    await agent.generate({ messages, sampling }, {});
    expect(seen[1]?.body).toMatchObject({ max_completion_tokens: 7 });
  });

  it('waits as long as a rate limit asks, with every request', async () => {
    const { agent, seen } = await serving((response, one, call) =>
      (call === 1 ? failing(429, 'slow down', { 'Retry-After': '0.4' }) : answer)(response, one, call),
    );
    const first = agent.generate({ messages, sampling }, {});
    while (seen.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await new Promise((resolve) => setTimeout(resolve, 50));
    const second = agent.generate({ messages, sampling }, {});
    expect((await Promise.all([first, second])).map(({ text }) => text)).toEqual(['#### 4', '#### 4']);
    const [refused, ...others] = seen.map(({ at }) => at);
    expect(Math.min(...others) - refused!).toBeGreaterThan(0.35);
  });

  it('spaces its requests to the rate it was given', async () => {
    const { agent, seen } = await serving(answer, { requestsPerMinute: 600 });
    await Promise.all([1, 2, 3].map(() => agent.generate({ messages, sampling }, {})));
    const times = seen.map(({ at }) => at).sort((a, b) => a - b);
    expect(times[2]! - times[0]!).toBeGreaterThan(0.18);
  });

  it('asks again after a failure, a death in mid-stream, a stall and an error in the stream', async () => {
    const { agent, seen } = await serving(
      (response, one, call) => {
        if (call === 1) failing(503, 'busy')(response, one, call);
        else if (call === 2) {
          stream(response, chunk('dies'));
          setTimeout(() => response.destroy(), 20);
        } else if (call === 3) stream(response, chunk('stalls'));
        else if (call === 4) {
          stream(response, chunk('half'), 'data: {"error": "out of memory"}\n\n');
          response.end();
        } else answer(response, one, call);
      },
      { stallTimeout: 0.2 },
    );
    const heard: string[] = [];
    const completion = await agent.generate({ messages, sampling }, { onText: (text) => heard.push(text) });
    expect(completion).toMatchObject({ text: '#### 4', finishReason: 'stop' });
    expect(seen).toHaveLength(5);
    // What was shown is never shown twice: only the part that goes beyond it.
    expect(heard.join('')).toHaveLength('#### 4'.length);
  });

  it('distinguishes a stream that breaks off from a whole one', async () => {
    const { agent, seen } = await serving(
      (response) => {
        stream(response, chunk('half a'));
        response.end();
      },
      { retries: 1 },
    );
    const error = await failureOf(agent.generate({ messages, sampling }, {}));
    expect(error).toBeInstanceOf(AgentError);
    expect(error.message).toMatch(/broke off after 6 characters/);
    expect(seen).toHaveLength(2);
  });

  it.each<[string, Script, RegExp]>([
    ['stays overloaded', failing(500, 'overloaded'), /answered 500: overloaded/],
    ['stalls before the first token', () => undefined, /sent nothing for 0.2 s, after 0 characters/],
  ])('gives up a server that %s', async (_, script, message) => {
    const { agent, seen } = await serving(script, { retries: 2, firstTokenTimeout: 0.2 });
    const error = await failureOf(agent.generate({ messages, sampling }, {}));
    expect(error).toBeInstanceOf(AgentError);
    expect(error.message).toMatch(message);
    expect(seen).toHaveLength(3);
  });

  it.each<[string, Script, RegExp]>([
    ['refuses the key', failing(401, 'bad key secret'), /answered 401: bad key \(key\)/],
    ['does not know the model', failing(404, 'no model m'), /answered 404/],
    ['is no such server', failing(200, 'hello'), /not a chat completion/],
    ['answers without a choice', failing(200, '{"choices": []}'), /not a chat completion/],
  ])('does not ask again when the server %s', async (_, script, message) => {
    const { agent, seen } = await serving(script, { key: () => 'secret' });
    const error = await failureOf(agent.generate({ messages, sampling }, {}));
    expect(error).toBeInstanceOf(AgentError);
    expect(error.message).toMatch(message);
    expect(error.message).not.toContain('secret');
    expect(seen).toHaveLength(1);
  });

  it('says of a prompt that is too long that it is the prompt', async () => {
    const { agent } = await serving(failing(400, "This model's maximum context length is 512 tokens"));
    expect(await failureOf(agent.generate({ messages, sampling }, {}))).toBeInstanceOf(TokenError);
  });

  it('stops at once and keeps the text so far', async () => {
    const { agent } = await serving((response) => stream(response, chunk('so '), chunk('far')));
    const stop = new AbortController();
    const completion = await agent.generate(
      { messages, sampling },
      { signal: stop.signal, onText: (text) => text === 'far' && stop.abort() },
    );
    expect(completion).toMatchObject({ text: 'so far', finishReason: 'aborted' });
  });

  it('rejects with AgentError when the port is closed', async () => {
    const agent = endpointAgent({ url: 'http://127.0.0.1:9/v1', model: 'm', retries: 0 });
    await expect(agent.load({})).rejects.toBeInstanceOf(AgentError);
    await expect(agent.generate({ messages, sampling }, {})).rejects.toBeInstanceOf(AgentError);
  });

  it('is named by address and model, and refuses an address with a key in it', () => {
    expect(parseSpec('endpoint:http://h:1/v1/#a/b:c')).toMatchObject({
      url: 'http://h:1/v1',
      model: 'a/b:c',
    });
    for (const spec of ['endpoint:h#m', 'endpoint:http://k@h/v1#m', 'endpoint:http://h/v1?key=k#m'])
      expect(() => parseSpec(spec)).toThrow(ConfigError);
  });
});

describe('server-sent events', () => {
  function read(...parts: string[]): string[] {
    const parser = new EventParser();
    const events = [...parts.flatMap((part) => parser.push(part)), ...parser.end()];
    return events.map(({ name, data }) => (name === 'message' ? data : `${name}: ${data}`));
  }

  it('are read whatever the line ends and wherever they are cut', () => {
    expect(
      read('data: a\n\ndata:b\r\n', '\r', '\ndata: c\rdata: d\r\r: note\nevent: x\nda', 'ta: e'),
    ).toEqual(['a', 'b', 'c\nd', 'x: e']);
  });

  it('and Retry-After as seconds or as a date', () => {
    const at = Date.parse('Wed, 21 Oct 2026 07:28:00 GMT');
    expect(retryAfter('2', at)).toBe(2);
    expect(retryAfter('Wed, 21 Oct 2026 07:28:05 GMT', at)).toBe(5);
    expect([retryAfter(null), retryAfter('soon')]).toEqual([null, null]);
  });
});
