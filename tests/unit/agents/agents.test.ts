import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { endpointAgent, parseEndpoint } from '../../../src/agents/endpoint';
import { recordedAgent } from '../../../src/agents/recorded';
import { AgentError, ConfigError } from '../../../src/core/errors';
import type { Sampling, Turn } from '../../../src/core/records';

const sampling: Sampling = { temperature: 0.5, topP: 0.9, seed: 4294967295, maxTokens: 7 };
const messages = [{ role: 'user' as const, content: '2 + 2?' }];

describe('an endpoint agent', () => {
  let server: Server | null = null;
  afterEach(() => {
    server?.closeAllConnections();
    server?.close();
  });

  /** A real HTTP server with one scripted answer; gives its address and the bodies it received. */
  async function serving(
    status: number,
    reply: string,
  ): Promise<{ url: string; bodies: unknown[]; keys: unknown[] }> {
    const bodies: unknown[] = [];
    const keys: unknown[] = [];
    server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        bodies.push(body === '' ? null : JSON.parse(body));
        keys.push(request.headers.authorization);
        response.writeHead(status, { 'Content-Type': 'application/json' }).end(reply);
      });
    });
    await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, bodies, keys };
  }

  it('sends messages and sampling and gives the reply with its usage', async () => {
    const { url, bodies, keys } = await serving(
      200,
      JSON.stringify({
        choices: [{ message: { content: '#### 4' }, finish_reason: 'length' }],
        usage: { prompt_tokens: 5, completion_tokens: 3 },
      }),
    );
    const agent = endpointAgent({ url, model: 'm', key: 'secret' });
    const heard: string[] = [];
    const completion = await agent.generate({ messages, sampling }, { onText: (text) => heard.push(text) });
    expect(completion).toEqual({
      text: '#### 4',
      finishReason: 'length',
      usage: { prompt: 5, completion: 3 },
      logprobKind: null,
    });
    expect(heard).toEqual(['#### 4']);
    expect(bodies).toEqual([
      { model: 'm', messages, temperature: 0.5, top_p: 0.9, max_tokens: 7, seed: 2147483647 },
    ]);
    expect(keys).toEqual(['Bearer secret']);
  });

  it.each([
    [500, 'overloaded', /answered 500: overloaded/],
    [401, '', /answered 401/],
    [200, '{"choices": []}', /not a chat completion/],
    [200, 'not json', /not a chat completion/],
  ])('rejects with AgentError when the server answers %i %j', async (status, reply, message) => {
    const { url } = await serving(status, reply);
    const error = await endpointAgent({ url, model: 'm' })
      .generate({ messages, sampling }, {})
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(AgentError);
    expect((error as Error).message).toMatch(message);
  });

  it('rejects with AgentError when nobody listens', async () => {
    const agent = endpointAgent({ url: 'http://127.0.0.1:9/v1', model: 'm' });
    await expect(agent.generate({ messages, sampling }, {})).rejects.toBeInstanceOf(AgentError);
  });

  it('is named by address and model', () => {
    expect(parseEndpoint('endpoint:http://h:1/v1/#a/b:c')).toEqual({ url: 'http://h:1/v1', model: 'a/b:c' });
    expect(() => parseEndpoint('endpoint:h#m')).toThrow(ConfigError);
  });
});

describe('a recorded agent', () => {
  const turn = (reply: string, seed: number): Turn => ({
    runId: 'r',
    questionId: 'q',
    split: 'train',
    protocol: 'debate',
    round: 0,
    agent: 0,
    model: 'm',
    backend: 'engine',
    messages,
    reply,
    answer: null,
    correct: false,
    strictCorrect: false,
    finishReason: 'stop',
    usage: { prompt: 1, completion: 1 },
    sampling: { ...sampling, seed },
    logprobKind: null,
  });

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
});
