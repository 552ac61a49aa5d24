import { expect, it } from 'vitest';
import { isolated } from '../../../src/offline/isolation';

it('adds the three headers to an answer and keeps its status, its headers and its bytes', async () => {
  const headers = { 'content-type': 'text/html', 'content-range': 'bytes 0-2/9' };
  const answer = isolated(new Response('abc', { status: 206, statusText: 'Partial', headers }));
  expect([answer.status, answer.statusText, await answer.text()]).toEqual([206, 'Partial', 'abc']);
  expect(Object.fromEntries(answer.headers)).toEqual({
    ...headers,
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-embedder-policy': 'require-corp',
    'cross-origin-resource-policy': 'cross-origin',
  });
});

it('leaves an answer without a body that it may not have, and one that is none', () => {
  expect(isolated(new Response(null, { status: 404 })).status).toBe(404);
  const failed = Response.error();
  expect(isolated(failed)).toBe(failed);
});

it('leaves a redirect and an answer of another origin as they are', () => {
  for (const type of ['opaqueredirect', 'opaque', 'cors'] as const) {
    const foreign = Object.defineProperty(new Response('x'), 'type', { value: type });
    expect(isolated(foreign)).toBe(foreign);
  }
});
