/** SmolLM2-135M against transformers in f32 on the same dequantised weights (rung 3 of the proof ladder). */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NodeSource } from '../../scripts/nodeSource';
import type { Backend } from '../../src/compute/ops';
import { createWasmBackend } from '../../src/compute/wasmBackend';
import { Ledger } from '../../src/core/ledger';
import type { Message } from '../../src/records/records';
import { forwardLogits } from '../../src/lm/forward';
import { Generator } from '../../src/lm/generate';
import { loadModel } from '../../src/lm/load';
import { loadTokenizer } from '../../src/lm/tokenizer';
import type { LanguageModel } from '../../src/lm/types';
import { cpuSizer } from '../../src/models/engineMemory';
import { runWork } from '../unit/models/memoryWork';

const root = join(import.meta.dirname, '../..');
const places = {
  gguf: join(root, '.cache/smollm2/SmolLM2-135M-Instruct.Q4_1.gguf'),
  folder: join(root, '.cache/smollm2-hf'),
} as const;

interface Golden {
  texts: string[];
  textIds: number[][];
  chat: { messages: Message[]; text: string; ids: number[] }[];
  ids: number[];
  reply: number[];
  replyText: string;
}
let golden: Golden;
let logits: Float32Array;

function python(script: string): void {
  const file = process.env['ARKLET_PYTHON'] ?? join(root, '.cache/venv/bin/python');
  const { status, stderr } = spawnSync(file, [join(root, script)], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${script} failed: ${stderr.slice(-2000)}`);
}

beforeAll(() => {
  python('scripts/oracle/fetch-smollm2.py');
  python('tests/oracle/lm.py');
  const folder = join(root, '.cache/smollm2-golden');
  golden = JSON.parse(readFileSync(join(folder, 'golden.json'), 'utf8')) as Golden;
  const file = readFileSync(join(folder, 'logits.npy'));
  const start = 10 + file.readUInt16LE(8);
  logits = new Float32Array(file.buffer.slice(file.byteOffset + start, file.byteOffset + file.byteLength));
});

describe.each(['gguf', 'folder'] as const)('the tokenizer of SmolLM2 from its %s', (kind) => {
  it('gives transformers’ ids of hard strings and of the chat template', async () => {
    const tokenizer = await loadTokenizer(await NodeSource.open(places[kind]));
    expect(golden.texts.map((text) => tokenizer.encode(text))).toEqual(golden.textIds);
    for (const { messages, text, ids } of golden.chat) {
      expect(tokenizer.chatText(messages, { addGenerationPrompt: true })).toBe(text);
      expect(tokenizer.chatIds(messages, { addGenerationPrompt: true })).toEqual(ids);
    }
    expect(tokenizer.decode(golden.reply, { skipSpecial: true })).toBe(golden.replyText);
    // A GGUF ends replies by llama.cpp's names too (ggufTokens.test.ts): <|endoftext|> and <reponame>.
    expect(tokenizer.eosIds).toEqual(kind === 'folder' ? [2] : [2, 0, 4]);
    expect(tokenizer.eosId).toBe(2);
  });
});

describe.each(['gguf', 'folder'] as const)('SmolLM2 from its %s on the WASM backend', (kind) => {
  let backend: Backend;
  let model: LanguageModel;
  const ledger = new Ledger();
  beforeAll(async () => {
    backend = await createWasmBackend();
    model = await loadModel(await NodeSource.open(places[kind]), backend, { ledger, maxContext: 256 });
  });
  afterAll(() => backend.dispose());

  it('was loaded within three times its largest tensor and 8 MB', () => {
    expect(ledger.peak).toBeLessThan(3 * 49_152 * 576 * 4 + 8e6);
    expect(ledger.total).toBe(0);
    expect(model.embed.format).toBe(kind === 'gguf' ? 'q8' : 'f32');
  });

  it('gives transformers’ logits of a 64-token prompt within 2e-3 and the same likeliest tokens', async () => {
    const got = await forwardLogits(model, golden.ids);
    expect(got.length).toBe(logits.length);
    let worst = 0;
    for (let i = 0; i < got.length; i++) worst = Math.max(worst, Math.abs(got[i]! - logits[i]!));
    expect(worst).toBeLessThan(2e-3);
    const { vocab } = model.config;
    const top = (values: Float32Array, row: number) => {
      const slice = values.subarray(row * vocab, (row + 1) * vocab);
      return slice.indexOf(slice.reduce((most, x) => Math.max(most, x), -Infinity));
    };
    for (let row = 0; row < golden.ids.length; row++) expect(top(got, row)).toBe(top(logits, row));
  });

  it('continues it greedily by the same 24 tokens', async () => {
    const generator = new Generator(model, null, { maxSequences: 2 });
    const sampling = { temperature: 0, topP: 1, seed: 0, maxTokens: 24 };
    const { ids } = await generator.submit({ promptIds: golden.ids, sampling });
    expect(ids).toEqual(golden.reply);
    await generator.dispose();
  });
});

describe.each(['gguf', 'folder'] as const)("the planner's bytes for SmolLM2 from its %s", (kind) => {
  it("are within 10 % of the ledger's peak, answering two prompts and then training", async () => {
    const backend = await createWasmBackend();
    const training = { batch: 1, length: 24, response: 12 };
    const work = { sequences: 2, prompt: 24, reply: 2, training };
    const source = await NodeSource.open(places[kind]);
    const { planned, peak } = await runWork(backend, source, cpuSizer(1), work);
    backend.dispose();
    console.log(`SmolLM2 (${kind}): planned ${planned} bytes, held ${peak}`);
    // The file's 4 and 8 bits take 6 and 9 with their scales; the folder's f32 all of theirs.
    expect(peak).toBeGreaterThan((kind === 'gguf' ? 6 / 8 : 4) * 134e6);
    if (kind === 'gguf') expect(peak).toBeLessThan(2 * 134e6);
    expect(Math.abs(planned / peak - 1)).toBeLessThan(0.1);
  });
});
