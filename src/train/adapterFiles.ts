/** Adapters as PEFT keeps them: adapter_config.json and adapter_model.safetensors. */
import type { Backend } from '../compute/ops';
import { FileFormatError, ModelError } from '../core/errors';
import { parseJson } from '../core/json';
import { readText } from '../core/fileSource';
import type { FileSource } from '../core/fileSource';
import {
  checkFits,
  createAdapter,
  filledUp,
  linearPath,
  readAdapter,
  releaseAdapter,
  writeAdapter,
} from '../lm/adapter';
import type { HostAdapter, NamedMatrix } from '../lm/adapter';
import { foreignFile } from '../lm/foreignFile';
import { readHeader, readTensor, writeSafetensors } from '../lm/safetensors';
import { allLinearNames } from '../lm/types';
import type { LanguageModel, LinearName, LoraAdapter, LoraConfig } from '../lm/types';
import { evened, matrixName } from './evenAdapter';
import { isForeign, readForeign } from './foreignAdapters';
import { isTargeted, moduleScales, parsePeftConfig, type PeftConfig } from './peftConfig';

const configFile = 'adapter_config.json';
const weightsFile = 'adapter_model.safetensors';
/** The files of a PEFT folder. */
export const peftFiles = [configFile, weightsFile] as const;

/** An adapter on the host. */
export type AdapterData = HostAdapter;

/** adapter_config.json. */
function peftJson(config: LoraConfig, baseModel: string): object {
  return {
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
    target_modules: allLinearNames.filter((name) => config.targets.includes(name)),
    task_type: 'CAUSAL_LM',
    use_dora: false,
    use_rslora: config.rslora,
  };
}

/** The files of a PEFT folder, by name. `baseModel` is what peft looks up the base by: an id or a path. */
export async function writePeft(
  backend: Backend,
  adapter: LoraAdapter,
  baseModel: string,
): Promise<Map<string, Uint8Array<ArrayBuffer>>> {
  const { config } = adapter;
  return peftFolder({ config, named: await readAdapter(backend, adapter) }, baseModel);
}

/** The same of an adapter on the host. */
export function peftFolder(
  { config, named }: Pick<AdapterData, 'config' | 'named'>,
  baseModel: string,
): Map<string, Uint8Array<ArrayBuffer>> {
  const json = peftJson(config, baseModel);
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

async function readConfig(source: FileSource): Promise<PeftConfig> {
  let json: unknown;
  try {
    json = parseJson(await readText(source, configFile));
  } catch (cause) {
    const foreign =
      (await source.has(configFile)) && (await foreignFile(source, configFile, 'settings in JSON'));
    if (foreign) throw foreign;
    throw new FileFormatError(
      `${source.name} has no readable ${configFile}.`,
      'Pick a LoRA adapter folder written by peft or by this app.',
      { cause },
    );
  }
  return parsePeftConfig(json, source.name);
}

/** Name of a matrix as this app writes it, and its module; wrappers and the adapter's own name left out. */
function plainMatrix(name: string): { module: string; linear: LinearName; part: 'A' | 'B' } | null {
  const form =
    /^(?:(?:base_model|model|language_model|module|_orig_mod)\.)*(layers\.\d+\.(self_attn|mlp)\.(\w+))\.lora_([AB])(?:\.\w+)?\.weight$/;
  const [, path, block, last, part] = form.exec(name) ?? [];
  const linear = allLinearNames.find((known) => known === last);
  if (path === undefined || !linear || !linearPath(0, linear).includes(`.${block}.`)) return null;
  return { module: `model.${path}`, linear, part: part === 'A' ? 'A' : 'B' };
}

/**
 * Reads a PEFT folder, one of mlx_lm, or a GGUF adapter. Throws FileFormatError for damaged files, ModelError for features that are not
 * supported.
 */
export async function readPeft(source: FileSource): Promise<AdapterData> {
  const foreign = await isForeign(source);
  if (foreign) return readForeign(source, foreign);
  const raw = await readConfig(source);
  if (!(await source.has(weightsFile)))
    throw new FileFormatError(`${source.name} has no ${weightsFile}.`, 'Save the adapter as safetensors.');
  const { tensors } = await readHeader(source, weightsFile);
  const named = new Map<string, NamedMatrix>();
  const modules = new Map<string, LinearName>();
  for (const [called, entry] of tensors) {
    const { shape } = entry;
    const matrix = plainMatrix(called);
    const [rows, cols] = shape;
    if (!matrix || rows === undefined || cols === undefined || shape.length !== 2)
      throw new ModelError(
        `The adapter holds ${called} [${shape.join(', ')}], which is no LoRA matrix of a known linear.`,
        `Only these can be adapted: ${allLinearNames.join(', ')}.`,
      );
    const name = matrixName(matrix.module, matrix.part);
    if (named.has(name)) throw new ModelError(`The adapter holds ${name} twice.`, 'Save it again with peft.');
    if (!isTargeted(raw, matrix.module))
      throw new ModelError(
        `The adapter holds ${called}, but its ${configFile} leaves ${matrix.module} out.`,
        'Weights and settings are of different adapters: take both from one folder.',
      );
    modules.set(matrix.module, matrix.linear);
    const values = Float32Array.from(await readTensor(source, entry));
    const bad = values.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0)
      throw new FileFormatError(
        `${called} holds ${values[bad]} at ${bad}: no answer can be computed with it.`,
        'Its training diverged, or the file is damaged: use an earlier checkpoint.',
      );
    named.set(name, { rows, cols, values });
  }
  if (modules.size === 0)
    throw new FileFormatError(
      `${weightsFile} of ${source.name} holds no matrices.`,
      'Save the adapter again.',
    );
  const even = evened(named, moduleScales(raw, [...modules.keys()]), {
    rslora: raw.use_rslora ?? false,
    dropout: raw.lora_dropout ?? 0,
    targets: allLinearNames.filter((name) => [...modules.values()].includes(name)),
  });
  return { ...even, isTargeted: (module) => isTargeted(raw, module) };
}

/** An adapter from host data. Throws ModelError where it does not fit the model, OutOfMemoryError. */
export function adapterFromData(
  model: LanguageModel,
  data: AdapterData,
  options: { owner: string },
): LoraAdapter {
  checkFits(model.config, data);
  const adapter = createAdapter(model, data.config, { seed: 0, owner: options.owner });
  try {
    writeAdapter(model.backend, adapter, filledUp(model.config, data));
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
