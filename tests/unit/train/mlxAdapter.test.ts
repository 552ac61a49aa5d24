/** An adapter as mlx_lm reads it: its LoRALinear gives x W' + scale (x a) b (mlx_lm/tuner/lora.py). */
import { expect, it } from 'vitest';
import { createReferenceBackend } from '../../../src/compute/referenceBackend';
import { MemorySource } from '../../../src/core/fileSource';
import { loraScale, readAdapter } from '../../../src/lm/adapter';
import { readHeader, readTensor } from '../../../src/lm/safetensors';
import { writeMlxAdapter } from '../../../src/train/mlxAdapter';
import { loadGolden } from './golden';

it('holds a [in, r] and b [r, out] whose product is peft’s, and the scale of both', async () => {
  const backend = createReferenceBackend();
  const golden = await loadGolden(backend, 'llama');
  const adapter = golden.adapter();
  const files = await writeMlxAdapter(backend, adapter, 'some/base');
  const source = new MemorySource(files);
  const { tensors } = await readHeader(source, 'adapters.safetensors');
  const peft = await readAdapter(backend, adapter);
  expect(tensors.size).toBe(peft.size);
  for (const [name, { rows, cols, values }] of peft) {
    const mlx = name
      .replace('base_model.model.', '')
      .replace('.lora_A.weight', '.lora_a')
      .replace('.lora_B.weight', '.lora_b');
    const entry = tensors.get(mlx)!;
    expect(entry.shape).toEqual([cols, rows]);
    const held = await readTensor(source, entry);
    for (let row = 0; row < rows; row++)
      for (let col = 0; col < cols; col++) expect(held[col * rows + row]).toBe(values[row * cols + col]);
  }
  const config = JSON.parse(new TextDecoder().decode(files.get('adapter_config.json'))) as {
    lora_parameters: { keys: string[] };
  };
  expect(config).toMatchObject({
    fine_tune_type: 'lora',
    num_layers: golden.model.config.layers,
    lora_parameters: { rank: golden.lora.rank, scale: loraScale(golden.lora), dropout: golden.lora.dropout },
  });
  const known = new Set(
    [...tensors.keys()].map((name) => name.replace(/^model\.layers\.\d+\.|\.lora_.$/g, '')),
  );
  expect(new Set(config.lora_parameters.keys)).toEqual(known);
});
