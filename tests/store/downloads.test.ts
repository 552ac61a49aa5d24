/** Downloads of models into the private file system, against a real server on another origin that misbehaves on demand. */
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { cdp } from 'vitest/browser';
import type { ModelsApi } from '../../src/wire/modelsApi';
import type { ModelProgress } from '../../src/models/modelRecords';
import { sha256 } from '../../src/models/hashes';
import { StoredSource } from '../../src/models/storedSource';
import type { LoadRateProgress } from '../../src/job/loadRate';
import { connectModels } from '../../src/modelsWorker/modelsClient';
import type { Script } from './rangeServer';

const server = inject('modelServer');
const spec = 'hf:tiny/model';
const chunk = 100_000;
let root = '';
let worker: Worker;
let models: ModelsApi;

async function script(
  change: Script & { reset?: boolean } = {},
): Promise<{ served: number; requests: string[] }> {
  const response = await fetch(`${server}/script`, { method: 'POST', body: JSON.stringify(change) });
  return (await response.json()) as { served: number; requests: string[] };
}

/** A new worker over the same storage: what a reload of the page is to a download. */
function reload(more: { readonly library?: string; readonly listed?: 'no' } = {}): void {
  worker?.terminate();
  const url = new URL('./models.worker.ts', import.meta.url);
  url.search = new URLSearchParams({ endpoint: server, chunk: String(chunk), root, ...more }).toString();
  worker = new Worker(url, { type: 'module' });
  models = connectModels(worker);
}

/** SHA-256 of the weights as the engine reads them. */
async function storedWeights(name = spec): Promise<string> {
  const source = new StoredSource(name, root);
  return sha256(await source.read('model.safetensors', 0, await source.size('model.safetensors')));
}

async function sourceBytes(): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await (await fetch(`${server}/files/model.safetensors`)).arrayBuffer());
}

async function sourceWeights(): Promise<string> {
  return sha256(await sourceBytes());
}

/** Where the weights lie in the private file system. */
async function weightsHandle(): Promise<FileSystemFileHandle> {
  const find = async (folder: FileSystemDirectoryHandle): Promise<FileSystemFileHandle | null> => {
    for await (const entry of folder.values()) {
      if (entry.kind === 'directory') {
        const found = await find(entry);
        if (found) return found;
      } else if (entry.name.startsWith('model.safetensors')) return entry;
    }
    return null;
  };
  const found = await find(await (await navigator.storage.getDirectory()).getDirectoryHandle(root));
  if (!found) throw new Error('no weights are stored');
  return found;
}

async function flipStoredByte(at: number): Promise<void> {
  const handle = await weightsHandle();
  const byte = new Uint8Array(await (await handle.getFile()).slice(at, at + 1).arrayBuffer());
  const stream = await handle.createWritable({ keepExistingData: true });
  await stream.write({ type: 'write', position: at, data: new Uint8Array([byte[0]! ^ 0xff]) });
  await stream.close();
}

beforeEach(async () => {
  root = `models-${crypto.randomUUID()}`;
  await script({ reset: true });
  reload();
});
afterEach(async () => {
  worker.terminate();
  await (
    await navigator.storage.getDirectory()
  )
    .removeEntry(root, { recursive: true })
    .catch(() => undefined);
});

describe('a model of the hub', () => {
  it('is looked up with bytes and licence before anything is downloaded', async () => {
    expect(await models.look(spec)).toMatchObject({
      spec,
      state: 'absent',
      bytes: 1_000_000 + 22,
      parameters: 500_000,
      licence: 'apache-2.0',
    });
    expect((await script()).served).toBe(0);
  });

  it('is downloaded, verified by hash, read in parts, and needs no network after that', async () => {
    const seen: ModelProgress[] = [];
    const entry = await models.download(spec, { onProgress: (progress) => seen.push(progress) });
    expect(entry).toMatchObject({ state: 'ready', doneBytes: 1_000_022 });
    expect(seen.map(({ phase }) => phase)).toEqual(expect.arrayContaining(['look up', 'download', 'ready']));
    const wanted = await sourceBytes();
    expect(await storedWeights()).toBe(await sha256(wanted));
    expect(await new StoredSource(spec, root).read('model.safetensors', 12, 40)).toEqual(
      wanted.slice(12, 40),
    );
    const before = (await script()).requests.length;
    await models.download(spec);
    expect((await models.verify(spec)).map(({ ok, against }) => [ok, against])).toEqual([
      [true, 'checked'],
      [true, 'checked'],
    ]);
    expect((await script()).requests.length).toBe(before);
  });

  it('that a run begins to download tells its speed and the time left, like one of the picker', async () => {
    await script({ slow: 100 });
    const url = new URL('./prepare.worker.ts', import.meta.url);
    url.search = new URLSearchParams({ endpoint: server, root, spec }).toString();
    const run = new Worker(url, { type: 'module' });
    type Told = LoadRateProgress & { readonly model: string };
    const seen = await new Promise<readonly Told[]>((resolve) => {
      const told: Told[] = [];
      run.onmessage = ({ data }: MessageEvent<Told | null>) =>
        data === null ? resolve(told) : void told.push(data);
    });
    run.terminate();
    const paced = seen.filter(({ bytesPerSecond }) => bytesPerSecond !== null);
    expect(paced.length).toBeGreaterThan(1);
    for (const { model, phase, loaded, total, bytesPerSecond, secondsLeft } of paced) {
      expect([model, phase, total]).toEqual([spec, 'download', 1_000_022]);
      expect(secondsLeft).toBeCloseTo((total - loaded) / bytesPerSecond!, 6);
    }
    expect(seen.at(-1)).toMatchObject({ phase: 'ready', loaded: 1_000_022, total: 1_000_022 });
  });

  it('cut off by a reload continues where it stopped, fetching less than one chunk twice', async () => {
    await script({ slow: 25 });
    const cameBefore = await new Promise<number>((resolve) => {
      void models
        .download(spec, { onProgress: ({ done }) => done > 450_000 && resolve(done) })
        .catch(() => undefined);
    });
    reload();
    await script({ slow: 0 });
    expect((await models.list()).find((one) => one.spec === spec)).toMatchObject({ state: 'partial' });
    await models.download(spec);
    const { requests } = await script();
    const starts = requests
      .filter((line) => line.includes('model.safetensors'))
      .map((line) => Number(/bytes=(\d+)-/.exec(line)?.[1]));
    // Whole chunks are kept; of what had come, less than one chunk comes again.
    expect(starts).toHaveLength(2);
    expect(starts[1]! % chunk).toBe(0);
    expect(cameBefore - starts[1]!).toBeLessThan(chunk);
    expect(await storedWeights()).toBe(await sourceWeights());
  });

  it('over a connection that breaks continues by itself, fetching less than one chunk twice each time', async () => {
    await script({ breakAfter: 330_000, breaks: 2 });
    await models.download(spec);
    const { served, requests } = await script();
    const starts = requests
      .filter((line) => line.includes('model.safetensors'))
      .map((line) => Number(/bytes=(\d+)-/.exec(line)?.[1]));
    expect(starts).toEqual([0, 300_000, 600_000]);
    expect(served - 1_000_000).toBeLessThan(2 * chunk);
    expect(await storedWeights()).toBe(await sourceWeights());
  });

  it('paused keeps what came; cancelled leaves nothing', async () => {
    await script({ slow: 25 });
    const pause = new AbortController();
    const ended = models.download(spec, {
      signal: pause.signal,
      onProgress: ({ done }) => done > 250_000 && pause.abort(),
    });
    await expect(ended).rejects.toMatchObject({ code: 'interrupted' });
    const kept = (await models.list()).find((one) => one.spec === spec);
    expect(kept).toMatchObject({ state: 'partial' });
    expect(kept!.doneBytes).toBeGreaterThan(150_000);
    expect((await models.storage()).models[spec]).toBeGreaterThan(150_000);
    await models.remove(spec);
    expect((await models.list()).find((one) => one.spec === spec)).toBeUndefined();
    expect((await models.storage()).models).toEqual({});
  });

  it('spoilt on the way is noticed by its hash, and the chunk fetched again', async () => {
    await script({ spoil: [345_678], spoils: 1 });
    await models.download(spec);
    expect(await storedWeights()).toBe(await sourceWeights());
  });

  it('that is spoilt every time is refused with both hashes, and removed', async () => {
    await script({ spoil: [345_678], spoils: 1000 });
    await expect(models.download(spec)).rejects.toMatchObject({
      code: 'download',
      message: expect.stringContaining('does not hash to what was announced') as string,
    });
    const left = (await models.list()).find((one) => one.spec === spec);
    expect(left).toMatchObject({ state: 'partial', doneBytes: 22 });
  });

  it('spoilt on disk is found by the offline check, and only that chunk is fetched again', async () => {
    await models.download(spec);
    await flipStoredByte(512_345);
    expect(await models.verify(spec)).toMatchObject([{ ok: true }, { path: 'model.safetensors', ok: false }]);
    expect((await models.list()).find((one) => one.spec === spec)).toMatchObject({ state: 'partial' });
    const { served: before } = await script();
    await models.download(spec);
    expect((await script()).served - before).toBe(chunk);
    expect(await storedWeights()).toBe(await sourceWeights());
    expect((await models.verify(spec)).every(({ ok }) => ok)).toBe(true);
  });

  it('is asked for again by a server that is busy, and not by one that refuses', async () => {
    await script({ status: 503, failures: 1 });
    await models.download(spec);
    expect(await storedWeights()).toBe(await sourceWeights());
    await expect(models.download('hf:gated/model')).rejects.toMatchObject({
      code: 'access',
      message: expect.stringContaining('gated') as string,
    });
  });
});

describe.each([
  {
    kind: 'webllm',
    // A run may write it so, and add settings.
    name: 'webllm:tiny-mlc?context=512',
    stored: 'webllm:Tiny-MLC',
    source: 'webllm',
    weights: 'params_shard_0.bin',
    others: ['library.wasm', 'mlc-chat-config.json', 'ndarray-cache.json', 'tokenizer.json'],
    // Nobody says what it hashes to before it has come once.
    kept: ['library.wasm'],
  },
  {
    kind: 'transformers',
    name: 'transformers:tiny/onnx',
    stored: 'transformers:tiny/onnx@q4',
    source: 'hub',
    weights: 'onnx/model_q4.onnx_data',
    others: ['config.json', 'onnx/model_q4.onnx', 'tokenizer.json'],
    kept: [],
  },
])('a model of $kind', ({ kind, name, stored, source, weights, others, kept }) => {
  it('is looked up, paused, continues after a reload where it stopped, and is verified by hash', async () => {
    const total = (files: readonly { bytes: number }[]): number =>
      files.reduce((sum, { bytes }) => sum + bytes, 0);
    expect(await models.look(name)).toMatchObject({ spec: stored, kind, source, state: 'absent' });
    expect((await models.list()).map((one) => one.spec)).not.toContain(stored);
    await script({ slow: 25 });
    const pause = new AbortController();
    const ended = models.download(name, {
      signal: pause.signal,
      onProgress: ({ done }) => done > 350_000 && pause.abort(),
    });
    await expect(ended).rejects.toMatchObject({ code: 'interrupted' });
    reload();
    await script({ slow: 0 });
    const { served: before } = await script();
    // By the name of the run, and by the one in storage: it is one model.
    for (const one of [name, stored]) expect(await models.look(one)).toMatchObject({ state: 'partial' });
    const entry = await models.download(name);
    expect(entry).toMatchObject({ spec: stored, kind, source, state: 'ready', licence: 'apache-2.0' });
    const again = (await script()).served - before;
    expect(again).toBeGreaterThan(0);
    expect(again).toBeLessThan(1_000_000 - 200_000);
    const checks = await models.verify(stored);
    expect(checks.map(({ path }) => path).sort()).toEqual([...others, weights].sort());
    expect(checks.every(({ ok }) => ok)).toBe(true);
    expect(checks.filter(({ against }) => against === 'kept').map(({ path }) => path)).toEqual(kept);
    expect(entry).toMatchObject({ bytes: total(checks), doneBytes: total(checks) });
    const files = new StoredSource(stored, root);
    const wanted = await sha256(await sourceBytes());
    expect(await sha256(await files.read(weights, 0, await files.size(weights)))).toBe(wanted);
    const { requests } = await script();
    await models.download(name);
    expect((await script()).requests.length).toBe(requests.length);
    expect((await models.list()).filter((one) => one.spec === stored)).toHaveLength(1);
    await models.remove(name);
    expect((await models.storage()).models).toEqual({});
  });
});

describe('a model of another library', () => {
  it('is taken in half precision where it has nothing else, or where that is asked for', async () => {
    const specOf = async (name: string): Promise<string> => (await models.look(name)).spec;
    expect(await specOf('transformers:tiny/half')).toBe('transformers:tiny/half@fp16');
    expect(await specOf('transformers:tiny/onnx@q4f16')).toBe('transformers:tiny/onnx@q4f16');
  });

  it('whose compiled library a newer WebLLM needs replaced keeps its weights', async () => {
    await models.download('webllm:Tiny-MLC');
    reload({ library: 'newer' });
    const { served: before } = await script();
    const row = (await models.list()).find((one) => one.spec === 'webllm:Tiny-MLC');
    expect(row).toMatchObject({ state: 'partial' });
    const wrong = (await models.verify('webllm:Tiny-MLC')).filter(({ ok }) => !ok);
    expect(wrong).toMatchObject([{ path: 'library.wasm', problem: 'a newer WebLLM wants another one' }]);
    expect(await models.download('webllm:Tiny-MLC')).toMatchObject({ state: 'ready' });
    // Answers below 1,000 bytes are not counted: no weights came.
    expect((await script()).served).toBe(before);
    const files = new StoredSource('webllm:Tiny-MLC', root);
    const bytes = await files.read('library.wasm', 0, await files.size('library.wasm'));
    expect(new TextDecoder().decode(bytes)).toBe('another');
    expect((await models.verify('webllm:Tiny-MLC')).every(({ ok }) => ok)).toBe(true);
  });

  it('that WebLLM’s list no longer has can still be used, checked and deleted', async () => {
    await models.download('webllm:Tiny-MLC');
    reload({ listed: 'no' });
    expect(await models.download('webllm:Tiny-MLC')).toMatchObject({ state: 'ready' });
    expect((await models.verify('webllm:Tiny-MLC')).every(({ ok }) => ok)).toBe(true);
    await models.remove('webllm:Tiny-MLC');
    expect((await models.storage()).models).toEqual({});
  });

  it('that is not there is named, with what is', async () => {
    await expect(models.look('transformers:tiny/onnx@q8')).rejects.toMatchObject({
      code: 'model',
      message: 'tiny/onnx has no ONNX weights as q8.',
      hint: expect.stringContaining('onnx/model_q4.onnx') as string,
    });
    await expect(models.look('webllm:Nobody-MLC')).rejects.toMatchObject({
      code: 'config',
      message: expect.stringContaining('Nobody-MLC') as string,
    });
    await expect(models.download('webllm:local:Gone?context=512')).rejects.toMatchObject({
      code: 'storage',
      message: "local:Gone is not in this browser's storage.",
    });
    // Our own engine does not read ONNX: who can is said.
    await expect(models.look('hf:tiny/onnx')).rejects.toMatchObject({
      code: 'model',
      hint: expect.stringContaining('transformers:tiny/onnx') as string,
    });
  });
});

describe('a full disk', () => {
  const limit = async (quotaSize?: number): Promise<void> => {
    const session = cdp() as unknown as { send(method: string, params: object): Promise<unknown> };
    await session.send('Storage.overrideQuotaForOrigin', {
      origin: location.origin,
      ...(quotaSize === undefined ? {} : { quotaSize }),
    });
  };
  afterEach(() => limit());

  it('is foreseen, with the numbers, before a byte comes', async () => {
    // More than any browser grants: Chromium tells sites of at most 10 GiB.
    await script({ claim: 90e12 });
    await expect(models.download(spec)).rejects.toMatchObject({
      code: 'storage',
      message: expect.stringMatching(/needs 90000000 MB more.*lets the app store \d+ MB more/) as string,
    });
    expect((await script()).served).toBe(0);
  });

  it('in the middle is reported with the numbers, and the half-written file removed', async () => {
    await script({ slow: 25 });
    let limited: Promise<void> | null = null;
    const ended = models.download(spec, {
      onProgress: ({ done }) => {
        if (done > 150_000) limited ??= limit(400_000);
      },
    });
    await expect(ended).rejects.toMatchObject({
      code: 'storage',
      message: expect.stringMatching(/filled up.*half-written file was removed/) as string,
    });
    expect((await (await weightsHandle()).getFile()).size).toBe(0);
    await limit();
    await script({ slow: 0 });
    await models.download(spec);
    expect(await storedWeights()).toBe(await sourceWeights());
  });
});

describe('a folder at any address', () => {
  it('is stored under its address and kept to what came, as its server names no hashes', async () => {
    const address = `${server}/files/`;
    expect(await models.download(address)).toMatchObject({ state: 'ready', source: 'address' });
    expect((await models.verify(address)).map(({ ok, against }) => [ok, against])).toEqual([
      [true, 'kept'],
      [true, 'kept'],
    ]);
    await flipStoredByte(7);
    expect((await models.verify(address)).find(({ ok }) => !ok)?.path).toBe('model.safetensors');
  });

  it('whose server knows no ranges is read from the start, passing over what is there', async () => {
    await script({ whole: true, breakAfter: 330_000, breaks: 1 });
    await models.download(spec);
    expect(await storedWeights()).toBe(await sourceWeights());
  });
});

describe('files picked from the disk', () => {
  it('are copied into storage under a name, and runs read them after a reload', async () => {
    const files = [
      { path: 'config.json', blob: new Blob(['{}']) },
      { path: 'model.safetensors', blob: new Blob([new Uint8Array(250_000).fill(7)]) },
      { path: 'notes.txt', blob: new Blob(['x']) },
    ];
    expect(await models.importFiles('My model', files)).toMatchObject({
      spec: 'local:My model',
      bytes: 250_002,
    });
    reload();
    expect(await new StoredSource('local:My model', root).list()).toEqual([
      'config.json',
      'model.safetensors',
    ]);
    expect(await storedWeights('local:My model')).toBe(await sha256(new Uint8Array(250_000).fill(7)));
  });

  it('for WebLLM are stored with their library and the weights that their list names', async () => {
    const list = { records: [{ dataPath: 'params_shard_0.bin' }, { dataPath: 'params_shard_1.bin' }] };
    const file = (path: string, content: BlobPart) => ({ path, blob: new Blob([content]) });
    const folder = [
      file('mlc-chat-config.json', '{}'),
      file('ndarray-cache.json', JSON.stringify(list)),
      file('tokenizer.json', '{}'),
      file('params_shard_0.bin', new Uint8Array(250_000)),
      file('notes.md', 'x'),
    ];
    const library = file('Tiny-webgpu.wasm', new Uint8Array(9));
    const shard = file('params_shard_1.bin', new Uint8Array(8));
    await expect(models.importFiles('Tiny', [...folder, shard])).rejects.toMatchObject({
      code: 'config',
      message: expect.stringContaining('0 compiled libraries') as string,
    });
    await expect(models.importFiles('Tiny', [...folder, library])).rejects.toMatchObject({
      code: 'config',
      message: expect.stringContaining('1 of 2 files of weights are missing: params_shard_1.bin') as string,
    });
    expect(await models.importFiles('Tiny model', [...folder, shard, library])).toMatchObject({
      spec: 'webllm:local:Tiny-model',
      kind: 'webllm',
      source: 'local',
      state: 'ready',
    });
    reload();
    const spec = 'webllm:local:Tiny-model';
    expect((await models.verify(spec)).map(({ path, ok }) => [path, ok])).toEqual(
      expect.arrayContaining([
        ['params_shard_1.bin', true],
        ['library.wasm', true],
      ]),
    );
    expect(await new StoredSource('local:Tiny-model', root).list()).not.toContain('notes.md');
    expect(Object.keys((await models.storage()).models)).toEqual([spec]);
    await models.remove(spec);
    expect((await models.list()).some(({ source }) => source === 'local')).toBe(false);
  });

  it('in an ONNX folder are an agent of Transformers.js', async () => {
    const paths = ['config.json', 'tokenizer.json', 'onnx/model_q4.onnx', 'onnx/model_q4.onnx_data'];
    const files = [...paths, 'README.md'].map((path) => ({ path, blob: new Blob([path]) }));
    expect(await models.importFiles('tiny', files)).toMatchObject({
      spec: 'transformers:local:tiny',
      kind: 'transformers',
    });
    expect([...((await new StoredSource('local:tiny', root).list()) ?? [])].sort()).toEqual(paths.sort());
  });

  it('that are no model are refused, and nothing stays', async () => {
    const files = [{ path: 'notes.txt', blob: new Blob(['x']) }];
    await expect(models.importFiles('x', files)).rejects.toMatchObject({ code: 'config' });
    expect((await models.storage()).models).toEqual({});
  });
});
