import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { AgentRequest } from '../../src/agents/agent';
import { webllmRef } from '../../src/agents/webllm/spec';
import { parseSpecOf } from '../../src/specs/spec';
import type { WebllmLink } from '../../src/agents/webllm/protocol';
import { connectModels } from '../../src/modelsWorker/modelsClient';
import { openWebllmWorker } from '../../src/job/links/webllmLink';
import { emptyLibrary } from './emptyLibrary';

/** WebLLM asks the Cache API before the network: what is put there is found, everything else of this host is not. */
const host = 'https://models.invalid/tiny/';
const scopes = ['webllm/config', 'webllm/wasm', 'webllm/model'] as const;

async function keep(scope: (typeof scopes)[number], name: string, content: BodyInit): Promise<void> {
  await (await caches.open(scope)).put(host + name, new Response(content));
}

const shard = { dataPath: 'params_shard_0.bin', format: 'raw-shard', nbytes: 4, records: [] };
const config = {
  tokenizer_files: ['tokenizer.json'],
  context_window_size: 512,
  sliding_window_size: -1,
  conv_template: {},
};
const custom = (library: string): string =>
  `webllm:tiny?model=${encodeURIComponent(host)}&lib=${encodeURIComponent(library)}`;
const request: AgentRequest = {
  messages: [{ role: 'user', content: 'Hello' }],
  sampling: { temperature: 0.7, topP: 0.9, seed: 1, maxTokens: 4 },
};

describe('the real WebLLM in a real worker', () => {
  let link: WebllmLink;
  const load = (spec: string): Promise<unknown> =>
    link.load(webllmRef(parseSpecOf('webllm', spec), location.href), {});

  // One worker for all: a failure leaves it fit for the next model.
  beforeAll(() => {
    link = openWebllmWorker();
  });
  afterAll(() => link.terminate());
  afterEach(async () => {
    for (const scope of scopes) await caches.delete(scope);
  });

  it('says that nothing is loaded when it is asked too early', async () => {
    await expect(link.generate({ ...request, logprobs: false }, {})).rejects.toMatchObject({
      name: 'AgentError',
      details: expect.objectContaining({ name: 'ModelNotLoadedError', notLoaded: true }) as object,
    });
  });

  it('says that it does not know an id, with ids that are near', async () => {
    await expect(load('webllm:Qwen2.5-0.5B-nonsense')).rejects.toMatchObject({
      name: 'ConfigError',
      code: 'config',
      hint: expect.stringMatching(/^Near it: Qwen/) as string,
    });
  });

  it('refuses a model of half precision on an adapter without shader-f16, before it fetches anything', async () => {
    const adapter = await navigator.gpu.requestAdapter();
    if (adapter?.features.has('shader-f16')) return;
    await expect(load('webllm:Llama-3.2-1B-Instruct-q4f16_1-MLC')).rejects.toMatchObject({
      name: 'GpuUnavailableError',
      hint: 'Use Llama-3.2-1B-Instruct-q4f32_1-MLC instead.',
    });
    expect(await caches.keys()).toEqual([]);
  });

  it('reports weights that cannot be fetched as a DownloadError', async () => {
    await expect(load(custom(`${host}lib.wasm`))).rejects.toMatchObject({
      name: 'DownloadError',
      code: 'download',
    });
  });

  it('reports a library that is not there as a DownloadError', async () => {
    await keep('webllm/config', 'mlc-chat-config.json', JSON.stringify(config));
    await keep('webllm/wasm', 'lib.wasm', 'not found');
    await expect(load(custom(`${host}lib.wasm`))).rejects.toMatchObject({
      name: 'DownloadError',
      message: expect.stringContaining('The library of tiny is not there') as string,
    });
  });

  it('reports a library of another version as a ModelError that says so', async () => {
    await keep('webllm/config', 'mlc-chat-config.json', JSON.stringify(config));
    await keep('webllm/wasm', 'lib.wasm', emptyLibrary({ missing: true }));
    await expect(load(custom(`${host}lib.wasm`))).rejects.toMatchObject({
      name: 'ModelError',
      message: expect.stringContaining('needs another WebLLM version') as string,
    });
  });

  it('reports a shard that cannot be fetched as a DownloadError, after the library has loaded', async () => {
    await keep('webllm/config', 'mlc-chat-config.json', JSON.stringify(config));
    await keep('webllm/wasm', 'lib.wasm', emptyLibrary());
    await keep(
      'webllm/model',
      'tokenizer.json',
      await (await fetch('/models/student/tokenizer.json')).text(),
    );
    await keep('webllm/model', 'tensor-cache.json', JSON.stringify({ metadata: {}, records: [shard] }));
    await expect(load(custom(`${host}lib.wasm`))).rejects.toMatchObject({
      name: 'DownloadError',
      details: expect.objectContaining({ name: 'TypeError' }) as object,
      message: expect.stringContaining('could not be fetched') as string,
    });
  });

  it('reads files that were picked from the app’s storage, and asks no network for one that is not there', async () => {
    const worker = new Worker(new URL('../../workers/models.worker.ts', import.meta.url), { type: 'module' });
    const models = connectModels(worker);
    const tokenizer = await (await fetch('/models/student/tokenizer.json')).blob();
    const files: Record<string, BlobPart> = {
      'mlc-chat-config.json': JSON.stringify(config),
      // The name of before 0.2.80: the library of today asks for tensor-cache.json.
      'ndarray-cache.json': JSON.stringify({ metadata: {}, records: [shard] }),
      'params_shard_0.bin': new Uint8Array(4),
      'Tiny-webgpu.wasm': emptyLibrary(),
    };
    const pick = async (more: Record<string, BlobPart>): Promise<string> => {
      const picked = Object.entries({ ...files, ...more });
      const { spec } = await models.importFiles(
        'picked-in-test',
        picked.map(([path, content]) => ({ path, blob: new Blob([content]) })),
      );
      return spec;
    };
    try {
      const progress: string[] = [];
      const spec = await pick({ 'tokenizer.json': tokenizer });
      expect(spec).toBe('webllm:local:picked-in-test');
      const whole = link.load(webllmRef(parseSpecOf('webllm', spec), location.href), {
        onProgress: ({ phase, loaded }) => progress.push(`${phase} ${loaded}`),
      });
      // The empty library does nothing with weights: loading ends where it would be asked, with every file read.
      await expect(whole).rejects.toMatchObject({ name: 'AgentError', details: { name: 'TypeError' } });
      expect(progress.at(-1)).toMatch(/^compile [1-9]/);
      await models.remove(spec);
      await pick({});
      await expect(load(spec)).rejects.toMatchObject({
        name: 'DownloadError',
        message: expect.stringContaining('tokenizer.json') as string,
      });
    } finally {
      await models.remove('webllm:local:picked-in-test');
      worker.terminate();
    }
  });

  it('can be stopped while it loads', async () => {
    const stop = new AbortController();
    const loading = link.load(webllmRef(parseSpecOf('webllm', custom(`${host}lib.wasm`)), location.href), {
      signal: stop.signal,
    });
    stop.abort();
    await expect(loading).rejects.toMatchObject({ code: 'interrupted' });
  });
});
