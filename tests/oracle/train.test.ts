/**
 * Training on the real SmolLM2-135M, on the WASM path, against PyTorch + peft; its adapter in peft and in llama.cpp.
 * scripts/oracle/fetch-smollm2.py makes the model folder.
 */
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NodeSource } from '../../scripts/lib/nodeSource';
import type { Backend } from '../../src/compute/ops';
import { createWasmBackend } from '../../src/compute/wasmBackend';
import { adapterTensors, createAdapter, releaseAdapter } from '../../src/lm/adapter';
import { forwardLogits } from '../../src/lm/forward';
import { loadModel, unloadModel } from '../../src/lm/load';
import { openSafetensors, readHeader, readTensor } from '../../src/lm/safetensors';
import { loadTokenizer } from '../../src/lm/tokenizer';
import type { LanguageModel, Tokenizer } from '../../src/lm/types';
import { loadAdapter, writePeft } from '../../src/train/adapterFiles';
import { parseRows, tokeniseRow } from '../../src/train/batch';
import { exportCommand, gradCommand, trainCommand } from '../../src/train/commands';
import type { GradResult, TrainCommandResult } from '../../src/train/commands';
import { mergedGguf } from '../../src/train/mergedGguf';
import { defaultLora } from '../../src/train/options';
import { compare } from '../unit/train/golden';
import { llamaLogits } from './llama';

const root = resolve(import.meta.dirname, '../..');
const python = join(root, '.cache/venv/bin/python');
const base = join(root, '.cache/smollm2-hf');
const folder = join(root, '.cache/oracle-train');
const settings = { steps: 3, batch: 2, lr: 2e-3 };
const run = promisify(execFile);

const rows = [
  ['Tom has 4 pens and buys 3 more. How many pens has he?', '4 + 3 = 7. The answer is 7.'],
  [
    'A bag holds 5 apples. Ann buys 2 bags and eats 1 apple. How many are left?',
    '2 * 5 = 10. 10 - 1 = 9. #### 9',
  ],
  ['Name a colour.', 'Blue.'],
  ['12 sweets are shared by 4 children. How many does each get?', '12 / 4 = 3, so each child gets 3 sweets.'],
].map(([question, reply]) => ({
  messages: [
    { role: 'user', content: question! },
    { role: 'assistant', content: reply! },
  ],
}));
const data = rows.map((row) => JSON.stringify(row)).join('\n');

function save(name: string, files: ReadonlyMap<string, Uint8Array>): void {
  mkdirSync(join(folder, name), { recursive: true });
  for (const [file, bytes] of files) writeFileSync(join(folder, name, file), bytes);
}

interface Torch {
  readonly loss: number;
  readonly ids: number[];
  readonly losses: number[];
}

describe('SmolLM2-135M', () => {
  let backend: Backend;
  let model: LanguageModel;
  let tokenizer: Tokenizer;
  let grad: GradResult;
  let trained: TrainCommandResult;
  let ids: readonly number[];
  let torch: Promise<Torch> | null = null;

  /** What PyTorch makes of the same start, rows and settings; run once. */
  function pyTorch(): Promise<Torch> {
    // On a busy machine threads that spin while they wait cost minutes.
    const env = { ...process.env, OMP_WAIT_POLICY: 'PASSIVE' };
    torch ??= run(python, [join(root, 'tests/oracle/train.py'), folder], { env }).then(
      () => JSON.parse(readFileSync(join(folder, 'torch.json'), 'utf8')) as Torch,
    );
    return torch;
  }

  beforeAll(async () => {
    await run(python, [join(root, 'scripts/oracle/fetch-smollm2.py')]);
    rmSync(folder, { recursive: true, force: true });
    const source = await NodeSource.open(base);
    backend = await createWasmBackend();
    model = await loadModel(source, backend, { maxContext: 256 });
    tokenizer = await loadTokenizer(source);
    const lora = { ...defaultLora, rank: 8, alpha: 16 };
    const start = createAdapter(model, lora, { seed: 1, owner: 'test' });
    const params = await backend.read(start.params);
    for (const { part, offset, rows: count, cols } of adapterTensors(start)) {
      if (part === 'B') for (let i = offset; i < offset + count * cols; i++) params[i] = Math.sin(i) / 50;
    }
    backend.write(start.params, params);
    save('start', await writePeft(backend, start, base));
    releaseAdapter(backend, start);
    const adapter = await NodeSource.open(join(folder, 'start'));
    grad = await gradCommand({ model, tokenizer, data, adapter });
    const { steps, batch, lr } = settings;
    trained = await trainCommand({
      model,
      tokenizer,
      data,
      baseModel: base,
      initAdapter: adapter,
      options: { steps, batch, lr, scheduler: 'constant', order: 'file' },
    });
    save('end', trained.files);
    writeFileSync(join(folder, 'grad.safetensors'), grad.gradients);
    writeFileSync(join(folder, 'rows.jsonl'), data);
    writeFileSync(join(folder, 'settings.json'), JSON.stringify(settings));
    ids = tokeniseRow(tokenizer, parseRows(data)[0]!).ids;
  }, 900_000);

  afterAll(() => {
    if (model) unloadModel(model);
    backend?.dispose();
    rmSync(folder, { recursive: true, force: true });
  });

  it('has the loss and, at cosine 0.9999, the LoRA gradients of all 30 layers', async () => {
    const { loss } = await pyTorch();
    expect(Math.abs(grad.loss - loss)).toBeLessThan(1e-4);
    const source = await NodeSource.open(folder);
    const ours = await readHeader(source, 'grad.safetensors');
    const theirs = await readHeader(source, 'torch.safetensors');
    expect(ours.tensors.size).toBe(30 * 7 * 2);
    let worst = 1;
    for (const [name, entry] of ours.tensors) {
      const reference = await readTensor(source, theirs.tensors.get(name)!);
      const { cosine } = compare(await readTensor(source, entry), reference);
      worst = Math.min(worst, cosine);
      expect(cosine, name).toBeGreaterThan(0.9999);
    }
    console.log(`lowest cosine ${worst}, loss ${grad.loss} against ${loss}`);
  }, 1_800_000);

  it('has the loss of 3 AdamW steps within 1e-3', async () => {
    const { losses } = await pyTorch();
    trained.logs.forEach(({ loss }, step) => expect(Math.abs(loss - losses[step]!)).toBeLessThan(1e-3));
    expect(losses[2]!).toBeLessThan(losses[0]!);
  });

  it('gives an adapter that loads in peft with equal logits', async () => {
    expect((await pyTorch()).ids).toEqual(ids);
    const source = await NodeSource.open(folder);
    const theirs = await readTensor(
      source,
      (await readHeader(source, 'torch.safetensors')).tensors.get('logits')!,
    );
    const adapter = await loadAdapter(model, await NodeSource.open(join(folder, 'end')), { owner: 'test' });
    const ours = await forwardLogits(model, ids, adapter);
    releaseAdapter(backend, adapter);
    let worst = 0;
    theirs.forEach((value, i) => (worst = Math.max(worst, Math.abs(value - ours[i]!))));
    expect(worst).toBeLessThan(2e-3);
  });

  it('gives GGUF files, adapter and merged model, that llama.cpp loads with equal logits', async () => {
    const adapter = await NodeSource.open(join(folder, 'end'));
    const source = await NodeSource.open(base);
    const shared = { model, source, adapter, baseModel: base };
    save('gguf', await exportCommand({ ...shared, format: 'gguf-adapter' }));
    const llama = (gguf: string, lora: string | null) => llamaLogits(gguf, ids, lora);
    const loaded = await loadAdapter(model, adapter, { owner: 'test' });
    const ours = await forwardLogits(model, ids, loaded);
    const plain = await forwardLogits(model, ids);
    releaseAdapter(backend, loaded);

    const file = join(folder, 'gguf/model.gguf');
    save('gguf', new Map([['model.gguf', await mergedGguf(model, null, { format: 'f32', source })]]));
    const without = compare(await llama(file, null), plain);
    const beside = compare(await llama(file, join(folder, 'gguf/adapter.gguf')), ours);
    save('gguf', await exportCommand({ ...shared, format: 'gguf', weights: 'f16' }));
    const merged = compare(await llama(file, null), ours);
    console.log(JSON.stringify({ without, beside, merged, adapter: compare(plain, ours) }));
    for (const { cosine, relative } of [without, beside, merged]) {
      expect(cosine).toBeGreaterThan(0.9999);
      expect(relative).toBeLessThan(0.01);
    }
    // The adapter says something: without it the logits are elsewhere.
    expect(compare(plain, ours).cosine).toBeLessThan(0.99);
  }, 1_800_000);

  it('gives merged safetensors whose tensors are those of the base plus the update', async () => {
    const source = await NodeSource.open(base);
    const adapter = await NodeSource.open(join(folder, 'end'));
    const files = await exportCommand({
      model,
      source,
      adapter,
      baseModel: base,
      format: 'merged',
      weights: 'f16',
    });
    expect([...files.keys()]).toEqual(
      expect.arrayContaining(['model.safetensors', 'config.json', 'tokenizer.json']),
    );
    save('merged', files);
    const { tensors } = await openSafetensors(await NodeSource.open(join(folder, 'merged')));
    const own = await openSafetensors(source);
    expect([...tensors.keys()].sort()).toEqual([...own.tensors.keys()].sort());
  });
});
