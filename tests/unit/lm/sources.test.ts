import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NodeSource } from '../../../scripts/lib/nodeSource';
import { readAll } from '../../../src/core/fileSource';
import { writeNpy } from '../../../src/lm/npy';
import { UrlSource } from '../../../src/lm/sources';
import { someText } from './fixtures';

const data = Uint8Array.from({ length: 1000 }, (_, i) => i % 251);
let server: Server;
let address = '';
let wholeAnswers = 0;

/** /ranges/ honours Range, /whole/ ignores it, /app/ answers unknown paths with a page, /broken/ fails. */
beforeAll(async () => {
  server = createServer((request, response) => {
    const [, place, file] = (request.url ?? '').split('/');
    if (place === 'broken') return response.writeHead(500).end();
    if (file !== 'weights.bin') {
      if (place !== 'app') return response.writeHead(404).end();
      return response.writeHead(200, { 'content-type': 'text/html' }).end('<html></html>');
    }
    const range = /bytes=(\d+)-(\d+)/.exec(request.headers.range ?? '');
    if (place === 'whole' || !range) {
      wholeAnswers++;
      return response.writeHead(200, { 'content-type': 'application/octet-stream' }).end(data);
    }
    const [from, to] = [Number(range[1]), Number(range[2])];
    const headers = { 'content-range': `bytes ${from}-${to}/${data.length}` };
    return response.writeHead(206, headers).end(data.subarray(from, to + 1));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const bound = server.address();
  address = `http://127.0.0.1:${typeof bound === 'object' && bound ? bound.port : 0}`;
});
afterAll(() => server.close());

describe('files behind a URL', () => {
  it.each(['ranges', 'app', 'whole'])('are read in parts from /%s/', async (place) => {
    const source = new UrlSource(`${address}/${place}`);
    expect(await source.has('weights.bin')).toBe(true);
    expect(await source.has('nothing.bin')).toBe(false);
    expect(await source.size('weights.bin')).toBe(1000);
    expect(await source.read('weights.bin', 10, 20)).toEqual(data.slice(10, 20));
    expect(await source.read('weights.bin', 990, 1000)).toEqual(data.slice(990));
    expect(await source.read('weights.bin', 5, 5)).toHaveLength(0);
    await expect(source.size('nothing.bin')).rejects.toMatchObject({ code: 'file-format' });
  });

  it('are fetched once when the server ignores ranges', async () => {
    wholeAnswers = 0;
    const source = new UrlSource(`${address}/whole`);
    for (let i = 0; i < 5; i++) await source.read('weights.bin', i, i + 10);
    expect(wholeAnswers).toBe(1);
  });

  it('that fail are download errors', async () => {
    const download = { code: 'download', hint: someText };
    await expect(new UrlSource(`${address}/broken`).size('weights.bin')).rejects.toMatchObject(download);
    await expect(new UrlSource('http://127.0.0.1:1').has('weights.bin')).rejects.toMatchObject(download);
  });
});

describe('a folder on disk', () => {
  it('is read, and what is not there is reported', async () => {
    const source = await NodeSource.open(import.meta.dirname);
    const text = new TextDecoder().decode(await readAll(source, 'sources.test.ts'));
    expect(text).toContain('a folder on disk');
    await expect(source.size('nothing')).rejects.toMatchObject({ code: 'file-format' });
    await expect(NodeSource.open('/nothing/there')).rejects.toMatchObject({ code: 'file-format' });
  });
});

describe('a .npy file', () => {
  it('has NumPy’s header and the numbers', () => {
    const bytes = writeNpy(new Float32Array([1, 2, 3, 4, 5, 6]), [2, 3]);
    const headerLength = bytes[8]! + 256 * bytes[9]!;
    expect((10 + headerLength) % 64).toBe(0);
    const header = new TextDecoder('latin1').decode(bytes.subarray(10, 10 + headerLength));
    expect(header.trimEnd()).toBe("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }");
    expect(header.endsWith('\n')).toBe(true);
    expect([...new Float32Array(bytes.slice(10 + headerLength).buffer)]).toEqual([1, 2, 3, 4, 5, 6]);
  });
});
