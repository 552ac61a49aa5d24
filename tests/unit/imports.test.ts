import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
const source = join(root, 'src');

/** What each folder may import from another (house layout). `types` = type-only imports allowed from anywhere. */
const rules: Record<string, { folders: string[]; types?: boolean }> = {
  core: { folders: ['settings'] },
  settings: { folders: ['core'] },
  tasks: { folders: ['core'] },
  gpu: { folders: ['core'] },
  cpu: { folders: ['core'] },
  compute: { folders: ['core', 'gpu', 'cpu'] },
  lm: { folders: ['core', 'compute'] },
  train: { folders: ['core', 'compute', 'lm'] },
  models: { folders: ['core', 'store'] },
  agents: { folders: ['core', 'lm'] },
  debate: { folders: ['core', 'tasks', 'agents'] },
  distill: { folders: ['core', 'tasks', 'lm', 'train'] },
  eval: { folders: ['core', 'tasks'] },
  store: { folders: ['core', 'settings'] },
  rpc: { folders: ['core'] },
  offline: { folders: ['core'] },
  run: {
    folders: [
      'core',
      'tasks',
      'gpu',
      'cpu',
      'compute',
      'lm',
      'train',
      'models',
      'agents',
      'debate',
      'distill',
      'eval',
      'store',
      'rpc',
      'settings',
    ],
  },
  ui: { folders: ['core', 'settings', 'store', 'rpc'], types: true },
};

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

const all = listFiles(source).flatMap(importsOf);

test('the sources import something, so that the rules below are not vacuous', () => {
  expect(all.length).toBeGreaterThan(50);
});

test('every folder imports only what its arrow allows', () => {
  const broken = all.flatMap(({ file, target, typeOnly }) => {
    if (!target.startsWith('.')) return [];
    const from = relative(source, file).split('/');
    if (from.length < 2) return [];
    const to = relative(source, resolve(dirname(file), target)).split('/');
    if (to[0] === '..') {
      const worker = from[0] === 'run' || from[0] === 'ui' || from[0] === 'cpu' || from[0] === 'agents';
      return worker && to[1] === 'workers' ? [] : [`${relative(root, file)} reaches outside src: ${target}`];
    }
    const rule = rules[from[0]!];
    if (!rule) return [`${relative(root, file)} is in a folder without a rule`];
    if (to[0] === from[0] || rule.folders.includes(to[0]!) || (rule.types === true && typeOnly)) return [];
    return [`${relative(root, file)} may not import ${target}`];
  });
  expect(broken).toEqual([]);
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
