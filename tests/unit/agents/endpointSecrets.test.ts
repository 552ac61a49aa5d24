import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { EndpointOptions } from '../../../src/agents/endpoint/endpoint';
import { withoutKeys } from '../../../src/agents/endpoint/secret';
import { asArkletError, AgentError } from '../../../src/core/errors';
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
  type Script,
} from './endpointServer';

let other: Server | null = null;
afterEach(() => {
  closeServer();
  other?.close();
  other = null;
});

const key = 'sk-Proj/9+aZ_q7&"x~K3mW8vT5nB1';
const bytes = Buffer.from(key);
const quoted = JSON.stringify(key).slice(1, -1);

/** Ways in which a server may repeat a key. */
const forms: readonly string[] = [
  key,
  `Bearer ${key}`,
  key.toUpperCase(),
  quoted,
  quoted.replaceAll('/', '\\/'),
  JSON.stringify(quoted),
  encodeURIComponent(key),
  encodeURIComponent(encodeURIComponent(key)),
  [...bytes].map((byte) => `%${byte.toString(16)}`).join(''),
  [...key].map((one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`).join(''),
  [...key].map((one) => `&#${one.charCodeAt(0)};`).join(''),
  key.replaceAll('&', '&amp;').replaceAll('"', '&quot;'),
  bytes.toString('hex'),
  bytes.toString('hex').toUpperCase(),
  bytes.toString('base64'),
  bytes.toString('base64url'),
  Buffer.from(`Bearer ${key}`).toString('base64'),
  Buffer.from(`u:${key}`).toString('base64'),
  Buffer.from(`{"key":"${key}"}`).toString('base64'),
  encodeURIComponent(bytes.toString('base64')),
  `${key.slice(0, 20)}...`,
  `...${key.slice(-14)}`,
];

/** What can be read of the key: 12 characters of it in a row, however they are written. */
function shows(text: string): boolean {
  const lower = text.toLowerCase();
  const parts = (whole: string): boolean =>
    Array.from({ length: Math.max(1, whole.length - 11) }, (_, i) => whole.slice(i, i + 12)).some((part) =>
      lower.includes(part.toLowerCase()),
    );
  return [key, encodeURIComponent(key), bytes.toString('hex'), bytes.toString('base64')].some(parts);
}

async function failureWith(script: Script, options: Partial<EndpointOptions> = {}): Promise<string> {
  const { agent } = await serving(script, { key: () => key, retries: 0, ...options });
  const error = asArkletError(await failureOf(agent.generate({ messages, sampling }, {})));
  expect(error).toBeInstanceOf(AgentError);
  closeServer();
  return JSON.stringify([error.toData(), error.stack, String(error.cause)]);
}

describe('the key of an endpoint', () => {
  it.each(forms)('is taken out of text where it is written as %s', (form) => {
    expect(withoutKeys(`refused: ${form} is wrong`, [key])).toMatch(/^refused: .*\(key\).* is wrong$/);
    expect(shows(withoutKeys(`a${form}b`, [key]))).toBe(false);
  });

  it('is looked for in a time that grows with the text, whatever that repeats', () => {
    for (const run of ['x', '\\', '%25', '&amp;', 'amp;', '\\u0', '+/', '%5c', key.slice(0, 3), 'c2st']) {
      const length = Math.floor(2e5 / run.length);
      const began = performance.now();
      expect(withoutKeys(run.repeat(length), [key])).toHaveLength(length * run.length);
      expect(performance.now() - began, run).toBeLessThan(5000);
    }
  });

  it('leaves all other text as it is', () => {
    const text = 'The key of this endpoint is 12 + 30 = 42 = 0x2a; c2sta2V5 %2F &amp; \\u0041';
    expect(withoutKeys(text, [key])).toBe(text);
    expect(withoutKeys(text, [''])).toBe(text);
  });

  it.each([
    'status',
    'error with 200',
    'error as text',
    'no completion',
    'stray document',
    'half a document',
    'redirect',
  ])('does not reach the message of a failure by: %s', async (kind) => {
    for (const form of forms) {
      const json = JSON.stringify({ error: { message: `wrong: ${form}` } });
      const script: Script = {
        status: failing(401, `wrong: ${form}`),
        'error with 200': failing(200, json),
        'error as text': failing(200, JSON.stringify({ error: form })),
        'no completion': failing(200, form),
        'stray document': failing(200, `data: ${JSON.stringify({ hello: form })}\n\ndata: [DONE]\n\n`),
        'half a document': failing(200, `data: {"choices": ["${form}\n\n`),
        redirect: failing(307, '', {
          Location: `http://h/${encodeURIComponent(form)}?key=${encodeURIComponent(key)}`,
        }),
      }[kind]!;
      expect(shows(await failureWith(script)), form).toBe(false);
    }
  });

  it('is refused with a message when no header can carry it', async () => {
    const message = await failureWith(answer, { key: () => `${key}é` });
    expect(message).toMatch(/holds characters that no key has/);
    expect(shows(message)).toBe(false);
  });

  it('is neither stored nor shown with a reply that repeats it', async () => {
    for (const form of [key, bytes.toString('base64')]) {
      const { agent } = await serving(
        (response) => {
          // In pieces of three characters, as tokens come.
          stream(
            response,
            chunk('You sent '),
            ...(form.match(/.{1,3}/g) ?? []).map((part) => chunk(part)),
            chunk(' #### 4'),
            end,
          );
          response.end();
        },
        { key: () => key },
      );
      const heard: string[] = [];
      const { text } = await agent.generate({ messages, sampling }, { onText: (piece) => heard.push(piece) });
      expect(text).toBe('You sent (key) #### 4');
      expect(heard.join('')).toBe(text);
      closeServer();
    }
  });

  it('is no key that could be a word of a reply', async () => {
    const { agent } = await serving(
      (response) => {
        stream(response, chunk('none of them'), end);
        response.end();
      },
      { key: () => 'none' },
    );
    expect((await agent.generate({ messages, sampling }, {})).text).toBe('none of them');
  });
});

describe('a redirect', () => {
  it.each([301, 302, 303, 307, 308])('with %i is not followed, and named', async (status) => {
    const heard: string[] = [];
    other = createServer((request, response) => {
      heard.push(request.url ?? '');
      response.end(JSON.stringify({ choices: [{ message: { content: '4' } }] }));
    });
    await new Promise<void>((resolve) => other?.listen(0, '127.0.0.1', resolve));
    const to = `http://127.0.0.1:${(other.address() as AddressInfo).port}/v2/chat/completions`;
    const { agent, seen } = await serving(failing(status, '', { Location: `${to}?token=1` }), {
      key: () => key,
    });
    for (const work of [() => agent.generate({ messages, sampling }, {}), () => agent.load({})]) {
      const error = asArkletError(await failureOf(work()));
      expect(error).toMatchObject({ code: 'agent', details: { permanent: true } });
      expect(error.message).toMatch(new RegExp(`/v1 redirects to ${to}\\. Redirects are not followed\\.$`));
    }
    expect(seen).toHaveLength(2);
    expect(heard).toEqual([]);
  });
});
