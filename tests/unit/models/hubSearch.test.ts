/** Search of a scripted hub, and the GGUF file that is proposed for the memory at hand. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { searchHub } from '../../../src/models/hubSearch';
import { memoryOfFiles } from '../../../src/models/memoryPlan';
import { proposedGguf } from '../../../src/models/proposedGguf';
import { describeRemote } from '../../../src/models/remote';
import { onHub } from '../../../src/specs/engine';

const token = 'hf_scripted';
let asked: { url: URL; told: string | null }[] = [];

function answer(document: unknown, status = 200): void {
  asked = [];
  vi.stubGlobal('fetch', async (url: URL, init?: RequestInit) => {
    asked.push({ url: new URL(url), told: new Headers(init?.headers).get('authorization') });
    return new Response(JSON.stringify(document), { status });
  });
}
afterEach(() => vi.unstubAllGlobals());

describe('a search of the hub', () => {
  it('gives repositories with size, licence and whether they are gated', async () => {
    answer([
      { id: 'a/gated', gated: 'manual', tags: ['license:gemma'], safetensors: { total: 270e6 } },
      { id: 'b/files', tags: ['gguf', 'license:mit'], gguf: { total: 1e9 }, downloads: 3 },
      { id: 'c/bare' },
    ]);
    expect(await searchHub('a b&c=d', { hub: { endpoint: 'https://huggingface.co', token } })).toEqual([
      { repo: 'a/gated', parameters: 270e6, licence: 'gemma', gated: true, gguf: false },
      { repo: 'b/files', parameters: 1e9, licence: 'mit', gated: false, gguf: true },
      { repo: 'c/bare', parameters: null, licence: null, gated: false, gguf: false },
    ]);
    const [{ url, told } = { url: new URL('http://none'), told: null }] = asked;
    expect(url.origin + url.pathname).toBe('https://huggingface.co/api/models');
    expect(url.searchParams.get('search')).toBe('a b&c=d');
    expect(told).toBe(`Bearer ${token}`);
  });

  it('asks a mirror without the token', async () => {
    answer([]);
    expect(await searchHub('x', { hub: { endpoint: 'https://hub.example.org/hf', token } })).toEqual([]);
    expect(asked.map(({ url, told }) => [url.origin + url.pathname, told])).toEqual([
      ['https://hub.example.org/hf/api/models', null],
    ]);
  });

  it('fails in words on a refusal and on an answer that is no list', async () => {
    answer({}, 503);
    await expect(searchHub('x')).rejects.toMatchObject({ code: 'download' });
    answer({ error: 'none' });
    await expect(searchHub('x')).rejects.toMatchObject({ code: 'file-format' });
    answer([{ id: '../../elsewhere' }]);
    await expect(searchHub('x')).rejects.toMatchObject({ code: 'file-format' });
  });
});

const sizes = { 'm-Q2_K.gguf': 3e8, 'm-Q4_K_M.gguf': 5e8, 'm-Q8_0.gguf': 9e8, 'm-IQ1_S.gguf': 1e8 };
const files = new Map(Object.entries(sizes).map(([path, bytes]) => [path, { bytes }]));

describe('the GGUF file to take', () => {
  it('is the first of the order that leaves a quarter of the memory, else the smallest that is read', () => {
    const needed = (name: keyof typeof sizes): number => memoryOfFiles(sizes[name]) / 0.75;
    expect(proposedGguf(files, null)).toBe('m-Q4_K_M.gguf');
    expect(proposedGguf(files, needed('m-Q4_K_M.gguf') + 1)).toBe('m-Q4_K_M.gguf');
    expect(proposedGguf(files, needed('m-Q4_K_M.gguf') - 1)).toBe('m-Q2_K.gguf');
    expect(proposedGguf(files, 1)).toBe('m-Q2_K.gguf');
    expect(proposedGguf(new Map([['m-IQ1_S.gguf', { bytes: 1 }]]), null)).toBeNull();
  });

  it('in parts is named by its first, and not where parts are missing', () => {
    const part = (at: number): string => `m-Q4_K_M-0000${at}-of-00002.gguf`;
    const half = { bytes: 4e8 };
    expect(proposedGguf(new Map([[part(2), half], [part(1), half]]), 1e12)).toBe(part(1)); // prettier-ignore
    expect(proposedGguf(new Map([[part(1), half]]), null)).toBeNull();
  });

  const listing = (...names: string[]) => ({
    sha: 'c0ffee',
    siblings: names.map((rfilename) => ({ rfilename, size: 5 })),
  });

  it('stands for a repository without safetensors where the memory is given, at the same revision', async () => {
    answer(listing('config.json', 'm-Q2_K.gguf', 'm-Q4_K_M.gguf'));
    const repo = { ...onHub('tiny/files'), revision: 'v1' };
    expect(await describeRemote(repo, { memory: null })).toMatchObject({
      id: 'hf:tiny/files/m-Q4_K_M.gguf@v1',
      commit: 'c0ffee',
      files: [{ path: 'm-Q4_K_M.gguf' }],
    });
    await expect(describeRemote(repo)).rejects.toMatchObject({ code: 'model' });
  });

  it('gives way to safetensors', async () => {
    answer(listing('config.json', 'model.safetensors', 'm-Q4_K_M.gguf'));
    expect(await describeRemote(onHub('tiny/both'), { memory: null })).toMatchObject({
      id: 'hf:tiny/both',
      files: [{ path: 'config.json' }, { path: 'model.safetensors' }],
    });
  });
});
