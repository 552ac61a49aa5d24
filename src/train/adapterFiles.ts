/** Adapters as PEFT keeps them: adapter_config.json and adapter_model.safetensors. */
import * as v from 'valibot';
import { decodeRows } from '../compute/encode';
import type { Backend } from '../compute/ops';
import { FileFormatError, ModelError } from '../core/errors';
import { readText } from '../core/fileSource';
import type { FileSource } from '../core/fileSource';
import { checkLoraConfig, createAdapter, readAdapter, releaseAdapter, writeAdapter } from '../lm/adapter';
import type { NamedMatrix } from '../lm/adapter';
import { nativeRows } from '../lm/rowCodec';
import { readHeader, writeSafetensors } from '../lm/safetensors';
import { linearNames } from '../lm/types';
import type { LanguageModel, LinearName, LoraAdapter, LoraConfig } from '../lm/types';

const configFile = 'adapter_config.json';
const weightsFile = 'adapter_model.safetensors';

const configSchema = v.looseObject({
  peft_type: v.literal('LORA'),
  r: v.number(),
  lora_alpha: v.number(),
  lora_dropout: v.nullish(v.number(), 0),
  use_rslora: v.nullish(v.boolean(), false),
  use_dora: v.nullish(v.boolean(), false),
  fan_in_fan_out: v.nullish(v.boolean(), false),
  bias: v.nullish(v.string(), 'none'),
  target_modules: v.union([v.array(v.string()), v.string()]),
  rank_pattern: v.nullish(v.record(v.string(), v.unknown()), {}),
  alpha_pattern: v.nullish(v.record(v.string(), v.unknown()), {}),
  modules_to_save: v.nullish(v.array(v.string()), []),
});

/** An adapter on the host. */
export interface AdapterData {
  readonly config: LoraConfig;
  readonly named: ReadonlyMap<string, NamedMatrix>;
}

/** The files of a PEFT folder, by name. `baseModel` is what peft looks up the base by: an id or a path. */
export async function writePeft(
  backend: Backend,
  adapter: LoraAdapter,
  baseModel: string,
): Promise<Map<string, Uint8Array<ArrayBuffer>>> {
  const { config } = adapter;
  const json = {
    alpha_pattern: {},
    auto_mapping: null,
    base_model_name_or_path: baseModel,
    bias: 'none',
    fan_in_fan_out: false,
    inference_mode: true,
    init_lora_weights: true,
    layers_pattern: null,
    layers_to_transform: null,
    lora_alpha: config.alpha,
    lora_dropout: config.dropout,
    modules_to_save: null,
    peft_type: 'LORA',
    r: config.rank,
    rank_pattern: {},
    revision: null,
    target_modules: linearNames.filter((name) => config.targets.includes(name)),
    task_type: 'CAUSAL_LM',
    use_dora: false,
    use_rslora: config.rslora,
  };
  const named = await readAdapter(backend, adapter);
  const tensors = [...named].map(([name, { rows, cols, values }]) => ({
    name,
    dtype: 'F32' as const,
    shape: [rows, cols],
    data: values,
  }));
  return new Map([
    [configFile, new TextEncoder().encode(`${JSON.stringify(json, null, 2)}\n`)],
    [weightsFile, writeSafetensors(tensors, { format: 'pt' })],
  ]);
}

async function readConfig(source: FileSource): Promise<v.InferOutput<typeof configSchema>> {
  const hint = 'Pick a LoRA adapter folder written by peft or by this app.';
  let json: unknown;
  try {
    json = JSON.parse(await readText(source, configFile));
  } catch (cause) {
    throw new FileFormatError(`${source.name} has no readable ${configFile}.`, hint, { cause });
  }
  const parsed = v.safeParse(configSchema, json);
  if (!parsed.success) {
    const at = parsed.issues[0].path?.map((item) => String(item.key)).join('.') ?? '';
    throw new FileFormatError(`${configFile} of ${source.name}: ${at} ${parsed.issues[0].message}`, hint);
  }
  const raw = parsed.output;
  const odd = [
    raw.use_dora && 'DoRA',
    raw.fan_in_fan_out && 'fan_in_fan_out',
    raw.bias !== 'none' && `bias "${raw.bias}"`,
    Object.keys(raw.rank_pattern ?? {}).length > 0 && 'ranks that differ by module',
    Object.keys(raw.alpha_pattern ?? {}).length > 0 && 'alphas that differ by module',
    (raw.modules_to_save ?? []).length > 0 && 'fully trained modules',
  ].filter((feature) => typeof feature === 'string');
  if (odd.length > 0)
    throw new ModelError(
      `The adapter uses ${odd.join(', ')}, which is not supported.`,
      'Use a plain LoRA adapter.',
    );
  return raw;
}

/** Reads a PEFT folder. Throws FileFormatError for damaged files, ModelError for features that are not supported. */
export async function readPeft(source: FileSource): Promise<AdapterData> {
  const raw = await readConfig(source);
  if (!(await source.has(weightsFile)))
    throw new FileFormatError(`${source.name} has no ${weightsFile}.`, 'Save the adapter as safetensors.');
  const { tensors } = await readHeader(source, weightsFile);
  const named = new Map<string, NamedMatrix>();
  const found = new Set<LinearName>();
  for (const [name, { dtype, shape, start, end }] of tensors) {
    const match = /\.(\w+)\.lora_[AB](?:\.default)?\.weight$/.exec(name);
    const linear = linearNames.find((known) => known === match?.[1]);
    const [rows, cols] = shape;
    if (!linear || rows === undefined || cols === undefined || shape.length !== 2)
      throw new ModelError(
        `The adapter holds ${name} [${shape.join(', ')}], which is no LoRA matrix of a known linear.`,
        `Only these can be adapted: ${linearNames.join(', ')}.`,
      );
    if (dtype !== 'F32' && dtype !== 'F16' && dtype !== 'BF16')
      throw new FileFormatError(
        `${name} is ${dtype}; F32, F16 and BF16 can be read.`,
        'Save it in one of these.',
      );
    found.add(linear);
    const values = decodeRows(nativeRows(await source.read(weightsFile, start, end), dtype), rows, cols);
    named.set(name.replace('.default.weight', '.weight'), { rows, cols, values: Float32Array.from(values) });
  }
  const config: LoraConfig = {
    rank: raw.r,
    alpha: raw.lora_alpha,
    rslora: raw.use_rslora ?? false,
    dropout: raw.lora_dropout ?? 0,
    targets: linearNames.filter((name) => found.has(name)),
  };
  checkLoraConfig(config);
  return { config, named };
}

/** An adapter from host data. Throws ModelError where it does not fit the model, OutOfMemoryError. */
export function adapterFromData(
  model: LanguageModel,
  data: AdapterData,
  options: { owner: string },
): LoraAdapter {
  const adapter = createAdapter(model, data.config, { seed: 0, owner: options.owner });
  try {
    writeAdapter(model.backend, adapter, data.named);
  } catch (error) {
    releaseAdapter(model.backend, adapter);
    throw error;
  }
  return adapter;
}

/** Reads a PEFT folder onto the device; free it with `releaseAdapter`. */
export async function loadAdapter(
  model: LanguageModel,
  source: FileSource,
  options: { owner: string },
): Promise<LoraAdapter> {
  return adapterFromData(model, await readPeft(source), options);
}
