/** Adapters as peft trains and saves them in many ways: its logits, or a refusal by name. Goldens: tests/golden/loading/make.py. */
import { describe, expect, it } from 'vitest';
import { NodeSource } from '../../../scripts/nodeSource';
import { MemorySource } from '../../../src/core/fileSource';
import { checkFits } from '../../../src/lm/adapter';
import { forwardLogits } from '../../../src/lm/forward';
import { writeSafetensors } from '../../../src/lm/safetensors';
import { loadAdapter, readPeft } from '../../../src/train/adapterFiles';
import { exportMerged } from '../../../src/train/merge';
import { parsePeftConfig } from '../../../src/train/peftConfig';
import { containing, maxError, someText } from '../lm/fixtures';
import {
  casePath,
  cases,
  loadTiny,
  safetensorsFolder,
  sharedCase,
  tinyAdapter,
  tinyLogits,
  tinyTensors,
  wantedLogits,
} from '../lm/loadingGolden';

const near = 2e-4;
const tiny = async () => loadTiny(safetensorsFolder((await tinyTensors()).values()));
const pissa = (part: string) => NodeSource.open(casePath('peft-init-pissa', part));

describe('an adapter that peft trained on', () => {
  it.each(Object.keys(cases.adapters))('%s gives peft’s logits, beside the base and merged', async (name) => {
    const model = await tiny();
    const source = new MemorySource(await tinyAdapter(name));
    const adapter = await loadAdapter(model, source, { owner: 'test' });
    const want = await wantedLogits(`adapter.${name}`);
    expect(maxError(await wantedLogits('plain'), want, near)).toBeGreaterThan(10);
    expect(maxError(await forwardLogits(model, cases.ids, adapter), want, near)).toBeLessThanOrEqual(1);
    const merged = new MemorySource(await exportMerged(model, adapter, { format: 'f32', source: null }));
    expect(maxError(await tinyLogits(merged), want, near)).toBeLessThanOrEqual(1);
  });

  it('some layers gives the logits of the shared case', async () => {
    const { ids, want } = sharedCase('peft-some-layers');
    const model = await loadTiny(await NodeSource.open(casePath('peft-some-layers', 'base')));
    const source = await NodeSource.open(casePath('peft-some-layers', 'adapter'));
    const adapter = await loadAdapter(model, source, { owner: 'test' });
    expect(maxError(await forwardLogits(model, ids, adapter), want(), near)).toBeLessThanOrEqual(1);
  });

  it('one layer fits its model, and not one that lacks this layer', async () => {
    const data = await readPeft(new MemorySource(await tinyAdapter('one layer as a number')));
    const { config } = await tiny();
    checkFits(config, data);
    expect(() => checkFits({ ...config, layers: 2 }, data)).toThrowError(
      expect.objectContaining({ code: 'model' }),
    );
  });

  it('all layers is refused where the file lacks a module that its config names', async () => {
    const { config } = await tiny();
    const all = await tinyAdapter('one layer', { layers_to_transform: [0, 1] });
    const data = await readPeft(new MemorySource(all));
    const error = { code: 'model', message: containing('layers.0.self_attn.q_proj') };
    expect(() => checkFits(config, data)).toThrowError(expect.objectContaining(error));
  });

  it('other modules than its config names is refused', async () => {
    const source = new MemorySource(await tinyAdapter('one layer', { layers_to_transform: [2] }));
    await expect(readPeft(source)).rejects.toMatchObject({
      code: 'model',
      message: containing('layers.1.self_attn'),
    });
  });
});

describe('an adapter is refused by name', () => {
  it.each([
    ['pissa', 'PiSSA'],
    ['pissa_niter_4', 'PiSSA'],
    ['olora', 'OLoRA'],
    ['alora', 'aLoRA'],
  ])('as peft wrote it: %s', (name, part) => {
    const error = { code: 'model', message: containing(part), hint: someText };
    expect(() => parsePeftConfig(cases.refused[name], 'x')).toThrowError(expect.objectContaining(error));
  });

  it('when it is the shared case', async () => {
    await expect(readPeft(await pissa('adapter'))).rejects.toMatchObject({ message: containing('PiSSA') });
  });

  it.each([
    [{ init_lora_weights: 'PiSSA_niter_16' }, 'PiSSA'],
    [{ init_lora_weights: 'corda' }, 'CorDA'],
    [{ init_lora_weights: 'loftq', loftq_config: { loftq_bits: 4 } }, 'LoftQ'],
    [{ init_lora_weights: 'something_new' }, 'something_new'],
    [{ use_dora: true }, 'DoRA'],
    [{ use_qalora: true }, 'QALoRA'],
    [{ use_bdlora: { nblocks: 2 } }, 'BD-LoRA'],
    [{ kasa_config: { beta: 1 } }, 'kasa'],
    [{ velora_config: { num_groups: 2 } }, 'velora'],
    [{ monteclora_config: {} }, 'monteclora'],
    [{ arrow_config: { top_k: 2 } }, 'arrow'],
    [{ use_newlora: true }, 'newlora'],
    [{ layer_replication: [[0, 2]] }, 'repeated layers'],
    [{ lora_bias: true }, 'biases'],
    [{ trainable_token_indices: [3] }, 'token embeddings'],
    [{ modules_to_save: ['lm_head'] }, 'lm_head'],
    [{ bias: 'lora_only' }, 'lora_only'],
    [{ rank_pattern: { q_proj: 8 } }, "is of rank 4, but the adapter's settings say 8"],
    [{ rank_pattern: { q_proj: 100_000 } }, 'rank 100000'],
    [{ alpha_pattern: { q_proj: 1e9 } }, '1000000000'],
    [{ alpha_pattern: { '(?i)q_proj': 12 } }, 'cannot be read'],
    [{ lora_alpha: 1e9 }, '1000000000'],
    [{ lora_alpha: 0 }, 'alpha 0'],
    [{ r: 100_000 }, 'rank 100000'],
    [{ r: 5 }, 'is [4, 16]'],
    [{ peft_type: 'IA3' }, 'IA3'],
  ])('for %o', async (change, part) => {
    const { config } = await tiny();
    const source = new MemorySource(await tinyAdapter('one layer', change));
    const reading = readPeft(source).then((data) => checkFits(config, data));
    await expect(reading).rejects.toMatchObject({ message: containing(part), hint: someText });
  });

  it.each([NaN, Infinity, -Infinity])('for %d among its weights', async (bad) => {
    const files = await tinyAdapter('one layer');
    const data = new Float32Array(64);
    data[17] = bad;
    const name = 'base_model.model.model.layers.1.self_attn.q_proj.lora_A.weight';
    files.set('adapter_model.safetensors', writeSafetensors([{ name, dtype: 'F32', shape: [4, 16], data }]));
    const error = { code: 'file-format', message: containing(String(bad)) };
    await expect(readPeft(new MemorySource(files))).rejects.toMatchObject(error);
  });

  it('for files that are none', async () => {
    const pointer = new TextEncoder().encode('version https://git-lfs.github.com/spec/v1\nsize 9\n');
    for (const file of ['adapter_config.json', 'adapter_model.safetensors']) {
      const files = await tinyAdapter('one layer');
      files.set(file, pointer);
      await expect(readPeft(new MemorySource(files))).rejects.toMatchObject({
        message: containing('Git LFS pointer'),
      });
    }
  });

  it.each(['(a+)+b', '(.*)*x', '.*.*.*.*.*.*.*.*.*x', '(?:x|x)*y'])(
    'and never searches for ever by a pattern such as %s',
    async (target_modules) => {
      const before = performance.now();
      const data = await readPeft(
        new MemorySource(await tinyAdapter('one layer', { target_modules, layers_to_transform: null })),
      );
      const { config } = await tiny();
      expect(() => checkFits(config, data)).toThrowError(expect.objectContaining({ code: 'model' }));
      expect(performance.now() - before).toBeLessThan(5000);
    },
  );
});

describe('initialisations that leave the base as it is', () => {
  it.each([true, false, null, 'gaussian', 'eva', 'orthogonal', 'lora_ga', 'mica'])(
    'are read: %s',
    async (start) => {
      const source = new MemorySource(
        await tinyAdapter('one layer', { init_lora_weights: start, eva_config: { rho: 2 } }),
      );
      expect((await readPeft(source)).config).toMatchObject({ rank: 4, alpha: 6 });
    },
  );
});
