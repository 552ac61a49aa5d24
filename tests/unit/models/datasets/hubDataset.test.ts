/** Datasets of a hub as scripted here, with its store of files on another origin and a mirror: who is told the token. */
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { datasetParts, fetchDataset, partOf } from '../../../../src/models/datasets/hubDataset';
import type { HubAccess } from '../../../../src/specs/addresses';
import { datasetAddresses, parseDataset, writeDataset } from '../../../../src/specs/dataset';
import { readQuestionFile } from '../../../../src/tasks/readQuestionFile';

const hubEndpoint = 'https://huggingface.co';
const token = 'hf_scripted';
const golden = (name: string): Buffer => readFileSync(`tests/golden/parquet/${name}.parquet`);

/** The same table in a file of 5 MB: what stands between the rows and the index at the end is read by nobody. */
function padded(file: Buffer): Buffer {
  const index = file.length - 8 - file.readUInt32LE(file.length - 8);
  return Buffer.concat([file.subarray(0, index), Buffer.alloc(5e6), file.subarray(index)]);
}

const files: Readonly<Record<string, Buffer>> = {
  '/0.parquet': golden('questions-snappy'),
  '/1.parquet': golden('questions-gzip'),
  '/long.parquet': padded(golden('questions-snappy')),
  '/choices.parquet': golden('choices-snappy'),
  '/labelled.parquet': golden('labelled-snappy'),
};
const listings: Readonly<Record<string, Record<string, Record<string, string[]>>>> = {
  'openai/gsm8k': {
    main: { train: ['0.parquet', '1.parquet'], test: ['0.parquet'] },
    socratic: { train: ['0.parquet'] },
  },
  'a/long': { default: { train: ['long.parquet'] } },
  'a/whole': { default: { train: ['long.parquet'] } },
  'a/many': { abc: { test: ['choices.parquet'] }, xyz: { test: ['labelled.parquet'] } },
  'a/cut': { default: { 'partial-train': ['0.parquet'] } },
  'a/gated': { default: { train: ['0.parquet'] } },
};

let asked: { server: string; path: string; method: string; range?: string; told?: string }[] = [];
const servers: Server[] = [];
let store = '';
let hub = '';
let mirror = '';

async function serving(name: string, isHub: boolean): Promise<string> {
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://host').pathname;
    const { range, authorization: told } = request.headers;
    asked.push({
      server: name,
      path,
      method: request.method ?? '',
      ...(range !== undefined && { range }),
      ...(told !== undefined && { told }),
    });
    const repo = /^\/api\/datasets\/([^/]+\/[^/]+)\/parquet$/.exec(path)?.[1];
    const gated = path.includes('a/gated') && told !== `Bearer ${token}`;
    if (isHub && gated) return void response.writeHead(401, { 'X-Error-Code': 'GatedRepo' }).end();
    const list = repo === undefined ? undefined : listings[repo];
    if (list) {
      const whole = Object.entries(list).map(([config, splits]) => [
        config,
        Object.fromEntries(
          Object.entries(splits).map(([split, own]) => [
            split,
            own.map((file) => `${hubEndpoint}/api/datasets/${repo}/parquet/${config}/${split}/${file}`),
          ]),
        ),
      ]);
      return void response.end(JSON.stringify(Object.fromEntries(whole)));
    }
    const file = files[path.slice(path.lastIndexOf('/'))];
    if (repo !== undefined || !file) return void response.writeHead(404).end();
    if (name === 'hub') return void response.writeHead(302, { Location: `${store}${path}` }).end();
    const [, from, to] = /bytes=(\d+)-(\d+)/.exec(range ?? '') ?? [];
    const parts = from !== undefined && !path.includes('a/whole');
    const body = parts ? file.subarray(Number(from), Number(to) + 1) : file;
    response.writeHead(parts ? 206 : 200, { 'Content-Length': body.length });
    response.end(request.method === 'HEAD' ? undefined : body);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

beforeAll(async () => {
  store = await serving('store', false);
  hub = await serving('hub', true);
  mirror = await serving('mirror', false);
});
afterAll(() => servers.forEach((server) => server.close()));
beforeEach(() => {
  asked = [];
  // The hub's own address leads to the scripted one; what `fetch` does with redirects is its own.
  const real = fetch;
  vi.stubGlobal('fetch', (input: string | URL, init?: RequestInit) =>
    real(input.toString().replace(hubEndpoint, hub), init),
  );
});
afterEach(() => vi.unstubAllGlobals());

const own = (given: string | null = null): HubAccess => ({ endpoint: hubEndpoint, token: given });
const linesOf = (bytes: Uint8Array): string[] => new TextDecoder().decode(bytes).split('\n');

describe('a dataset of the hub', () => {
  it('is read whole, all files of its split in order', async () => {
    const rows: number[] = [];
    const found = await fetchDataset('hf:openai/gsm8k/main@train', {
      hub: own(),
      onRows: (count) => rows.push(count),
    });
    expect(found).toMatchObject({ name: 'hf:openai/gsm8k/main@train', rows: 100, more: false });
    expect(rows).toEqual([50, 100]);
    expect(JSON.parse(linesOf(found.bytes)[51]!)).toEqual({
      question: 'Anna has 1 apples and finds 2 more. How many?',
      answer: '1 + 2 = 3\n#### 3',
    });
    const { questions, format } = readQuestionFile(found.bytes, found.name);
    expect(questions[1]).toMatchObject({
      gold: '3',
      answerType: 'number',
      origin: 'hf:openai/gsm8k/main@train:2',
    });
    expect(format).toBe('jsonl');
  });

  it('is read up to a number of rows, and says that it has more', async () => {
    const some = await fetchDataset('hf:openai/gsm8k/main@train', { hub: own(), most: 50 });
    expect(some).toMatchObject({ rows: 50, more: true });
    expect(asked.filter(({ path }) => path.includes('1.parquet'))).toEqual([]);
    expect(await fetchDataset('hf:openai/gsm8k@test', { hub: own(), most: 50 })).toMatchObject({
      rows: 50,
      more: false,
    });
    expect(await fetchDataset('hf:openai/gsm8k@test', { hub: own(), most: 10 })).toMatchObject({
      rows: 10,
      more: true,
    });
  });

  it('of long files is read in parts, and whole from a server that gives none', async () => {
    const { rows } = await fetchDataset('hf:a/long', { hub: own() });
    expect(rows).toBe(50);
    const parts = asked.filter(({ server, range }) => server === 'store' && range !== undefined);
    const bytes = parts.map(({ range = '' }) => {
      const [from = 0, to = 0] = range.slice('bytes='.length).split('-').map(Number);
      return to - from + 1;
    });
    expect(bytes.reduce((sum, one) => sum + one, 0)).toBeLessThan(1e6);
    expect((await fetchDataset('hf:a/whole', { hub: own() })).rows).toBe(50);
  });

  it('has its options and their letter read, as a list or with labels', async () => {
    const mmlu = await fetchDataset('hf:a/many/abc', { hub: own() });
    expect(readQuestionFile(mmlu.bytes, mmlu.name).questions).toMatchObject([
      { gold: 'A', answerType: 'choice', options: ['Paris', 'Lyon', 'Nice', 'Lille'] },
      { gold: 'B' },
      { gold: 'D', text: 'Größe – ‘naïve’ 日本 🙂?' },
    ]);
    const arc = await fetchDataset('hf:a/many/xyz@test', { hub: own() });
    expect(readQuestionFile(arc.bytes, arc.name).questions).toMatchObject([
      { gold: 'A', options: ['wood', 'iron'] },
      { gold: 'B', options: ['cork', 'lead', 'ice'] },
    ]);
  });

  it('of which the hub keeps a part alone says so', async () => {
    expect(await fetchDataset('hf:a/cut@train', { hub: own() })).toMatchObject({
      name: 'hf:a/cut/default@partial-train',
      more: true,
    });
  });

  it('is left at an abort', async () => {
    const stop = new AbortController();
    stop.abort();
    await expect(fetchDataset('hf:openai/gsm8k', { hub: own(), signal: stop.signal })).rejects.toThrow();
    expect(asked).toEqual([]);
  });
});

describe('the token', () => {
  it('goes to the hub for list and files, and not on to the store that the hub redirects to', async () => {
    await fetchDataset('hf:a/gated', { hub: own(token) });
    const told = (server: string): unknown => [
      ...new Set(asked.filter((one) => one.server === server).map((one) => one.told)),
    ];
    expect(told('hub')).toEqual([`Bearer ${token}`]);
    expect(told('store')).toEqual([undefined]);
  });

  it('never goes to a mirror, which gets every request of the hub', async () => {
    await fetchDataset('hf:a/gated', { hub: { endpoint: mirror, token } });
    expect(new Set(asked.map(({ server, told }) => `${server} ${told ?? 'none'}`))).toEqual(
      new Set(['mirror none']),
    );
  });

  it('that is lacking is asked for, by the name of the dataset', async () => {
    await expect(fetchDataset('hf:a/gated', { hub: own() })).rejects.toMatchObject({
      code: 'access',
      message: expect.stringContaining('datasets/a/gated is gated') as string,
      hint: expect.stringContaining('https://huggingface.co/datasets/a/gated') as string,
      details: { reason: 'gated' },
    });
  });
});

describe('what cannot be read', () => {
  it('is an error that says what there is', async () => {
    await expect(fetchDataset('hf:a/none', { hub: own() })).rejects.toMatchObject({ code: 'download' });
    await expect(fetchDataset('hf:a/many', { hub: own() })).rejects.toMatchObject({
      code: 'config',
      hint: 'Add one of abc, xyz, as in hf:a/many/abc.',
    });
    await expect(fetchDataset('hf:a/many/b', { hub: own() })).rejects.toMatchObject({ code: 'config' });
    await expect(fetchDataset('hf:openai/gsm8k/main@dev', { hub: own() })).rejects.toMatchObject({
      code: 'config',
      hint: 'Add one of train, test, as in @train.',
    });
  });

  it('is an error where the list is none', async () => {
    vi.stubGlobal('fetch', async () => new Response('{"error": 1}'));
    await expect(datasetParts('a/b', { hub: own() })).rejects.toMatchObject({ code: 'file-format' });
    vi.stubGlobal('fetch', async () => new Response('', { status: 500 }));
    await expect(datasetParts('a/b', { hub: own() })).rejects.toMatchObject({ code: 'download' });
  });
});

describe('the name of a dataset', () => {
  it('is written as it is read', () => {
    for (const name of ['hf:a/b', 'hf:a/b/main', 'hf:a/b@test', 'hf:a/b/20231101.en@train'])
      expect(writeDataset(parseDataset(name))).toBe(name);
    expect(writeDataset(parseDataset(' a/b@test '))).toBe('hf:a/b@test');
  });

  it('that could lead elsewhere is refused', () => {
    for (const name of ['hf:', 'hf:a', 'hf:../b', 'hf:a/..', 'hf:a/b/c/d', 'hf:a/b@', 'hf:a b/c', 'hf:a/b,c'])
      expect(() => parseDataset(name), name).toThrow('not the name of a dataset');
  });

  it('means the only config and split, or main and train', () => {
    const parts = (...names: [string, string][]) =>
      names.map(([config, split]) => ({ config, split, files: [] }));
    const both = parts(['main', 'train'], ['main', 'test'], ['socratic', 'train']);
    expect(partOf(parseDataset('a/b'), both)).toMatchObject({ config: 'main', split: 'train' });
    expect(partOf(parseDataset('a/b/socratic'), both)).toMatchObject({ config: 'socratic' });
    expect(partOf(parseDataset('a/b'), parts(['x', 'y']))).toMatchObject({ config: 'x', split: 'y' });
    expect(() => partOf(parseDataset('a/b'), [])).toThrow();
  });

  it('names the hub’s hosts where settings name it, or the mirror’s', () => {
    expect(datasetAddresses({ questions: 'gsm.jsonl', evalSets: ['ood', 'a=b.csv'] })).toEqual([]);
    expect(datasetAddresses({ evalSets: ['a=hf:a/b@test'] })[0]).toBe(hubEndpoint);
    expect(datasetAddresses({ trainFile: 'hf:a/b' }, 'https://m.test')[0]).toBe('https://m.test');
  });
});
