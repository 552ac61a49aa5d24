/** Exported files with others: ggml's own bytes in GGUF of 8 and 4 bits, llama.cpp's logits on them, and peft's on our adapters. */
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { NodeSource } from '../../scripts/nodeSource';
import { createWasmBackend } from '../../src/compute/wasmBackend';
import { hashKey, uniform } from '../../src/core/rng';
import { MemorySource } from '../../src/core/fileSource';
import { createAdapter, releaseAdapter } from '../../src/lm/adapter';
import { forwardLogits } from '../../src/lm/forward';
import { loadModel, unloadModel } from '../../src/lm/load';
import { loadTokenizer } from '../../src/lm/tokenizer';
import { loadAdapter, writePeft } from '../../src/train/adapterFiles';
import { exportCommand } from '../../src/train/commands';
import { ggufBlocksOf } from '../../src/train/ggufQuantise';
import { defaultLora } from '../../src/train/options';
import { loadTiny, safetensorsFolder, tinyAdapter, tinyTensors } from '../unit/lm/loadingGolden';
import { compare } from '../unit/train/golden';
import { llamaLogits } from './llama';

const root = resolve(import.meta.dirname, '../..');
const python = process.env['ARKLET_PYTHON'] ?? join(root, '.cache/venv/bin/python');
const folder = join(root, '.cache/oracle-exports');
mkdirSync(folder, { recursive: true });

it('has the bytes of gguf-py’s quantiser', async () => {
  const key = hashKey('quantise', 0);
  // Sizes over many orders of magnitude, a block of zeros among them.
  const values = Float32Array.from({ length: 256 * 64 }, (_, i) =>
    i < 32 ? 0 : (2 * uniform(key, i) - 1) * 10 ** ((i % 13) - 6),
  );
  writeFileSync(join(folder, 'values.f32'), values);
  writeFileSync(join(folder, 'q8_0.bin'), ggufBlocksOf(values, 'Q8_0'));
  writeFileSync(join(folder, 'q4_0.bin'), ggufBlocksOf(values, 'Q4_0'));
  await promisify(execFile)(python, [join(root, 'tests/oracle/exports.py'), 'quantise', folder]);
  expect(JSON.parse(readFileSync(join(folder, 'python.json'), 'utf8'))).toEqual({ q8_0: 0, q4_0: 0 });
});

it('is loaded by peft, whatever ranks and alphas the adapter had where it came from', async () => {
  const place = join(folder, 'peft');
  rmSync(place, { recursive: true, force: true });
  const names = ['rank 1', 'rank 64', 'rank-stabilised', 'one layer', 'ranks by pattern', 'alphas by pattern', 'ranks and alphas by pattern, rank-stabilised']; // prettier-ignore
  const model = await loadTiny(safetensorsFolder((await tinyTensors()).values()));
  for (const name of names) {
    const adapter = await loadAdapter(model, new MemorySource(await tinyAdapter(name)), { owner: 'test' });
    mkdirSync(join(place, name), { recursive: true });
    for (const [file, bytes] of await writePeft(model.backend, adapter, 'base'))
      writeFileSync(join(place, name, file), bytes);
  }
  await promisify(execFile)(python, ['-W', 'ignore', join(root, 'tests/oracle/exports.py'), 'peft', place]);
  const found = JSON.parse(readFileSync(join(place, 'python.json'), 'utf8')) as Record<string, number>;
  expect(Object.keys(found).sort()).toEqual([...names].sort());
  for (const name of names) expect(found[name], name).toBeLessThan(1e-5);
});

it('is loaded by llama.cpp with logits near those of the base, the nearer the more bits', async () => {
  const source = await NodeSource.open(join(root, '.cache/smollm2-hf'));
  const backend = await createWasmBackend();
  const model = await loadModel(source, backend, { owner: 'exports', maxContext: 64 });
  const tokenizer = await loadTokenizer(source, { eosIds: model.config.eosIds });
  const ids = tokenizer.encode('Tom has 4 pens and buys 3 more. How many pens has he now?');
  const fresh = createAdapter(model, { ...defaultLora, rank: 1 }, { seed: 0, owner: 'exports' });
  const adapter = new MemorySource(await writePeft(backend, fresh, 'base'));
  releaseAdapter(backend, fresh);
  const plain = await forwardLogits(model, ids);
  const near: number[] = [];
  for (const format of ['ollama', 'gguf-q4_0'] as const) {
    const files = await exportCommand({ model, source, adapter, baseModel: 'base', format });
    for (const [name, bytes] of files) writeFileSync(join(folder, name), bytes);
    near.push(compare(await llamaLogits(join(folder, 'model.gguf'), ids, null), plain).cosine);
  }
  unloadModel(model);
  console.log(JSON.stringify({ cosines: near }));
  expect(near[0]).toBeGreaterThan(0.999);
  expect(near[1]).toBeGreaterThan(0.95);
  expect(near[0]).toBeGreaterThan(near[1]!);
  expect(readFileSync(join(folder, 'Modelfile'), 'utf8')).toContain('PARAMETER stop "<|im_end|>"');
});
