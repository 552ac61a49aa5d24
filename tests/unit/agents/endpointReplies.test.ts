import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { Completion } from '../../../src/agents/agent';
import { AgentError } from '../../../src/core/errors';
import { closeServer, failureOf, messages, sampling, serving } from './endpointServer';

afterEach(closeServer);

interface Answer {
  readonly body: string | Uint8Array;
  readonly type?: string;
}

/** What becomes of an answer that a server gives once. */
async function completionOf({ body, type = 'text/event-stream' }: Answer): Promise<Completion> {
  const { agent } = await serving((response) => response.writeHead(200, { 'Content-Type': type }).end(body), {
    retries: 0,
  });
  try {
    return await agent.generate({ messages, sampling }, {});
  } finally {
    closeServer();
  }
}

const data = (document: unknown): string => `data: ${JSON.stringify(document)}\n\n`;
const delta = (content: string, more: object = {}): string =>
  data({ choices: [{ index: 0, delta: { content } }], ...more });
const stop = data({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] });
const done = 'data: [DONE]\n\n';
const whole = JSON.stringify({
  choices: [{ message: { role: 'assistant', content: '5' }, finish_reason: 'stop' }],
});

/** What servers and proxies put between the parts of a reply. */
const strays: readonly string[] = [
  data({ usage: { prompt_tokens: 3, completion_tokens: 1 } }),
  data({ choices: null }),
  data({ choices: [] }),
  data({ choices: [null] }),
  data({ choices: [{ delta: null }] }),
  data({ choices: [{ delta: { content: null, tool_calls: null } }] }),
  data({ choices: [{ delta: {}, logprobs: null, finish_reason: null }] }),
  data({ choices: [], error: null, usage: null }),
  data({ choices: [], error: {} }),
  data({ usage: { prompt_tokens: null, completion_tokens: null } }),
  data(null),
  data({}),
  data([]),
  'data:\n\n',
  'data: \n\n',
  ': comment\n\n',
  ':\n',
  'event: ping\ndata: {}\n\n',
  'event: ping\n\n',
  'data: {"type": "ping"}\n\n',
  'data: ping\n\n',
  'id: 7\nretry: 3000\n\n',
  '\n\n\n',
];

describe('a whole, good reply', () => {
  const cases = resolve('tests/cases/endpoint-stray-chunks');
  it.each(readdirSync(cases).filter((name) => name.endsWith('.txt')))('survives %s', async (name) => {
    expect((await completionOf({ body: readFileSync(join(cases, name)) })).text).toBe('5');
  });

  it('survives every stray part at every place, several at once, and any line end', async () => {
    // A small generator with a fixed seed, so that a failure repeats.
    let state = 12;
    const next = (below: number): number => (state = (state * 48271) % 2147483647) % below;
    const parts = [delta('The answer '), delta('is 5'), stop, done];
    const bodies = strays.flatMap((stray) =>
      parts.map((_, at) => [...parts.slice(0, at), stray, ...parts.slice(at)].join('')),
    );
    for (let i = 0; i < 60; i++) {
      const mixed = parts.flatMap((part) => [
        ...Array.from({ length: next(4) }, () => strays[next(strays.length)]),
        part,
      ]);
      bodies.push(mixed.join('').replaceAll('\n', ['\n', '\r\n', '\r'][next(3)]!));
    }
    for (const body of bodies)
      expect(await completionOf({ body }), JSON.stringify(body)).toMatchObject({ text: 'The answer is 5' });
  });

  it.each<[string, Answer]>([
    ['events sent as text/plain', { body: delta('5') + stop + done, type: 'text/plain' }],
    ['events sent as application/json', { body: delta('5') + stop + done, type: 'application/json' }],
    ['events of no type', { body: delta('5') + stop + done, type: '' }],
    ['a document sent as text/event-stream', { body: whole }],
    ['a document over several lines', { body: JSON.stringify(JSON.parse(whole), null, 2) }],
    ['a document after blank lines', { body: `\n\n  ${whole}\n`, type: 'application/json' }],
    ['a document after comments', { body: `: working\n\n: working\n\n${whole}` }],
    [
      'a document a line',
      {
        body: `{"choices":[{"delta":{"content":"5"}}]}\n{"choices":[{"delta":{},"finish_reason":"stop"}]}\n`,
        type: 'application/x-ndjson',
      },
    ],
    ['a byte order mark before events', { body: `\uFEFF${delta('5')}${stop}${done}` }],
    ['a byte order mark before a document', { body: `\uFEFF${whole}`, type: 'application/json' }],
    ['an end with a blank behind it', { body: `${delta('5')}data: [DONE] \n\n` }],
    ['an end without a blank before it', { body: `${delta('5')}data:[DONE]` }],
    ['no end but a reason to stop', { body: delta('5') + stop }],
    ['no blank line at the end', { body: (delta('5') + stop).trimEnd() }],
    [
      'text in parts',
      { body: data({ choices: [{ delta: { content: [{ type: 'text', text: '5' }] } }] }) + stop },
    ],
    [
      'the whole message once more at the end',
      {
        body:
          delta('5') + data({ choices: [{ delta: {}, message: { content: '5' }, finish_reason: 'stop' }] }),
      },
    ],
    ['what the connection does after the last word', { body: `${delta('5')}${stop}data: {"usage"` }],
  ])('survives %s', async (_, answer) => {
    expect(await completionOf(answer)).toMatchObject({ text: '5', finishReason: 'stop' });
  });

  it('has counts that are whole numbers from 0, and no others', async () => {
    const counted = async (usage: string): Promise<Completion['usage']> =>
      (
        await completionOf({
          body: `${delta('a')}${delta('b')}${stop}data: {"choices": [], "usage": ${usage}}\n\n${done}`,
        })
      ).usage;
    expect(await counted('{"prompt_tokens": 7, "completion_tokens": 3}')).toEqual({
      prompt: 7,
      completion: 3,
    });
    for (const wrong of ['-1', '-1e308', '1e999', '1.5', '9007199254740993', '"7"', 'null', '[]', 'true'])
      expect(await counted(`{"prompt_tokens": ${wrong}, "completion_tokens": ${wrong}}`), wrong).toEqual({
        prompt: 0,
        completion: 2,
      });
    expect(await counted('{"prompt_tokens": 7}')).toEqual({ prompt: 7, completion: 2 });
    expect(await counted('"none"')).toEqual({ prompt: 0, completion: 2 });
  });

  it('has a log-probability for each of its tokens, or none at all', async () => {
    const withLogprobs = (...values: string[]): string =>
      values
        .map(
          (value) =>
            `data: {"choices": [{"delta": {"content": "5"}, "logprobs": {"content": [{"logprob": ${value}}]}}]}\n\n`,
        )
        .join('');
    expect((await completionOf({ body: withLogprobs('-1', '-2') + stop })).logprobs).toEqual([-1, -2]);
    for (const wrong of ['null', '-1e999', '"-1"']) {
      const completion = await completionOf({ body: withLogprobs('-1', wrong) + stop });
      expect(completion, wrong).toMatchObject({ text: '55', logprobKind: null });
      expect(completion.logprobs).toBeUndefined();
    }
  });
});

describe('what is no whole reply', () => {
  it.each<[string, string, RegExp]>([
    ['an error beside nothing', data({ error: { message: 'out of memory' } }), /: out of memory$/],
    ['an error as text', data({ error: 'out of memory' }), /: out of memory$/],
    ['an error without words', data({ error: { code: 500, message: null } }), /"code":500/],
    ['an event named error', 'event: error\ndata: {"message": "overloaded"}\n\n', /: overloaded$/],
    [
      'an error in a list',
      `[${JSON.stringify({ error: { message: 'no such model' } })}]`,
      /: no such model$/,
    ],
    ['an error as an object', data({ object: 'error', message: 'no such model' }), /: no such model$/],
    [
      'a reason that is a failure',
      `${delta('4')}${data({ choices: [{ delta: {}, finish_reason: 'error' }] })}`,
      /gave up after 1 characters/,
    ],
    [
      'half a part',
      `${delta('4')}data: {"choices": [{"delta": {"content": "2\n\n${stop}`,
      /damaged part after 1 characters/,
    ],
    ['an end without a beginning', done, /broke off after 0 characters/],
    ['nothing', '', /broke off after 0 characters/],
    ['counts alone', data({ usage: { prompt_tokens: 1 } }) + done, /not a chat completion/],
    ['a page', '<!doctype html><html></html>', /not a chat completion: <!doctype/],
    ['text that is no text', data({ choices: [{ delta: { content: 5 } }] }), /not a chat completion/],
  ])('is told by its message: %s', async (_, body, message) => {
    const error = await failureOf(completionOf({ body }));
    expect(error).toBeInstanceOf(AgentError);
    expect(error.message).toMatch(message);
  });
});
