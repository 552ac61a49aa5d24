/** Adapters of mlx_lm and llama.cpp, and peft's with ranks and alphas by module: read again, written again, the same logits. */
import { describe, expect, it } from 'vitest';
import { createReferenceBackend } from '../../../src/compute/referenceBackend';
import { MemorySource } from '../../../src/core/fileSource';
import { forwardLogits } from '../../../src/lm/forward';
import type { LoraAdapter } from '../../../src/lm/types';
import { loadAdapter, readPeft, writePeft } from '../../../src/train/adapterFiles';
import { writeGgufAdapter } from '../../../src/train/ggufAdapter';
import { writeGguf } from '../../../src/train/ggufWriter';
import { writeMlxAdapter } from '../../../src/train/mlxAdapter';
import { containing, maxError, someText } from '../lm/fixtures';
import {
  cases,
  loadTiny,
  safetensorsFolder,
  tinyAdapter,
  tinyTensors,
  wantedLogits,
} from '../lm/loadingGolden';
import { loadGolden } from './golden';

const near = 2e-4;
const tiny = async () => loadTiny(safetensorsFolder((await tinyTensors()).values()));
const encode = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

/** What another file of the same adapter makes of the ids, with peft's logits as the measure. */
async function errorOf(
  name: string,
  write: (model: Awaited<ReturnType<typeof tiny>>, adapter: LoraAdapter) => Promise<MemorySource>,
): Promise<number> {
  const model = await tiny();
  const adapter = await loadAdapter(model, new MemorySource(await tinyAdapter(name)), { owner: 'test' });
  const again = await loadAdapter(model, await write(model, adapter), { owner: 'again' });
  return maxError(await forwardLogits(model, cases.ids, again), await wantedLogits(`adapter.${name}`), near);
}

describe.each(['rank 1', 'rank-stabilised', 'one layer', 'ranks and alphas by pattern, rank-stabilised'])(
  'an adapter that peft trained with %s',
  (name) => {
    it('gives peft’s logits from a PEFT folder of ours', async () => {
      const write = async ({ backend }: Awaited<ReturnType<typeof tiny>>, adapter: LoraAdapter) =>
        new MemorySource(await writePeft(backend, adapter, 'base'));
      expect(await errorOf(name, write)).toBeLessThanOrEqual(1);
    });

    it('gives peft’s logits from a folder of mlx_lm', async () => {
      const write = async ({ backend }: Awaited<ReturnType<typeof tiny>>, adapter: LoraAdapter) =>
        new MemorySource(await writeMlxAdapter(backend, adapter, 'base'));
      expect(await errorOf(name, write)).toBeLessThanOrEqual(1);
    });

    it('gives peft’s logits from a GGUF adapter, whose heads llama.cpp rotates otherwise', async () => {
      const write = async (model: Awaited<ReturnType<typeof tiny>>, adapter: LoraAdapter) =>
        new MemorySource([['a.gguf', await writeGgufAdapter(model.backend, model.config, adapter)]]);
      expect(await errorOf(name, write)).toBeLessThanOrEqual(1);
    });
  },
);

it.each(['qwen2', 'qwen3'] as const)('a GGUF adapter of %s keeps its heads as they are', async (family) => {
  const backend = createReferenceBackend();
  const golden = await loadGolden(backend, family);
  const adapter = golden.adapter();
  const file = await writeGgufAdapter(backend, golden.model.config, adapter);
  const again = await loadAdapter(golden.model, new MemorySource([['a.gguf', file]]), { owner: 'again' });
  const ids = golden.documents[0]!.ids;
  const ours = await forwardLogits(golden.model, ids, again);
  expect(maxError(ours, await forwardLogits(golden.model, ids, adapter), 1e-5)).toBeLessThanOrEqual(1);
});

describe('is refused in words', () => {
  async function mlx(change: object): Promise<MemorySource> {
    const backend = createReferenceBackend();
    const golden = await loadGolden(backend, 'llama');
    const files = await writeMlxAdapter(backend, golden.adapter(), 'base');
    const config = JSON.parse(new TextDecoder().decode(files.get('adapter_config.json'))) as object;
    files.set('adapter_config.json', encode({ ...config, ...change }));
    return new MemorySource(files);
  }

  it.each([
    ['DoRA of mlx_lm', { fine_tune_type: 'dora' }, 'kind dora'],
    ['a full fine-tuning', { fine_tune_type: 'full' }, 'kind full'],
    ['no scale', { lora_parameters: { rank: 3 } }, 'no lora_parameters with a scale'],
    ['a scale that is none', { lora_parameters: { scale: 'x' } }, 'no lora_parameters with a scale'],
  ])('%s', async (_, change, part) => {
    await expect(readPeft(await mlx(change))).rejects.toMatchObject({
      message: containing(part),
      hint: someText,
    });
  });

  it('a GGUF that is a model, and one without its alpha', async () => {
    const gguf = (meta: readonly (readonly [string, string])[]) =>
      new MemorySource([
        [
          'm.gguf',
          writeGguf(new Map(meta.map(([key, value]) => [key, { type: 'string', value }] as const)), []),
        ],
      ]);
    await expect(readPeft(gguf([['general.type', 'model']]))).rejects.toMatchObject({
      message: containing('no LoRA adapter'),
    });
    const bare = gguf([
      ['general.type', 'adapter'],
      ['adapter.type', 'lora'],
    ]);
    await expect(readPeft(bare)).rejects.toMatchObject({ message: containing('does not say its alpha') });
  });

  it('a tensor that is no matrix of a known linear', async () => {
    const source = await mlx({});
    const files = new Map<string, Uint8Array<ArrayBuffer>>();
    for (const name of await source.list())
      files.set(name, await source.read(name, 0, await source.size(name)));
    const text = Buffer.from(files.get('adapters.safetensors')!).toString('latin1');
    const changed = text.replace('layers.0.mlp.up_proj.lora_a', 'layers.0.mlp.no_proj.lora_a');
    const renamed = new Uint8Array(Buffer.from(changed, 'latin1'));
    await expect(
      readPeft(new MemorySource([...files, ['adapters.safetensors', renamed]])),
    ).rejects.toMatchObject({ message: containing('no_proj') });
  });
});
