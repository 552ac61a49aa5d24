import { expect, it } from 'vitest';
import { DepthError, parseJson, responseJson } from '../../../src/core/json';

it('reads JSON of 64 levels, and refuses deeper ones; brackets in texts do not count', () => {
  expect(parseJson(`${'['.repeat(64)}${']'.repeat(64)}`)).toBeInstanceOf(Array);
  expect(() => parseJson(`${'['.repeat(65)}${']'.repeat(65)}`)).toThrow(/deep/);
  const text = `\\"${'['.repeat(100)}`;
  expect(parseJson(JSON.stringify({ text }))).toEqual({ text });
});

it('takes a text that is too deep for one that is no JSON, whatever its depth', () => {
  for (const depth of [65, 5000, 1_000_000])
    for (const [open, close] of [
      ['[', ']'],
      ['{"a":', '}'],
    ] as const)
      expect(() => parseJson(`${open.repeat(depth)}1${close.repeat(depth)}`)).toThrow(DepthError);
  expect(() => parseJson('[1')).toThrow(SyntaxError);
});

it('reads the JSON of an answer, and nothing of one that is none, too deep, or longer than it may be', async () => {
  expect(await responseJson(new Response('{"a": "é"}'))).toEqual({ a: 'é' });
  for (const body of ['', '{', '['.repeat(100_000), null])
    expect(await responseJson(new Response(body))).toBeNull();
  let sent = 0;
  const endless = new ReadableStream<Uint8Array>({
    pull(controller) {
      sent++;
      controller.enqueue(new Uint8Array(1000).fill(32));
    },
  });
  expect(await responseJson(new Response(endless), 1e5)).toBeNull();
  expect(sent).toBeLessThan(110);
});

it('says that reading was aborted', async () => {
  const aborted = new ReadableStream({
    pull: () => Promise.reject(new DOMException('stopped', 'AbortError')),
  });
  await expect(responseJson(new Response(aborted))).rejects.toThrow('stopped');
});
