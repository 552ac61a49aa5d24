/** LoRA adapters of other runtimes: mlx_lm's folders and llama.cpp's GGUF files. */
import * as v from 'valibot';
import { FileFormatError, ModelError } from '../core/errors';
import { readText, type FileSource } from '../core/fileSource';
import type { HostAdapter, NamedMatrix } from '../lm/adapter';
import { linearPath } from '../lm/adapter';
import { openGguf } from '../lm/gguf/gguf';
import { fileValues } from '../lm/rowCodec';
import { readHeader, readTensor } from '../lm/safetensors';
import { allLinearNames } from '../lm/types';
import type { LinearName } from '../lm/types';
import { evened, matrixName } from './evenAdapter';
import { ggufLinear } from './ggufAdapter';
import { transposed } from './mlxAdapter';
import type { ModuleScale } from './peftConfig';

const configFile = 'adapter_config.json';
export const mlxWeights = 'adapters.safetensors';

type Foreign = { readonly kind: 'mlx' } | { readonly kind: 'gguf'; readonly file: string };

/** Which runtime's adapter a source holds; null for peft's, and for what is none. */
export async function isForeign(source: FileSource): Promise<Foreign | null> {
  if (await source.has(configFile)) return (await source.has(mlxWeights)) ? { kind: 'mlx' } : null;
  const file = (await source.list())?.find((name) => name.endsWith('.gguf'));
  return file === undefined ? null : { kind: 'gguf', file };
}

export function readForeign(source: FileSource, foreign: Foreign): Promise<HostAdapter> {
  return foreign.kind === 'mlx' ? readMlx(source) : readGguf(source, foreign.file);
}

/** A and B of modules as they are read. */
class Matrices {
  readonly named = new Map<string, NamedMatrix>();
  readonly modules = new Map<string, LinearName>();

  add(called: string, layer: number, linear: LinearName, part: 'A' | 'B', matrix: NamedMatrix): void {
    const module = `model.${linearPath(layer, linear)}`;
    const name = matrixName(module, part);
    if (this.named.has(name)) throw new ModelError(`The adapter holds ${called} twice.`, 'Save it again.');
    const bad = matrix.values.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0)
      throw new FileFormatError(
        `${called} holds ${matrix.values[bad]} at ${bad}: no answer can be computed with it.`,
        'Its training diverged, or the file is damaged: use an earlier checkpoint.',
      );
    this.named.set(name, matrix);
    this.modules.set(module, linear);
  }

  /** `scaleOf` a module by its rank. */
  adapter(dropout: number, scaleOf: (rank: number) => number): HostAdapter {
    const scales = new Map<string, ModuleScale>();
    for (const module of this.modules.keys()) {
      const rank = this.named.get(matrixName(module, 'A'))?.rows ?? 0;
      const scale = scaleOf(rank);
      scales.set(module, { rank, alpha: scale * rank, scale });
    }
    const targets = allLinearNames.filter((name) => [...this.modules.values()].includes(name));
    const even = evened(this.named, scales, { rslora: false, dropout, targets });
    return { ...even, isTargeted: (module) => this.modules.has(module) };
  }
}

function refused(called: string, shape: readonly number[]): ModelError {
  return new ModelError(
    `The adapter holds ${called} [${shape.join(', ')}], which is no LoRA matrix of a known linear.`,
    `Only these can be adapted: ${allLinearNames.join(', ')}.`,
  );
}

const mlxSchema = v.looseObject({
  fine_tune_type: v.nullish(v.string(), 'lora'),
  lora_parameters: v.looseObject({
    scale: v.pipe(v.number(), v.finite()),
    dropout: v.nullish(v.number(), 0),
  }),
});

async function readMlx(source: FileSource): Promise<HostAdapter> {
  const hint = 'Pick an adapter folder that mlx_lm.lora wrote.';
  let json: unknown;
  try {
    json = JSON.parse(await readText(source, configFile));
  } catch (cause) {
    throw new FileFormatError(`${source.name} has no readable ${configFile}.`, hint, { cause });
  }
  const parsed = v.safeParse(mlxSchema, json);
  if (!parsed.success)
    throw new FileFormatError(`${configFile} of ${source.name} has no lora_parameters with a scale.`, hint);
  const { fine_tune_type: type, lora_parameters: lora } = parsed.output;
  if (type !== 'lora')
    throw new ModelError(
      `The adapter is of the kind ${type}; LoRA can be used.`,
      'Use a plain LoRA adapter.',
    );
  const { tensors } = await readHeader(source, mlxWeights);
  const found = new Matrices();
  for (const [called, entry] of tensors) {
    const [, layer, last, part] =
      /^(?:\w+\.)*?layers\.(\d+)\.(?:self_attn|mlp)\.(\w+)\.lora_([ab])$/.exec(called) ?? [];
    const linear = allLinearNames.find((name) => name === last);
    const [rows, cols] = entry.shape;
    if (!linear || rows === undefined || cols === undefined || entry.shape.length !== 2)
      throw refused(called, entry.shape);
    const values = transposed(Float32Array.from(await readTensor(source, entry)), rows, cols);
    found.add(called, Number(layer), linear, part === 'a' ? 'A' : 'B', { rows: cols, cols: rows, values });
  }
  return found.adapter(lora.dropout ?? 0, () => lora.scale);
}

async function readGguf(source: FileSource, file: string): Promise<HostAdapter> {
  const { metadata, tensors } = await openGguf(source, file);
  const alpha = metadata.get('adapter.lora.alpha');
  if (metadata.get('general.type') !== 'adapter' || metadata.get('adapter.type') !== 'lora')
    throw new FileFormatError(`${file} is a GGUF, but no LoRA adapter.`, 'Pick the GGUF of an adapter.');
  if (typeof alpha !== 'number' || !Number.isFinite(alpha))
    throw new FileFormatError(`${file} does not say its alpha.`, 'Convert the adapter to GGUF again.');
  const found = new Matrices();
  for (const [called, tensor] of tensors) {
    const [, layer, name, part] = /^blk\.(\d+)\.(\w+)\.weight\.lora_([ab])$/.exec(called) ?? [];
    const linear = allLinearNames.find((known) => ggufLinear[known] === name);
    const [rows, cols] = tensor.shape;
    if (!linear || rows === undefined || cols === undefined || tensor.shape.length !== 2)
      throw refused(called, tensor.shape);
    const values = fileValues(await source.read(file, tensor.start, tensor.end), tensor.type);
    found.add(called, Number(layer), linear, part === 'a' ? 'A' : 'B', { rows, cols, values });
  }
  // llama.cpp: alpha / rank, or 1 where no alpha is given.
  const adapter = found.adapter(0, (rank) => (alpha === 0 ? 1 : alpha / rank));
  return { ...adapter, interleaved: true };
}
