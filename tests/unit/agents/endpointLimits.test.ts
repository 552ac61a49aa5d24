import type { ServerResponse } from 'node:http';
import { afterEach, expect, it } from 'vitest';
import { AgentError } from '../../../src/core/errors';
import { chunk, closeServer, end, failureOf, messages, sampling, serving, stream } from './endpointServer';

afterEach(closeServer);

/** Writes the same again and again until the other side has gone; tells how often. */
function forever(
  response: ServerResponse,
  part: string,
  every = 0,
): { readonly written: number; readonly closed: boolean } {
  const state = { written: 0, closed: false };
  response.on('close', () => (state.closed = true));
  const more = (): void => {
    if (state.closed) return;
    state.written++;
    if (response.write(part)) setTimeout(more, every);
    else response.once('drain', more);
  };
  more();
  return state;
}

const closedSoon = async (state: { readonly closed: boolean }): Promise<boolean> => {
  for (let i = 0; i < 100 && !state.closed; i++) await new Promise((resolve) => setTimeout(resolve, 20));
  return state.closed;
};

it('a reply without an end is cut at 32 characters for each token that was asked for', async () => {
  let state = { written: 0, closed: false } as ReturnType<typeof forever>;
  const { agent } = await serving((response) => {
    stream(response);
    state = forever(response, chunk('abcdefghij'));
  });
  const completion = await agent.generate({ messages, sampling: { ...sampling, maxTokens: 16 } }, {});
  expect(completion.finishReason).toBe('length');
  expect(completion.text).toHaveLength(32 * 16);
  expect(await closedSoon(state)).toBe(true);
});

it.each([
  ['empty pieces', chunk('')],
  ['comments', ': working\n\n'],
  ['pings', 'event: ping\ndata: {}\n\n'],
])('%s do not keep a silent stream alive', async (_, part) => {
  const { agent } = await serving(
    (response) => {
      stream(response, chunk('a'));
      forever(response, part, 20);
    },
    { stallTimeout: 0.3, retries: 0 },
  );
  const began = performance.now();
  const error = await failureOf(agent.generate({ messages, sampling }, {}));
  expect(error).toBeInstanceOf(AgentError);
  expect(error.message).toMatch(/sent nothing for 0.3 s, after 1 characters/);
  expect(performance.now() - began).toBeLessThan(5000);
});

it('thoughts of a model keep its stream alive, up to the time for a whole reply', async () => {
  const thought = `data: ${JSON.stringify({ choices: [{ delta: { reasoning_content: 'hm' } }] })}\n\n`;
  const { agent, seen } = await serving(
    (response) => {
      stream(response);
      forever(response, thought, 20);
    },
    { stallTimeout: 0.3, firstTokenTimeout: 0.3, turnTimeout: 0.9 },
  );
  const error = await failureOf(agent.generate({ messages, sampling }, {}));
  expect(error.message).toMatch(/did not end its reply within 0.9 s/);
  expect(seen).toHaveLength(1);
});

it('a reply whose stream stays open after the last word is taken', async () => {
  const { agent } = await serving(
    (response) => {
      stream(response, chunk('#### 4', { finish_reason: 'stop' }));
      forever(response, ': working\n\n', 20);
    },
    { stallTimeout: 0.3 },
  );
  expect(await agent.generate({ messages, sampling }, {})).toMatchObject({
    text: '#### 4',
    finishReason: 'stop',
  });
});

it.each([
  ['one document', 'application/json', ' '.repeat(2 ** 16)],
  ['one event', 'text/event-stream', 'a'.repeat(2 ** 16)],
  ['comments', 'text/event-stream', `:${'a'.repeat(2 ** 16)}\n`],
])('a body of hundreds of megabytes is not read to its end: %s', async (_, type, part) => {
  let state = { written: 0, closed: false } as ReturnType<typeof forever>;
  const { agent } = await serving(
    (response) => {
      response.writeHead(200, { 'Content-Type': type });
      response.write(type === 'application/json' ? '{' : part.startsWith(':') ? '' : 'data: ');
      state = forever(response, part);
    },
    { retries: 0 },
  );
  const error = await failureOf(agent.generate({ messages, sampling }, {}));
  expect(error.message).toMatch(/sent more than 8 MB for one reply/);
  expect(await closedSoon(state)).toBe(true);
  expect(state.written * 2 ** 16).toBeLessThan(2 ** 25);
});

it('a refusal without an end is a refusal', async () => {
  const { agent } = await serving(
    (response) => {
      response.writeHead(404);
      forever(response, 'a'.repeat(2 ** 16));
    },
    { retries: 0 },
  );
  expect((await failureOf(agent.generate({ messages, sampling }, {}))).message).toMatch(/answered 404: aaa/);
});

it('characters that are cut between two pieces of a body are whole in the reply', async () => {
  const { agent } = await serving((response) => {
    stream(response);
    const bytes = Buffer.from(chunk('5 € = 五 🍎') + end);
    const send = (at: number): void => {
      if (at >= bytes.length) return void response.end();
      response.write(bytes.subarray(at, at + 1), () => setImmediate(() => send(at + 1)));
    };
    send(0);
  });
  expect((await agent.generate({ messages, sampling }, {})).text).toBe('5 € = 五 🍎');
});
