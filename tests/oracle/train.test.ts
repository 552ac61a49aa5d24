/**
 * Training on the real SmolLM2-135M, on the WASM path, against PyTorch + peft; its adapter in peft and in llama.cpp.
 * scripts/oracle/fetch-smollm2.py makes the model folder.
 */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NodeSource } from '../../scripts/nodeSource';
import type { Backend } from '../../src/compute/ops';
import { createWasmBackend } from '../../src/compute/wasmBackend';
import { adapterTensors, createAdapter, releaseAdapter } from '../../src/lm/adapter';
import { forwardLogits } from '../../src/lm/forward';
import { loadModel, unloadModel } from '../../src/lm/load';
import { openSafetensors, readHeader, readTensor } from '../../src/lm/safetensors';
import { loadTokenizer } from '../../src/lm/tokenizer';
import type { LanguageModel, Tokenizer } from '../../src/lm/types';
import { loadAdapter, writePeft } from '../../src/train/adapterFiles';
import { exportCommand, gradCommand, trainCommand } from '../../src/train/commands';
import type { GradResult, TrainCommandResult } from '../../src/train/commands';
import { defaultLora } from '../../src/train/options';
import { compare } from '../unit/train/golden';

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

/** float32 [rows, vocab] of an .npy file of version 1. */
function readNpy(file: string): Float32Array {
  const bytes = readFileSync(join(folder, file));
  return new Float32Array(Uint8Array.from(bytes.subarray(10 + bytes.readUInt16LE(8))).buffer);
}

describe('SmolLM2-135M', () => {
  let backend: Backend;
  let model: LanguageModel;
  let tokenizer: Tokenizer;
  let grad: GradResult;
  let trained: TrainCommandResult;
  let torch: { loss: number; ids: number[]; losses: number[] };

  beforeAll(async () => {
    if (!existsSync(join(base, 'model.safetensors')))
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
    await run(python, [join(root, 'tests/oracle/train.py'), folder]);
    torch = JSON.parse(readFileSync(join(folder, 'torch.json'), 'utf8')) as typeof torch;
  }, 900_000);

  afterAll(() => {
    if (model) unloadModel(model);
    backend?.dispose();
    if (process.env['KEEP_ORACLE'] === undefined) rmSync(folder, { recursive: true, force: true });
  });

  it('has the loss and, at cosine 0.9999, the LoRA gradients of all 30 layers', async () => {
    expect(Math.abs(grad.loss - torch.loss)).toBeLessThan(1e-4);
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
    console.log(`lowest cosine ${worst}, loss ${grad.loss} against ${torch.loss}`);
  });

  it('has the loss of 3 AdamW steps within 1e-3', () => {
    trained.logs.forEach(({ loss }, step) => expect(Math.abs(loss - torch.losses[step]!)).toBeLessThan(1e-3));
    expect(torch.losses[2]!).toBeLessThan(torch.losses[0]!);
  });

  it('gives an adapter that loads in peft with equal logits', async () => {
    const source = await NodeSource.open(folder);
    const theirs = await readTensor(
      source,
      (await readHeader(source, 'torch.safetensors')).tensors.get('logits')!,
    );
    const adapter = await loadAdapter(model, await NodeSource.open(join(folder, 'end')), { owner: 'test' });
    const ours = await forwardLogits(model, torch.ids, adapter);
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
    save('gguf', await exportCommand({ ...shared, format: 'gguf', weights: 'f32' }));
    writeFileSync(join(folder, 'ids.json'), JSON.stringify(torch.ids));
    const llama = async (gguf: string, lora: string): Promise<Float32Array> => {
      const script = join(root, 'tests/oracle/llama.py');
      await run(python, [script, gguf, lora, join(folder, 'ids.json'), join(folder, 'llama.npy')]);
      return readNpy('llama.npy');
    };
    const loaded = await loadAdapter(model, adapter, { owner: 'test' });
    const ours = await forwardLogits(model, torch.ids, loaded);
    const plain = await forwardLogits(model, torch.ids);
    releaseAdapter(backend, loaded);

    const merged = compare(await llama(join(folder, 'gguf/model.gguf'), '-'), ours);
    expect(merged.cosine).toBeGreaterThan(0.99999);
    expect(merged.relative).toBeLessThan(5e-3);
    // The adapter beside the 4-bit base that the weights come from; llama.cpp rounds activations to 8 bits there.
    const quantised = join(root, '.cache/smollm2/SmolLM2-135M-Instruct.Q4_1.gguf');
    const beside = compare(await llama(quantised, join(folder, 'gguf/adapter.gguf')), ours);
    const without = compare(await llama(quantised, '-'), plain);
    expect(without.cosine).toBeGreaterThan(0.999);
    expect(beside.cosine).toBeGreaterThan(0.999);
    expect(compare(ours, plain).cosine).toBeLessThan(0.99);
    console.log(`llama.cpp: merged ${JSON.stringify(merged)}, beside 4-bit ${JSON.stringify(beside)}`);
  });

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
