import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
const source = join(root, 'src');

/**
 * The rooms, lowest first (docs/architecture.md): a room may import the rooms that it lists, all of which stand before it. `types`
 * = rooms of which it may import types alone.
 */
const rooms: Record<string, { imports: string[]; types?: string[] }> = {
  core: { imports: [] },
  specs: { imports: ['core'] },
  settings: { imports: ['core', 'specs'] },
  records: { imports: ['core', 'settings'] },
  rpc: { imports: ['core'] },
  offline: { imports: ['core'] },
  store: { imports: ['core', 'settings', 'records'] },
  tasks: { imports: ['core', 'settings', 'records'] },
  gpu: { imports: ['core'] },
  cpu: { imports: ['core'] },
  compute: { imports: ['core', 'gpu', 'cpu'] },
  lm: { imports: ['core', 'compute', 'records'] },
  train: { imports: ['core', 'compute', 'records', 'lm'] },
  models: { imports: ['core', 'settings', 'specs', 'store', 'lm'] },
  agents: { imports: ['core', 'records', 'specs', 'lm'] },
  debate: { imports: ['core', 'settings', 'records', 'tasks', 'agents'] },
  distil: { imports: ['core', 'settings', 'records', 'tasks', 'lm', 'train', 'debate'] },
  eval: { imports: ['core', 'settings', 'records', 'tasks', 'debate'] },
  exports: { imports: ['core', 'specs', 'settings', 'records', 'tasks', 'debate', 'distil', 'eval'] },
  wire: {
    imports: ['core'],
    types: ['settings', 'records', 'specs', 'rpc', 'tasks', 'compute', 'models'],
  },
  engine: {
    imports: [
      'core',
      'records',
      'rpc',
      'gpu',
      'compute',
      'lm',
      'train',
      'models',
      'agents',
      'distil',
      'wire',
    ],
  },
  modelsWorker: {
    imports: ['core', 'settings', 'specs', 'rpc', 'lm', 'models', 'agents', 'wire'],
  },
  library: {
    imports: [
      'core',
      'specs',
      'settings',
      'records',
      'store',
      'tasks',
      'lm',
      'train',
      'models',
      'debate',
      'eval',
      'wire',
    ],
  },
  job: {
    imports: [
      'core',
      'settings',
      'records',
      'specs',
      'rpc',
      'store',
      'lm',
      'train',
      'models',
      'agents',
      'debate',
      'distil',
      'eval',
      'tasks',
      'wire',
      'engine',
      'library',
    ],
  },
  coordinator: {
    imports: [
      'core',
      'specs',
      'settings',
      'records',
      'rpc',
      'store',
      'tasks',
      'compute',
      'lm',
      'models',
      'agents',
      'debate',
      'distil',
      'eval',
      'wire',
      'engine',
      'library',
      'job',
    ],
  },
  commands: {
    imports: [
      'core',
      'specs',
      'settings',
      'records',
      'rpc',
      'tasks',
      'compute',
      'lm',
      'train',
      'agents',
      'eval',
      'exports',
      'wire',
      'engine',
      'job',
      'coordinator',
    ],
  },
  /** The page's, beside `pure` below. */
  ui: {
    imports: ['core', 'settings', 'records', 'specs', 'tasks', 'eval', 'exports', 'wire'],
    types: ['rpc', 'offline', 'store', 'compute', 'models', 'distil', 'engine', 'modelsWorker'],
  },
};

/** Modules of other rooms that the page may import whole: pure functions, no device and no storage. */
const pure = ['debate/vote', 'debate/readPrompt', 'distil/similar', 'models/memoryPlan'];

/** Packages that only one folder may import. */
const owners: Record<string, string> = {
  idb: 'store',
  '@mlc-ai/web-llm': 'agents',
  '@huggingface/transformers': 'agents',
  '@huggingface/tokenizers': 'lm',
};

interface Import {
  file: string;
  target: string;
  typeOnly: boolean;
}

function listFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory())
      return entry.name === 'assembly' || entry.name === 'build' ? [] : listFiles(path);
    return /\.(ts|svelte)$/.test(entry.name) ? [path] : [];
  });
}

function importsOf(file: string): Import[] {
  const text = readFileSync(file, 'utf8');
  const found: Import[] = [];
  for (const match of text.matchAll(
    /^\s*(?:import|export)\s+(type\s+)?(?:[^'"`;]*?\s+from\s+)?['"]([^'"]+)['"]/gm,
  )) {
    found.push({ file, target: match[2]!, typeOnly: match[1] !== undefined });
  }
  for (const match of text.matchAll(/\bimport\(\s*['"]([^'"]+)['"]\s*\)/g)) {
    found.push({ file, target: match[1]!, typeOnly: false });
  }
  return found;
}

const files = new Set(listFiles(source));
const all = [...files].flatMap(importsOf);

/** The files of ours that each file imports. */
const importsByFile = new Map<string, { found: string; typeOnly: boolean }[]>();
for (const { file, target, typeOnly } of all) {
  if (!target.startsWith('.')) continue;
  const path = resolve(dirname(file), target);
  const found = ['', '.ts', '.svelte', '.svelte.ts'].map((end) => path + end).find((one) => files.has(one));
  if (found) importsByFile.set(file, [...(importsByFile.get(file) ?? []), { found, typeOnly }]);
}

/** Each cycle of the graph that a walk in depth meets, as "a -> b -> a". */
function cycles(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const found: string[] = [];
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (file: string): void => {
    const at = path.indexOf(file);
    if (at >= 0) {
      found.push([...path.slice(at), file].map((one) => relative(source, one)).join(' -> '));
      return;
    }
    if (done.has(file)) return;
    path.push(file);
    for (const next of graph.get(file) ?? []) visit(next);
    path.pop();
    done.add(file);
  };
  for (const file of graph.keys()) visit(file);
  return found;
}

/** Every folder below with its number of files. */
function listFolders(folder: string): [string, number][] {
  const entries = readdirSync(folder, { withFileTypes: true });
  const own = entries.filter((entry) => entry.isFile()).length;
  return [
    [folder, own],
    ...entries.filter((entry) => entry.isDirectory()).flatMap(({ name }) => listFolders(join(folder, name))),
  ];
}

test('the sources import something, so that the rules below are not vacuous', () => {
  expect(all.length).toBeGreaterThan(50);
});

const order = Object.keys(rooms);

test('every room imports only what its rule allows, and none that stands above it', () => {
  const upward = Object.entries(rooms).flatMap(([room, { imports, types = [] }]) =>
    [...imports, ...types]
      .filter((other) => order.indexOf(other) >= order.indexOf(room))
      .map((other) => `${room} may not import ${other}`),
  );
  const broken = all.flatMap(({ file, target, typeOnly }) => {
    if (!target.startsWith('.')) return [];
    const from = relative(source, file).split('/');
    if (from.length < 2) return [];
    const to = relative(source, resolve(dirname(file), target)).split('/');
    if (to[0] === '..') {
      return to[1] === 'workers' ? [] : [`${relative(root, file)} reaches outside src: ${target}`];
    }
    const room = rooms[from[0]!];
    if (!room) return [`${relative(root, file)} is in a folder without a rule`];
    if (to[0] === from[0] || room.imports.includes(to[0]!)) return [];
    if (typeOnly && room.types?.includes(to[0]!)) return [];
    if (from[0] === 'ui' && pure.includes(to.join('/'))) return [];
    return [`${relative(root, file)} may not import ${target}`];
  });
  expect([...upward, ...broken]).toEqual([]);
});

test('no two files import each other, over however many others and be it types alone', () => {
  const graph = new Map([...importsByFile].map(([file, list]) => [file, list.map(({ found }) => found)]));
  expect(graph.size).toBeGreaterThan(200);
  expect(cycles(graph)).toEqual([]);
});

test('nothing that the page imports, be it later or by way of others, reaches a device, a store or a job', () => {
  const reached = new Map<string, string>();
  const visit = (file: string, by: string): void => {
    if (reached.has(file)) return;
    reached.set(file, by);
    for (const one of importsByFile.get(file) ?? []) if (!one.typeOnly) visit(one.found, file);
  };
  for (const file of files) if (relative(source, file).startsWith('ui/')) visit(file, 'the page');
  const far = [
    'gpu',
    'cpu',
    'compute',
    'lm',
    'train',
    'store',
    'agents',
    'engine',
    'job',
    'library',
    'coordinator',
  ];
  const broken = [...reached].filter(([file]) => far.includes(relative(source, file).split('/')[0]!));
  expect(reached.size).toBeGreaterThan(250);
  expect(broken.map(([file, by]) => `${relative(root, by)} imports ${relative(root, file)}`)).toEqual([]);
});

test('the search for cycles finds one', () => {
  const graph = new Map([
    [join(source, 'a'), [join(source, 'b')]],
    [join(source, 'b'), [join(source, 'c')]],
    [join(source, 'c'), [join(source, 'b')]],
  ]);
  expect(cycles(graph)).toEqual(['b -> c -> b']);
});

/** Longer on purpose: one entry a setting. */
const long = ['settings/table.ts'];

test('no file is longer than 400 lines, and no folder holds more than 30 files', () => {
  const lengths = [...files].map(
    (file) => [file, readFileSync(file, 'utf8').split('\n').length - 1] as const,
  );
  const tooLong = lengths.filter(([file, lines]) => lines > 400 && !long.includes(relative(source, file)));
  expect(tooLong.map(([file, lines]) => `${relative(root, file)}: ${lines}`)).toEqual([]);
  const folders = [source, join(root, 'workers'), join(root, 'tests'), join(root, 'scripts')].flatMap(
    listFolders,
  );
  expect(folders.length).toBeGreaterThan(40);
  const crowded = folders.filter(([, count]) => count > 30);
  expect(crowded.map(([folder, count]) => `${relative(root, folder)}: ${count}`)).toEqual([]);
});

test('packages with one owner are imported by that folder alone', () => {
  const broken = all.flatMap(({ file, target, typeOnly }) => {
    const name = target.startsWith('@') ? target.split('/').slice(0, 2).join('/') : target.split('/')[0]!;
    const owner = owners[name];
    const folder = relative(source, file).split('/')[0];
    return owner === undefined || owner === folder || typeOnly
      ? []
      : [`${relative(root, file)} imports ${target}`];
  });
  expect(broken).toEqual([]);
});

test('only gpu/ says GPUDevice', () => {
  const sayers = listFiles(source).filter((file) => /\bGPUDevice\b/.test(readFileSync(file, 'utf8')));
  expect(sayers.filter((file) => !file.startsWith(join(source, 'gpu')))).toEqual([]);
});

test('a component asks for what it uses: the whole session is known to App and mount alone', () => {
  const knowing = all.filter(({ target }) => target.endsWith('/session.svelte'));
  expect([...new Set(knowing.map(({ file }) => relative(source, file)))].sort()).toEqual([
    'ui/App.svelte',
    'ui/mount.ts',
  ]);
  const components = [...files].filter((file) => file.endsWith('.svelte') && !file.endsWith('App.svelte'));
  expect(components.length).toBeGreaterThan(50);
  const naming = components.filter((file) => /\bSession\b/.test(readFileSync(file, 'utf8')));
  expect(naming.map((file) => relative(source, file))).toEqual([]);
});
