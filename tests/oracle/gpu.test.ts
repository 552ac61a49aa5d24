/**
 * SmolLM2-135M on WebGPU in headless Chromium, by the `lm` command, against transformers and peft in f32 on the same
 * weights. The references are made by lm.py and train.py; the GGUF's Q4_1 and Q8_0 blocks stay packed on the GPU, and
 * the model folder holds the same numbers dequantised.
 */
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NodeSource } from '../../scripts/lib/nodeSource';
import { createWasmBackend } from '../../src/compute/wasmBackend';
import { loadModel, unloadModel } from '../../src/lm/load';
import { readHeader, readTensor, writeSafetensors } from '../../src/lm/safetensors';
import { loadTokenizer } from '../../src/lm/tokenizer';
import { compare } from '../unit/train/golden';

const root = resolve(import.meta.dirname, '../..');
const folder = join(root, '.cache/oracle-gpu');
const models = {
  gguf: join(root, '.cache/smollm2/SmolLM2-135M-Instruct.Q4_1.gguf'),
  folder: join(root, '.cache/smollm2-hf'),
} as const;
const run = promisify(execFile);
// On a busy machine threads that spin while they wait cost minutes.
const env = { ...process.env, OMP_WAIT_POLICY: 'PASSIVE' };
const settings = { steps: 3, batch: 1, lr: 2e-3 };
const minutes = 60_000;

/** Short, and with a system message of their own: the template's default one is longer than they are. */
const rows = [
  ['4 + 3?', '4 + 3 = 7.'],
  ['9 - 5?', '9 - 5 = 4.'],
].map(([question, reply]) => ({
  messages: [
    { role: 'system', content: 'Add.' },
    { role: 'user', content: question! },
    { role: 'assistant', content: reply! },
  ],
}));

async function python(script: string, ...args: string[]): Promise<void> {
  const file = process.env['ARKLET_PYTHON'] ?? join(root, '.cache/venv/bin/python');
  await run(file, [join(root, script), ...args], { env });
}

/** The document that `npm run -s lm -- ARGS --device chromium` prints. */
async function lm<T>(...args: string[]): Promise<T> {
  const began = performance.now();
  const command = [join(root, 'scripts/cli.mjs'), 'lm', ...args, '--device', 'chromium'];
  const { stdout } = await run(process.execPath, command, { cwd: root });
  console.log(`lm ${args[0]}: ${((performance.now() - began) / 1000).toFixed(0)} s`);
  return JSON.parse(stdout) as T;
}

/** float32 values of an .npy file of version 1. */
function readNpy(file: string): Float32Array {
  const bytes = readFileSync(file);
  return new Float32Array(Uint8Array.from(bytes.subarray(10 + bytes.readUInt16LE(8))).buffer);
}

function greatestDifference(a: Float32Array, b: Float32Array): number {
  expect(a.length).toBe(b.length);
  let worst = 0;
  // Math.max keeps a NaN, so that the comparison with the bound fails.
  for (let i = 0; i < a.length; i++) worst = Math.max(worst, Math.abs(a[i]! - b[i]!));
  return worst;
}

/** The likeliest token of each of `count` rows. */
function likeliest(logits: Float32Array, count: number): number[] {
  const vocab = logits.length / count;
  return Array.from({ length: count }, (_, row) => {
    const values = logits.subarray(row * vocab, (row + 1) * vocab);
    return values.indexOf(values.reduce((most, x) => Math.max(most, x), -Infinity));
  });
}

/** A PEFT folder of rank 4 on every linear, neither matrix zero, so that every gradient says something. */
function writeStart(): void {
  const config = JSON.parse(readFileSync(join(models.folder, 'config.json'), 'utf8')) as Record<
    string,
    number
  >;
  const width = config['hidden_size']!;
  const heads = config['num_attention_heads']!;
  const keys = (config['num_key_value_heads']! * width) / heads;
  const inner = config['intermediate_size']!;
  const rank = 4;
  const linears = [
    ['self_attn.q_proj', width, width],
    ['self_attn.k_proj', width, keys],
    ['self_attn.v_proj', width, keys],
    ['self_attn.o_proj', width, width],
    ['mlp.gate_proj', width, inner],
    ['mlp.up_proj', width, inner],
    ['mlp.down_proj', inner, width],
  ] as const;
  let phase = 0;
  const wave = (size: number, scale: number) =>
    Float32Array.from({ length: size }, () => scale * Math.sin(1.7 * (phase = (phase + 1) % 100_003) ** 1.3));
  const tensors = Array.from({ length: config['num_hidden_layers']! }, (_, layer) =>
    linears.flatMap(([name, input, output]) => {
      const base = `base_model.model.model.layers.${layer}.${name}`;
      const f32 = 'F32' as const;
      return [
        {
          name: `${base}.lora_A.weight`,
          dtype: f32,
          shape: [rank, input],
          data: wave(rank * input, 1 / Math.sqrt(input)),
        },
        { name: `${base}.lora_B.weight`, dtype: f32, shape: [output, rank], data: wave(output * rank, 0.02) },
      ];
    }),
  ).flat();
  mkdirSync(join(folder, 'start'), { recursive: true });
  writeFileSync(join(folder, 'start/adapter_model.safetensors'), writeSafetensors(tensors));
  const adapter = {
    peft_type: 'LORA',
    task_type: 'CAUSAL_LM',
    base_model_name_or_path: models.folder,
    r: rank,
    lora_alpha: 2 * rank,
    lora_dropout: 0,
    bias: 'none',
    target_modules: linears.map(([name]) => name.split('.')[1]),
  };
  writeFileSync(join(folder, 'start/adapter_config.json'), JSON.stringify(adapter));
}

describe('SmolLM2-135M on WebGPU', () => {
  let golden: { ids: number[]; reply: number[] };
  let logits: Float32Array;

  beforeAll(async () => {
    await python('scripts/oracle/fetch-smollm2.py');
    await python('tests/oracle/lm.py');
    const made = join(root, '.cache/smollm2-golden');
    golden = JSON.parse(readFileSync(join(made, 'golden.json'), 'utf8')) as typeof golden;
    logits = readNpy(join(made, 'logits.npy'));
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
  }, 30 * minutes);

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('keeps the GGUF’s linears in 4 bits and its embedding in 8, as the loader asks of every backend', async () => {
    const backend = await createWasmBackend();
    const model = await loadModel(await NodeSource.open(models.gguf), backend, { maxContext: 64 });
    const { embed, layers } = model;
    expect(embed.format).toBe('q8');
    expect(layers).toHaveLength(30);
    for (const { qkv, o, gateUp, down } of layers)
      expect([qkv, o, gateUp, down].map(({ format }) => format)).toEqual(['q4', 'q4', 'q4', 'q4']);
    unloadModel(model);
    backend.dispose();
  });

  it.each([
    ['in f32', 'folder'],
    ['with its 4-bit and 8-bit blocks kept packed', 'gguf'],
  ] as const)(
    'gives, %s, the logits of a 64-token prompt within 2e-3 and the same likeliest tokens',
    async (_, kind) => {
      const out = join(folder, `${kind}.npy`);
      await lm('logits', '--model', models[kind], '--ids', golden.ids.join(','), '--out', out);
      const got = readNpy(out);
      const worst = greatestDifference(got, logits);
      console.log(`${kind}: greatest difference of logits ${worst}`);
      expect(golden.ids).toHaveLength(64);
      expect(worst).toBeLessThan(2e-3);
      expect(likeliest(got, 64)).toEqual(likeliest(logits, 64));
    },
    10 * minutes,
  );

  it(
    'continues the prompt greedily by the same 24 tokens',
    async () => {
      const tokenizer = await loadTokenizer(await NodeSource.open(models.folder));
      const prompt = tokenizer.decode(golden.ids);
      expect(tokenizer.encode(prompt)).toEqual(golden.ids);
      const { completions } = await lm<{ completions: { ids: number[] }[] }>(
        ...['generate', '--model', models.folder, '--prompt', prompt, '--max-tokens', '24'],
      );
      expect(completions[0]!.ids).toEqual(golden.reply);
      expect(golden.reply).toHaveLength(24);
    },
    10 * minutes,
  );

  describe('trained with LoRA on all linears', () => {
    let grad: { loss: number };
    let losses: number[];
    let torch: { loss: number; ids: number[]; losses: number[] };

    beforeAll(async () => {
      writeStart();
      const data = join(folder, 'rows.jsonl');
      writeFileSync(data, rows.map((row) => JSON.stringify(row)).join('\n'));
      writeFileSync(join(folder, 'settings.json'), JSON.stringify(settings));
      const start = join(folder, 'start');
      const shared = ['--model', models.folder, '--data', data];
      const gradients = join(folder, 'grad.safetensors');
      grad = await lm('grad', ...shared, '--adapter', start, '--out', gradients);
      const trained = join(folder, 'trained');
      await lm(
        ...['train', ...shared, '--init-adapter', start, '--out', trained],
        ...['--scheduler', 'constant', '--order', 'file'],
        ...Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]),
      );
      losses = readFileSync(join(trained, 'log.jsonl'), 'utf8')
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as { loss: number }).loss);
      cpSync(join(trained, 'adapter'), join(folder, 'end'), { recursive: true });
      await python('tests/oracle/train.py', folder);
      torch = JSON.parse(readFileSync(join(folder, 'torch.json'), 'utf8')) as typeof torch;
    }, 30 * minutes);

    it('has peft’s loss and, at cosine 0.9999, its LoRA gradients of all 30 layers', async () => {
      expect(Math.abs(grad.loss - torch.loss)).toBeLessThan(1e-3);
      const source = await NodeSource.open(folder);
      const ours = await readHeader(source, 'grad.safetensors');
      const theirs = await readHeader(source, 'torch.safetensors');
      expect(ours.tensors.size).toBe(30 * 7 * 2);
      let worst = 1;
      for (const [name, entry] of ours.tensors) {
        const reference = await readTensor(source, theirs.tensors.get(name)!);
        const { cosine } = compare(await readTensor(source, entry), reference);
        worst = Math.min(worst, cosine);
        expect(cosine, name).toBeGreaterThanOrEqual(0.9999);
      }
      console.log(`lowest cosine ${worst}, loss ${grad.loss} against ${torch.loss}`);
    });

    it('has the loss of 3 AdamW steps within 1e-3', () => {
      console.log(`losses ${losses.join(', ')} against ${torch.losses.join(', ')}`);
      expect(losses).toHaveLength(3);
      losses.forEach((loss, step) => expect(Math.abs(loss - torch.losses[step]!)).toBeLessThan(1e-3));
      expect(torch.losses[2]!).toBeLessThan(torch.losses[0]!);
    });

    it(
      'leaves an adapter that loads in peft with equal logits',
      async () => {
        const out = join(folder, 'end.npy');
        const ids = torch.ids.join(',');
        await lm(
          'logits',
          '--model',
          models.folder,
          '--adapter',
          join(folder, 'end'),
          '--ids',
          ids,
          '--out',
          out,
        );
        const source = await NodeSource.open(folder);
        const { tensors } = await readHeader(source, 'torch.safetensors');
        const reference = await readTensor(source, tensors.get('logits')!);
        const worst = greatestDifference(readNpy(out), Float32Array.from(reference));
        console.log(`trained adapter: greatest difference of logits ${worst}`);
        expect(worst).toBeLessThan(2e-3);
      },
      10 * minutes,
    );
  });
});
