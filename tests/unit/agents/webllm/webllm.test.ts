import { describe, expect, it } from 'vitest';
import { neededFeatures } from '../../../../src/agents/webllm/features';
import { progressOf } from '../../../../src/agents/webllm/host';
import { localHost, webllmRef, weightsAddress } from '../../../../src/agents/webllm/spec';
import { parseSpecOf } from '../../../../src/specs/spec';
import { estimateTokens } from '../../../../src/agents/webllm/tokenCount';
import { translate } from '../../../../src/agents/webllm/translate';
import { ConfigError, DownloadError } from '../../../../src/core/errors';
import { records, ScriptedEngine, scriptedHost } from './scriptedEngine';

const base = 'http://app.test/x/';

describe('the name of a WebLLM model', () => {
  it('is an id of its list', () => {
    expect(webllmRef(parseSpecOf('webllm', 'webllm:Llama-3.2-1B-Instruct-q4f32_1-MLC'), base)).toEqual({
      id: 'Llama-3.2-1B-Instruct-q4f32_1-MLC',
      custom: null,
      contextTokens: null,
      cache: 'cache',
      logprobs: false,
    });
  });

  it('may name weights and library of the user, a context and a cache', () => {
    const spec = 'webllm:mine?model=files%2F0&lib=files/1/a.wasm&context=512&cache=opfs&logprobs=1';
    expect(webllmRef(parseSpecOf('webllm', spec), base)).toEqual({
      id: 'mine',
      custom: {
        weights: 'http://app.test/x/files/0/resolve/main/../../',
        library: 'http://app.test/x/files/1/a.wasm',
      },
      contextTokens: 512,
      cache: 'opfs',
      logprobs: true,
    });
  });

  it('may be of files that were picked, which lie where no request can go', () => {
    const { custom, id } = webllmRef(parseSpecOf('webllm', 'webllm:local:tiny-q4f32_1'), base);
    expect(id).toBe('local:tiny-q4f32_1');
    expect(custom?.library).toBe('https://local.models.invalid/local%3Atiny-q4f32_1/library.wasm');
    expect(new URL('tensor-cache.json', custom?.weights).href).toBe(
      'https://local.models.invalid/local%3Atiny-q4f32_1/tensor-cache.json',
    );
  });

  it('leads WebLLM to a plain folder, although it appends resolve/main/ to every address', () => {
    // WebLLM takes an address with /resolve/.../ as it is and resolves its files against it.
    const address = weightsAddress('https://models.test/tiny', base);
    expect(address).toMatch(/.+\/resolve\/.+\//);
    expect(new URL('mlc-chat-config.json', address).href).toBe(
      'https://models.test/tiny/mlc-chat-config.json',
    );
    expect(weightsAddress('https://huggingface.co/me/tiny', base)).toBe('https://huggingface.co/me/tiny/');
  });

  it.each([
    'webllm:',
    'webllm:a?model=x',
    'webllm:a?lib=x',
    'webllm:a?context=1.5',
    'webllm:a?cache=floppy',
    'webllm:a?colour=red',
    'webllm:local:a?cache=opfs',
    'webllm:local:a?model=x&lib=y',
  ])('is refused when it is %s', (spec) => {
    expect(() => webllmRef(parseSpecOf('webllm', spec), base)).toThrow(ConfigError);
  });
});

describe('a failure that WebLLM says in a string', () => {
  const about = { model: 'm', version: '0.2.86', doing: 'load' } as const;

  it.each([
    ['ModelNotFoundError: Cannot find model record in appConfig for m.', 'config'],
    [
      'CompileError: WebAssembly.Module(): expected magic word 00 61 73 6d, found 6e 6f 74 20 @+0',
      'download',
    ],
    ["TypeError: Failed to execute 'add' on 'Cache': Request failed", 'download'],
    ['TypeError: Failed to fetch', 'download'],
    ['SyntaxError: Unexpected token < in JSON at position 0', 'download'],
    ['IntegrityError: Integrity verification failed for http://x', 'download'],
    ['ShaderF16SupportError: This model requires WebGPU extension shader-f16', 'gpu-unavailable'],
    ['FeatureSupportError: This model requires feature subgroups', 'gpu-unavailable'],
    ['WebGPUNotAvailableError: WebGPU is not supported', 'gpu-unavailable'],
    ['Error: Unable to find a compatible GPU.', 'gpu-unavailable'],
    ['LinkError: WebAssembly.Instance(): Import #3 "env" "f": function import requires a callable', 'model'],
    ['Error: Cannot find global function ffi.Array', 'model'],
    ['QuotaExceededError: Quota exceeded.', 'storage'],
    ['DeviceLostError: The WebGPU device was lost while loading the model.', 'out-of-memory'],
    ['RangeError: Array buffer allocation failed', 'out-of-memory'],
    ['ContextWindowSizeExceededError: Prompt tokens exceed context window size', 'token'],
    ['ModelNotLoadedError: Model not loaded before trying to complete X.', 'agent'],
    ['RangeError: Make sure 0 < top_p <= 1.', 'config'],
    ['MinValueError: Make sure `temperature` > 0.', 'config'],
    ['SeedTypeError: `seed` should be an integer, but got 0.5', 'config'],
    ['MessageOrderError: Last message should be from user or tool', 'config'],
    ['AbortError: signal is aborted', 'interrupted'],
    ['Error: something else', 'agent'],
    ['no name at all', 'agent'],
  ])('%s has code %s', (text, code) => {
    const error = translate(text, about);
    expect(error.code).toBe(code);
    expect(error.hint).not.toBe('');
  });

  it('or in an error of that name has the same code', () => {
    const thrown = Object.assign(new Error('Make sure 0 < top_p <= 1.'), { name: 'RangeError' });
    expect(translate(thrown, about).code).toBe('config');
  });

  it('of a library for another version says so in words, with the version that runs', () => {
    const { message } = translate('LinkError: Import #3 "env"', about);
    expect(message).toContain('needs another WebLLM version');
    expect(message).toContain('0.2.86');
  });

  it('is retried after a lost device in mid-reply, but not while loading', () => {
    expect(translate('DeviceLostError: lost', { ...about, doing: 'generate' }).code).toBe('agent');
  });
});

describe('a model of WebLLM’s list', () => {
  it('is brought into our storage before the engine gets it, and is read from there', async () => {
    const engine = new ScriptedEngine({ reply: () => [] });
    const brought: unknown[] = [];
    const bring = (place: object): Promise<void> => {
      expect(engine.loaded).toBeNull();
      brought.push(place);
      return Promise.resolve();
    };
    const load = (spec: string) =>
      scriptedHost(engine, { bring }).load(webllmRef(parseSpecOf('webllm', spec), base), {});
    await load('webllm:Tiny-q4f32_1-MLC');
    const { model_id: id, model: weights, model_lib: library } = records[0]!;
    expect(brought).toEqual([{ id, weights, library }]);
    const told = engine.appConfig?.model_list[0];
    expect(told?.model_lib).toBe(`${localHost}webllm%3A${id}/library.wasm`);
    expect(new URL('x', told?.model).href).toBe(`${localHost}webllm%3A${id}/x`);
    // One that WebLLM is told where to keep, and one at an address, are its own affair.
    await load('webllm:Tiny-q4f32_1-MLC?cache=opfs');
    expect(engine.appConfig?.model_list[0]?.model).toBe(weights);
    await load('webllm:mine?model=https://example.org/w&lib=https://example.org/l.wasm');
    expect(brought).toHaveLength(1);
  });

  it('that cannot be brought ends the loading with that very error', async () => {
    const engine = new ScriptedEngine({ reply: () => [] });
    const bring = () => Promise.reject(new DownloadError('The hub answered 503.', 'Try again.'));
    const loading = scriptedHost(engine, { bring }).load(
      webllmRef(parseSpecOf('webllm', 'webllm:Tiny-q4f32_1-MLC'), base),
      {},
    );
    await expect(loading).rejects.toMatchObject({ code: 'download', message: 'The hub answered 503.' });
    expect(engine.loaded).toBeNull();
  });
});

describe('the features that a model needs', () => {
  it('include half precision by its name, where the record does not say so', () => {
    expect(neededFeatures(records[1]!)).toEqual(['shader-f16']);
    expect(neededFeatures(records[0]!)).toEqual([]);
    const library = 'https://x/Qwen-q4f16_1-ctx4k.wasm';
    expect(
      neededFeatures({ model_id: 'mine', model_lib: library, required_features: ['subgroups'] }),
    ).toEqual(['subgroups', 'shader-f16']);
  });

  it('are checked before anything is loaded, and the same model in single precision is offered', async () => {
    const engine = new ScriptedEngine({ reply: () => [] });
    const ref = webllmRef(parseSpecOf('webllm', 'webllm:Tiny-q4f16_1-MLC'), base);
    await expect(scriptedHost(engine).load(ref, {})).rejects.toMatchObject({
      code: 'gpu-unavailable',
      hint: 'Use Tiny-q4f32_1-MLC instead.',
    });
    expect(engine.loaded).toBeNull();
    await scriptedHost(engine, { features: ['shader-f16'] }).load(ref, {});
    expect(engine.loaded).toBe('Tiny-q4f16_1-MLC');
  });
});

describe('the host of a WebLLM model', () => {
  it('names near ids for one that the list does not have', async () => {
    const host = scriptedHost(new ScriptedEngine({ reply: () => [] }));
    await expect(
      host.load(webllmRef(parseSpecOf('webllm', 'webllm:Tiny-q8'), base), {}),
    ).rejects.toMatchObject({
      code: 'config',
      hint: 'Near it: Tiny-q4f32_1-MLC, Tiny-q4f16_1-MLC.',
    });
  });

  it('refuses to generate before it has loaded', async () => {
    const host = scriptedHost(new ScriptedEngine({ reply: () => [] }));
    const sampling = { temperature: 0, topP: 1, seed: 1, maxTokens: 1 };
    await expect(host.generate({ messages: [], sampling, logprobs: false }, {})).rejects.toMatchObject({
      code: 'agent',
    });
  });

  it('hands on the cache that was chosen', async () => {
    const engine = new ScriptedEngine({ reply: () => [] });
    await scriptedHost(engine).load(
      webllmRef(parseSpecOf('webllm', 'webllm:Tiny-q4f32_1-MLC?cache=indexeddb'), base),
      {},
    );
    expect(engine.appConfig?.cacheBackend).toBe('indexeddb');
  });

  it('reads bytes and phase from the words of a report', () => {
    const report = (text: string, progress: number) => progressOf({ text, progress, timeElapsed: 1 });
    expect(report('Fetching param cache[3/10]: 96MB fetched. 25% completed, 3 secs elapsed.', 0.25)).toEqual({
      phase: 'download',
      loaded: 96 * 2 ** 20,
      total: 384 * 2 ** 20,
    });
    expect(report('Loading GPU shader modules[4/90]: 4% completed', 0.04).phase).toBe('compile');
    expect(report('Finish loading on WebGPU - google', 1).phase).toBe('compile');
  });
});

describe('the estimate of tokens', () => {
  it('counts other scripts by their bytes', () => {
    expect(estimateTokens('数')).toBe(3);
    expect(estimateTokens('')).toBe(0);
  });
});
