/** Merging an adapter into its base, W' = W + scale B A: in place for faster decoding, or into files. */
import { encodeRows } from '../compute/encode';
import type { Matrix, WeightFormat } from '../compute/ops';
import { ModelError, throwIfAborted } from '../core/errors';
import { readAll, readText } from '../core/fileSource';
import type { FileSource } from '../core/fileSource';
import { groupNames, linearPath, linearShape, linearsOf, loraScale, readAdapter } from '../lm/adapter';
import type { GroupName, NamedMatrix } from '../lm/adapter';
import { transformersConfig } from '../lm/block/toConfig';
import { openGguf } from '../lm/gguf/gguf';
import { layerPlan } from '../lm/layerPlan';
import { writeSafetensors } from '../lm/safetensors';
import type { TensorToWrite } from '../lm/safetensors';
import type { LanguageModel, LayerWeights, LinearName, LoraAdapter, ModelConfig } from '../lm/types';
import { ggufTokenizer } from '../lm/tokens/ggufTokenizer';
import { findGguf } from '../lm/weightFiles';
import { yieldToEvents } from '../lm/yieldToEvents';

export type FloatFormat = 'f32' | 'f16' | 'bf16';
const dtypes = { f32: 'F32', f16: 'F16', bf16: 'BF16' } as const;

const groupMatrix = (layer: LayerWeights, group: GroupName): Matrix => layer[group];

/** Adds scale B A to w [rows, cols] in place; each sum in f64, rounded once. */
function addProduct(w: Float32Array, a: NamedMatrix, b: NamedMatrix, scale: number): void {
  const { cols } = a;
  const sum = new Float64Array(cols);
  for (let row = 0; row < b.rows; row++) {
    sum.fill(0);
    for (let k = 0; k < a.rows; k++) {
      const factor = scale * b.values[row * b.cols + k]!;
      if (factor === 0) continue;
      for (let col = 0; col < cols; col++) sum[col]! += factor * a.values[k * cols + col]!;
    }
    for (let col = 0; col < cols; col++) w[row * cols + col] = w[row * cols + col]! + sum[col]!;
  }
}

type NamedAdapter = { readonly named: ReadonlyMap<string, NamedMatrix>; readonly scale: number } | null;

/** Rows of one linear as f32 [out, in], with the adapter added where it has a part for it. */
async function linearRows(
  model: LanguageModel,
  layer: number,
  group: GroupName,
  linear: LinearName,
  adapter: NamedAdapter,
): Promise<{ values: Float32Array; start: number; changed: boolean }> {
  const matrix = groupMatrix(model.layers[layer]!, group);
  let start = 0;
  for (const before of linearsOf(model.config, group)) {
    if (before === linear) break;
    start += linearShape(model.config, before).outputs;
  }
  const values = await model.backend.readRows(matrix, start, linearShape(model.config, linear).outputs);
  const path = `base_model.model.model.${linearPath(layer, linear)}`;
  const a = adapter?.named.get(`${path}.lora_A.weight`);
  const b = adapter?.named.get(`${path}.lora_B.weight`);
  if (!adapter || !a || !b) return { values, start, changed: false };
  addProduct(values, a, b, adapter.scale);
  return { values, start, changed: true };
}

/** What a merge can be undone with; holds the base's own bytes of every adapted linear. */
export interface Merged {
  /** Puts the base back, bit for bit. */
  restore(): void;
}

/**
 * Merges into the model's own matrices. Throws ModelError for quantised bases (their step is coarser than most
 * updates; run the adapter beside them instead).
 */
export async function mergeAdapter(model: LanguageModel, adapter: LoraAdapter): Promise<Merged> {
  const { backend } = model;
  const named: NamedAdapter = {
    named: await readAdapter(backend, adapter),
    scale: loraScale(adapter.config),
  };
  const undo: (() => void)[] = [];
  for (let layer = 0; layer < model.config.layers; layer++) {
    for (const group of groupNames) {
      if (!adapter.layers[layer]?.[group]) continue;
      const matrix = groupMatrix(model.layers[layer]!, group);
      const { format, cols } = matrix;
      if (format === 'q8' || format === 'q4')
        throw new ModelError(
          `An adapter cannot be merged into ${format} weights (${matrix.label}).`,
          'Load the model as f32, f16 or bf16, or keep the adapter beside the base.',
        );
      for (const linear of linearsOf(model.config, group)) {
        const { values, start, changed } = await linearRows(model, layer, group, linear, named);
        if (!changed) continue;
        const count = values.length / cols;
        const original = encodeRows(await backend.readRows(matrix, start, count), cols, format);
        undo.push(() => backend.writeRows(matrix, start, count, original));
        backend.writeRows(matrix, start, count, encodeRows(values, cols, format));
      }
    }
  }
  return {
    restore() {
      for (const step of undo.splice(0)) step();
    },
  };
}

/** One tensor of the whole model under transformers' name: f32 values, [rows, cols] or [size]. */
export interface ModelTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array;
  /** Precision it is kept in on the device; vectors are f32. */
  readonly format: WeightFormat;
}

export interface MergeHooks {
  /** Stops between two layers with InterruptedError. */
  readonly signal?: AbortSignal | undefined;
  /** Layers merged so far, of all. */
  readonly onLayer?: ((done: number, total: number) => void) | undefined;
}

const normKeys = ['inputNorm', 'attendedNorm', 'postNorm', 'mlpNorm', 'qNorm', 'kNorm'] as const;

/** Every tensor of the model, the adapter merged in; one at a time. Works for quantised bases too (decoded). Norms are as they multiply. */
export async function* modelTensors(
  model: LanguageModel,
  adapter: LoraAdapter | null,
  { signal, onLayer }: MergeHooks = {},
): AsyncGenerator<ModelTensor> {
  const { backend, config } = model;
  const named = adapter && { named: await readAdapter(backend, adapter), scale: loraScale(adapter.config) };
  const whole = async (name: string, matrix: Matrix): Promise<ModelTensor> => ({
    name,
    shape: [matrix.rows, matrix.cols],
    values: await backend.readRows(matrix, 0, matrix.rows),
    format: matrix.format,
  });
  const vector = (name: string, values: Float32Array): ModelTensor => ({
    name,
    shape: [values.length],
    values,
    format: 'f32',
  });
  const plan = layerPlan(config);
  yield await whole('model.embed_tokens.weight', model.embed);
  for (const [layer, weights] of model.layers.entries()) {
    const at = `model.layers.${layer}`;
    await yieldToEvents();
    throwIfAborted(signal);
    onLayer?.(layer, config.layers);
    for (const key of normKeys) {
      const [part] = plan.vectors[key] ?? [];
      const weight = weights[key];
      if (part && weight) yield vector(`${at}.${part[0]}`, await backend.read(weight));
    }
    for (const group of groupNames) {
      for (const linear of linearsOf(config, group)) {
        const { values, start } = await linearRows(model, layer, group, linear, named);
        const { inputs, outputs } = linearShape(config, linear);
        const name = `model.${linearPath(layer, linear)}`;
        const { format } = groupMatrix(weights, group);
        yield { name: `${name}.weight`, shape: [outputs, inputs], values, format };
        const bias = weights[`${group}Bias`];
        if (bias) yield vector(`${name}.bias`, (await backend.read(bias)).slice(start, start + outputs));
      }
    }
  }
  yield vector('model.norm.weight', await backend.read(model.finalNorm));
  if (!config.tied) yield await whole('lm_head.weight', model.head);
}

/** config.json as transformers reads it, from our form. */
export function huggingFaceConfig(config: ModelConfig, format: FloatFormat): Record<string, unknown> {
  const type = ({ f32: 'float32', f16: 'float16', bf16: 'bfloat16' } as const)[format];
  return { ...transformersConfig(config), torch_dtype: type };
}

const companions = [
  'generation_config.json',
  'tokenizer.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'added_tokens.json',
  'vocab.json',
  'merges.txt',
  'chat_template.jinja',
];

/**
 * A Hugging Face folder of the merged model, by file name. `source` is where the base came from: its config.json and
 * tokenizer files go along where it has them. Matrices are written as `format`, vectors as f32 when that is f32.
 */
export async function exportMerged(
  model: LanguageModel,
  adapter: LoraAdapter | null,
  options: { format: FloatFormat; source: FileSource | null } & MergeHooks,
): Promise<Map<string, Uint8Array<ArrayBuffer>>> {
  const { format, source } = options;
  const tensors: TensorToWrite[] = [];
  for await (const { name, shape, values } of modelTensors(model, adapter, options)) {
    const kept =
      model.config.block.onePlus && name.endsWith('norm.weight') ? values.map((w) => w - 1) : values;
    const data = encodeRows(kept, shape.at(-1) ?? values.length, format);
    if (data.format === 'q8' || data.format === 'q4') continue;
    tensors.push({ name, dtype: dtypes[data.format], shape, data: data.values });
  }
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  files.set('model.safetensors', writeSafetensors(tensors, { format: 'pt' }));
  let config: Record<string, unknown> = huggingFaceConfig(model.config, format);
  if (source && (await source.has('config.json'))) {
    const own = JSON.parse(await readText(source, 'config.json')) as Record<string, unknown>;
    const { dtype: _, ...rest } = own;
    const tied = { tie_word_embeddings: model.config.tied };
    config = { ...rest, ...tied, torch_dtype: config['torch_dtype'], dtype: config['torch_dtype'] };
  }
  files.set('config.json', jsonBytes(config));
  for (const name of companions) {
    if (source && (await source.has(name))) files.set(name, await readAll(source, name));
  }
  const gguf = source && !files.has('tokenizer.json') ? await findGguf(source) : null;
  if (source && gguf !== null) {
    for (const [name, bytes] of await ggufCompanions(source, gguf, model.config)) files.set(name, bytes);
  }
  return files;
}

const jsonBytes = (json: unknown): Uint8Array<ArrayBuffer> =>
  new TextEncoder().encode(`${JSON.stringify(json, null, 2)}\n`);

/** The tokenizer files and ends of a reply that a GGUF holds as metadata, as a folder has them. */
async function ggufCompanions(
  source: FileSource,
  file: string,
  { bosId, eosIds }: ModelConfig,
): Promise<Map<string, Uint8Array<ArrayBuffer>>> {
  const { tokenizer, config, endIds } = ggufTokenizer(await openGguf(source, file));
  const ends = [...new Set([...eosIds, ...endIds])];
  return new Map([
    ['tokenizer.json', jsonBytes(tokenizer)],
    // The class that takes tokenizer.json as it is.
    ['tokenizer_config.json', jsonBytes({ ...config, tokenizer_class: 'PreTrainedTokenizerFast' })],
    ['generation_config.json', jsonBytes({ bos_token_id: bosId, eos_token_id: ends })],
  ]);
}
