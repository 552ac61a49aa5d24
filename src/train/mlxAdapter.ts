/** A LoRA adapter as mlx_lm keeps it: adapters.safetensors with peft's matrices transposed, and adapter_config.json. */
import type { Backend } from '../compute/ops';
import { linearPath, loraScale, readAdapter } from '../lm/adapter';
import { writeSafetensors, type TensorToWrite } from '../lm/safetensors';
import type { LoraAdapter } from '../lm/types';

/** [rows, cols] as [cols, rows]. */
export function transposed(values: Float32Array, rows: number, cols: number): Float32Array {
  const out = new Float32Array(values.length);
  for (let row = 0; row < rows; row++)
    for (let col = 0; col < cols; col++) out[col * rows + row] = values[row * cols + col]!;
  return out;
}

/**
 * The files of an adapter folder, by name. mlx_lm multiplies by `scale` alone, so alpha and rank, and rank-stabilised scaling, are in
 * it. `baseModel`: what mlx_lm is given as --model.
 */
export async function writeMlxAdapter(
  backend: Backend,
  adapter: LoraAdapter,
  baseModel: string,
): Promise<Map<string, Uint8Array<ArrayBuffer>>> {
  const { config, layers } = adapter;
  const tensors: TensorToWrite[] = [];
  for (const [name, { rows, cols, values }] of await readAdapter(backend, adapter)) {
    const [, module = '', part = ''] = /^base_model\.model\.(.+)\.lora_([AB])\.weight$/.exec(name) ?? [];
    tensors.push({
      name: `${module}.lora_${part.toLowerCase()}`,
      dtype: 'F32',
      shape: [cols, rows],
      data: transposed(values, rows, cols),
    });
  }
  const json = {
    model: baseModel,
    fine_tune_type: 'lora',
    num_layers: layers.length,
    lora_parameters: {
      rank: config.rank,
      scale: loraScale(config),
      dropout: config.dropout,
      keys: config.targets.map((linear) => linearPath(0, linear).replace('layers.0.', '')),
    },
  };
  return new Map([
    ['adapter_config.json', new TextEncoder().encode(`${JSON.stringify(json, null, 2)}\n`)],
    ['adapters.safetensors', writeSafetensors(tensors, { format: 'mlx' })],
  ]);
}
