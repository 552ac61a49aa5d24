import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { transformersRef } from '../../../src/agents/transformers/spec';
import { webllmRef } from '../../../src/agents/webllm/spec';
import { ConfigError } from '../../../src/core/errors';
import { RandomStream } from '../../../src/core/rng';
import type { BundledModel } from '../../../src/models/catalogue';
import { resolveModel } from '../../../src/models/modelSpec';
import { hostsOf } from '../../../src/specs/hosts';
import { isFetchedByLibrary, isKept } from '../../../src/specs/keptModels';
import {
  browserModel,
  importedAgents,
  parseSpec,
  parseSpecOf,
  readSpec,
  specId,
  specLabel,
  storageId,
  typedName,
  type ModelSpec,
} from '../../../src/specs/spec';
import { cacheBackends } from '../../../src/specs/webllm';
import { dtypes } from '../../../src/specs/transformers';

const root = resolve(import.meta.dirname, '../../..');
const base = 'http://app.test/x/';

interface Before {
  readonly possible: readonly {
    readonly name: string;
    readonly hosts: readonly string[];
    readonly kept: boolean;
    readonly byLibrary: boolean;
    readonly ref: unknown;
  }[];
  readonly impossible: readonly { readonly name: string; readonly message: string | null }[];
}

/**
 * What resolveModel, parseWebllm, parseTransformers, parseEndpoint, hostsOf, isKept and isFetchedByLibrary of commit 751b175
 * made of these names, before they had one grammar. Names of tests and documents, and forms near them.
 */
const before = JSON.parse(readFileSync(join(root, 'tests/golden/specs/before.json'), 'utf8')) as Before;
const catalogue = ['agent-a', 'arklet-student.v2'].map((id): BundledModel => ({
  id,
  role: 'agent',
  name: '',
  bytes: 1,
  parameters: 1,
  promptStyle: 'compact',
}));

/** What a runtime is given for a name, in the form of the golden. */
function refOf(spec: ModelSpec): unknown {
  switch (spec.runtime) {
    case 'engine':
      try {
        return resolveModel(spec, { base, catalogue });
      } catch (thrown) {
        if (!(thrown instanceof ConfigError)) throw thrown;
        return { error: thrown.code, message: thrown.message, hint: thrown.hint };
      }
    case 'webllm':
      return webllmRef(spec, base);
    case 'transformers':
      return transformersRef(spec, { base });
    case 'endpoint':
      return { url: spec.url, model: spec.model };
    case 'adapter':
    case 'chrome':
    case 'recorded':
      return null;
    default:
      return spec satisfies never;
  }
}

/** Hosts that were left out before: a path with a host of its own, an owner with a dot. */
const forgotten: Readonly<Record<string, readonly string[]>> = {
  '//cdn.test/model': ['cdn.test'],
  'transformers:own.er/name@fp32': ['huggingface.co', 'cdn-lfs.huggingface.co', 'cas-bridge.xethub.hf.co'],
};

describe('a name', () => {
  it.each(before.possible)('$name means what it meant', ({ name, hosts, kept, byLibrary, ref }) => {
    const spec = parseSpec(name);
    expect(refOf(spec)).toEqual(ref);
    expect({ hosts: hostsOf(spec, base), kept: isKept(spec), byLibrary: isFetchedByLibrary(spec) }).toEqual({
      hosts: forgotten[name] ?? hosts,
      kept,
      byLibrary,
    });
  });

  it.each(before.impossible)('"$name" is still refused in the same words', ({ name, message }) => {
    const refuse = (): ModelSpec => parseSpec(name);
    expect(refuse).toThrow(ConfigError);
    // Null: it failed later, or with an error of the browser's.
    if (message !== null) expect(refuse).toThrow(message);
    expect(readSpec(name)).toBeNull();
  });

  it('that nobody put into a grammar keeps the hint short of flags and code', () => {
    for (const { name } of before.impossible) {
      try {
        parseSpec(name);
      } catch (thrown) {
        const { message, hint } = thrown as ConfigError;
        expect(`${message} ${hint}`).not.toMatch(/--\w|undefined|null|\[object/);
        expect(hint).not.toBe('');
      }
    }
  });

  it('says which runtime reads it and where its files are', () => {
    const places = before.possible
      .map(({ name }) => parseSpec(name))
      .map((one) => `${one.runtime} ${one.place}`);
    expect([...new Set(places)].sort()).toEqual([
      'endpoint address',
      'engine address',
      'engine bundled',
      'engine hub',
      'engine local',
      'engine path',
      'recorded address',
      'recorded imported',
      'recorded path',
      'recorded run',
      'transformers address',
      'transformers hub',
      'transformers local',
      'transformers path',
      'webllm address',
      'webllm list',
      'webllm local',
    ]);
  });

  it('of one runtime is refused where another is wanted', () => {
    expect(parseSpecOf('webllm', 'webllm:A-MLC').runtime).toBe('webllm');
    expect(() => parseSpecOf('engine', 'webllm:A-MLC')).toThrow(ConfigError);
  });

  it('in storage holds no settings of a run', () => {
    expect(
      [
        'webllm:local:Tiny?context=512',
        'transformers:local:tiny@q8',
        'webllm:A-MLC?context=512&logprobs=1',
        'transformers:a/b@q4',
        'hf:a/b@main',
      ].map((name) => storageId(parseSpec(name))),
    ).toEqual(['local:Tiny', 'local:tiny', 'webllm:A-MLC', 'transformers:a/b@q4', 'hf:a/b']);
  });

  it('is shown without its prefix, and as it is where it is impossible', () => {
    const names = [
      'hf:a/b@v1',
      'local:My model',
      'webllm:local:Tiny',
      'https://h.test/m/',
      'agent-a',
      'hf:one',
    ];
    expect(names.map(specLabel)).toEqual(['a/b@v1', 'My model', 'Tiny', 'h.test/m/', 'agent-a', 'hf:one']);
  });

  it('typed without a prefix is of the hub', () => {
    const agents = ['engine', 'transformers'] as const;
    expect(typedName(' a/b ', agents)).toBe('hf:a/b');
    expect(typedName('hf:one', agents)).toBe('hf:one');
    expect(typedName('https://h.test/m', ['engine'])).toBe('https://h.test/m');
    expect(typedName('transformers:a/b', agents)).toBe('transformers:a/b');
    expect(typedName('transformers:a/b', ['engine'])).toBe('hf:transformers:a/b');
  });

  it('of the imported debate is the text that stored runs hold', () => {
    expect(importedAgents).toBe('recorded:imported');
    expect(specId(parseSpec('chrome:'))).toBe(browserModel);
    expect(() => parseSpec('chrome:nano')).toThrow(ConfigError);
  });
});

describe('writing a name and reading it', () => {
  /** The value, and a second time the text. */
  function expectRoundTrip(spec: ModelSpec): void {
    const id = specId(spec);
    expect(parseSpec(id)).toEqual(spec);
    expect(specId(parseSpec(id))).toBe(id);
  }

  it('gives back the names that are known', () => {
    for (const { name } of before.possible) expectRoundTrip(parseSpec(name));
  });

  it('gives back values of every kind, drawn at random', () => {
    const rng = new RandomStream(1);
    const pick = <T>(values: readonly T[]): T => values[Math.floor(rng.next() * values.length)]!;
    const word = (letters: string): string =>
      pick(['a', 'Z']) + Array.from({ length: pick([0, 1, 5, 12]) }, () => pick([...letters])).join('');
    const plain = (): string => word('aZ09._-');
    const address = (): { place: 'address' | 'path'; address: string } =>
      pick([
        () =>
          ({ place: 'address', address: `https://${word('az')}.test/${word('aZ0/&=%,+@é~')}/x` }) as const,
        () => ({ place: 'path', address: `files/${pick([0, 12])}/${word('aZ0_%20')}/y` }) as const,
        () => ({ place: 'path', address: `./${plain()}` }) as const,
      ])();
    const settings = () => ({ contextTokens: pick([null, 64, 4096]), logprobs: pick([true, false]) });
    const makers: readonly (() => ModelSpec)[] = [
      () => ({ runtime: 'engine', place: 'bundled', id: plain() }),
      () => ({
        runtime: 'engine',
        place: 'hub',
        repo: `${plain()}/${plain()}`,
        revision: pick(['main', 'v1.0', 'refs/pr/3']),
        file: pick([null, `${plain()}.gguf`, 'q4/x-00001-of-00002.gguf']),
      }),
      () => ({ runtime: 'engine', place: 'local', name: word('aZ0 ._-') }),
      () => ({ runtime: 'engine', ...address() }),
      () => ({
        runtime: 'transformers',
        place: 'hub',
        repo: `${plain()}/${plain()}`,
        dtype: pick([null, ...dtypes]),
      }),
      () => ({ runtime: 'transformers', place: 'local', name: plain(), dtype: pick([null, ...dtypes]) }),
      () => ({ runtime: 'transformers', ...address(), dtype: pick([null, ...dtypes]) }),
      () => ({ runtime: 'webllm', place: 'list', model: plain(), cache: pick(cacheBackends), ...settings() }),
      () => ({ runtime: 'webllm', place: 'local', name: plain(), ...settings() }),
      () => ({
        runtime: 'webllm',
        place: 'address',
        model: plain(),
        weights: address().address,
        library: address().address,
        cache: pick(cacheBackends),
        ...settings(),
      }),
      () => ({
        runtime: 'endpoint',
        place: 'address',
        url: `http://${word('az')}.test:8080/v1`.toLowerCase(),
        model: word('aZ0:/#@ .'),
      }),
      () => ({
        runtime: 'adapter',
        place: 'run',
        runId: pick(['0a1b2c3d', '0a1b2c3d-2', 'imported']),
        strategy: pick(['rsft', 'rsft+da', 'answer-only']),
        seed: 0,
        base: pick([null, 'student', 'hf:o/n@v1']),
        hash: pick([null, '0123456789abcdef']),
      }),
      () => ({ runtime: 'adapter', ...address(), base: 'files/3/my%20model', hash: null }),
      () => ({ runtime: 'recorded', ...address() }),
      () => ({ runtime: 'recorded', place: 'run', runId: plain() }),
      () => ({ runtime: 'recorded', place: 'imported' }),
      () => ({ runtime: 'chrome', place: 'browser' }),
    ];
    for (let i = 0; i < 2000; i++) expectRoundTrip(pick(makers)());
  });
});

/** Sources that may know no form of a name: all but the grammar itself. */
function sources(): readonly string[] {
  const list = (folder: string, ending: RegExp): readonly string[] =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && ending.test(entry.name))
      .map((entry) => relative(root, join(entry.parentPath, entry.name)));
  return [
    ...list('src', /\.(ts|svelte)$/).filter((path) => !/^src\/(specs|cpu\/build)\//.test(path)),
    ...list('workers', /\.ts$/),
    ...list('scripts', /\.(mjs|ts)$/),
  ];
}

const prefixes = '(?:hf|local|webllm|transformers|chrome|endpoint|recorded)';
const tests: readonly RegExp[] = [
  // startsWith('hf:'), includes("local:"), split(`webllm:`), slice('recorded:'.length)
  new RegExp(`\\b(?:startsWith|includes|indexOf|split|replace|replaceAll|match)\\(\\s*['"\`]${prefixes}:`),
  new RegExp(`['"\`]${prefixes}:['"\`]`),
  // /^hf:/, /(hf|webllm):/, /endpoint:(https?)/
  new RegExp(`/\\^?(?:\\\\b)?\\(?(?:\\?:)?(?:[a-z?]+\\|)*${prefixes}(?:\\|[a-z?]+)*\\)?:`),
  // /^https?:/ on a name: a place of addresses is told by the grammar.
  /\/\^\(?(?:\?:)?(?:https\?|files\\?\/)[^/]*\/\.(?:test|exec)\((?:spec|name|id|text|ref\.id)\b/,
];

describe('outside the room specs', () => {
  it('no source tests a name for how it begins', () => {
    const files = sources();
    const found = files.flatMap((path) =>
      readFileSync(join(root, path), 'utf8')
        .split('\n')
        .flatMap((line, i) =>
          tests.some((test) => test.test(line)) && !/^\s*(\/\/|\/?\*)/.test(line)
            ? [`${path}:${i + 1} ${line.trim()}`]
            : [],
        ),
    );
    expect(files.length).toBeGreaterThan(300);
    expect(found).toEqual([]);
  });

  it('no source of the app puts a name together', () => {
    const put = new RegExp(`\`${prefixes}:(?:local:)?\\$\\{`);
    const found = sources()
      .filter((path) => /^(src|workers)\//.test(path))
      .filter((path) => put.test(readFileSync(join(root, path), 'utf8')));
    expect(found).toEqual([]);
  });

  it.each([
    "if (spec.startsWith('hf:')) {",
    "  if (!spec.includes('local:')) return;",
    "const name = spec.slice('recorded:'.length);",
    'return /^(webllm|transformers):/.test(spec);',
    'spec.replace(/^(hf|local|webllm|transformers|endpoint|recorded):/, "")',
    'if (/^(hf|local):/.test(spec)) return;',
    'text.matchAll(/endpoint:(https?:\\/\\/[^#]+)#/g)',
    'const [, name] = /^(?:webllm|transformers):(local:[^?@]+)/.exec(spec) ?? [];',
    'if (/^https?:/.test(ref.id)) return;',
  ])('the search finds %s', (line) => {
    expect(tests.some((test) => test.test(line))).toBe(true);
  });
});

describe('an adapter as an agent', () => {
  it.each([
    ['adapter:0a1b2c3d/rsft', { runId: '0a1b2c3d', strategy: 'rsft', seed: 0, base: null }],
    ['adapter:0a1b2c3d-2/rsft+da-4', { runId: '0a1b2c3d-2', strategy: 'rsft+da', seed: 4 }],
    ['adapter:0a1b2c3d/answer-only-1?base=student', { strategy: 'answer-only', seed: 1, base: 'student' }],
    ['adapter:imported/mine-2', { runId: 'imported', strategy: 'mine-2', seed: 0 }],
    ['adapter:files/3/x/?base=hf:o/n', { place: 'path', address: 'files/3/x/', base: 'hf:o/n' }],
    ['adapter:https://h.test/a@0123456789abcdef?base=student', { hash: '0123456789abcdef' }],
  ])('%s names its run and strategy, or its folder, and its model', (name, parts) => {
    const spec = parseSpec(name);
    expect(spec).toMatchObject({ runtime: 'adapter', ...parts });
    expect(specId(spec)).toBe(name);
  });

  it.each([
    'adapter:',
    'adapter:rsft',
    'adapter:0a1b2c3d/RSFT',
    'adapter:files/3/x/',
    'adapter:0a1b2c3d/rsft?base=endpoint:http://h/v1#m',
    'adapter:0a1b2c3d/rsft?base=adapter:1/rsft',
    'adapter:0a1b2c3d/rsft?base=hf:one',
  ])('cannot be %s', (name) => {
    expect(() => parseSpec(name)).toThrow(ConfigError);
  });

  it('contacts what its model contacts and is kept by nobody', () => {
    expect(hostsOf(parseSpec('adapter:0a1b2c3d/rsft?base=hf:o/n'), base)).toContain('huggingface.co');
    expect(hostsOf(parseSpec('adapter:0a1b2c3d/rsft?base=student'), base)).toEqual([]);
    expect(isKept(parseSpec('adapter:0a1b2c3d/rsft?base=hf:o/n'))).toBe(false);
    expect(specLabel('adapter:0a1b2c3d/rsft-1?base=student')).toBe('0a1b2c3d/rsft-1');
  });
});
