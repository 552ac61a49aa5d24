/**
 * LoRA adapters (arXiv 2106.09685) as one flat parameter tensor. Per layer and group of linears (q|k|v, o, gate|up,
 * down) lie A [segments * rank, in] and then B [sum of out, rank]; each starts at a multiple of 64 elements and the
 * gaps stay zero, so that gradient, moments and checkpoints are single buffers of the same layout.
 */
import type { Backend, LoraGroup, Tensor } from '../compute/ops';
import { ConfigError, ModelError } from '../core/errors';
import { hashKey, uniform } from '../core/rng';
import { isInterleaved } from './gguf/ggufBlock';
import { fusedNames, linearNames } from './types';
import type { LanguageModel, LayerLora, LinearName, LoraAdapter, LoraConfig, ModelConfig } from './types';

/** One A or B of one linear: where it is in the flat buffer (elements), row-major [rows, cols]. */
export interface AdapterTensor {
  /** peft's name, e.g. base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight */
  readonly name: string;
  readonly layer: number;
  readonly linear: LinearName;
  readonly part: 'A' | 'B';
  readonly offset: number;
  readonly rows: number;
  readonly cols: number;
}

/** A named matrix on the host, row-major. */
export interface NamedMatrix {
  readonly rows: number;
  readonly cols: number;
  readonly values: Float32Array;
}

/** An adapter on the host, as read from files. */
export interface HostAdapter {
  readonly config: LoraConfig;
  readonly named: ReadonlyMap<string, NamedMatrix>;
  /** Whether a module (model.layers.0.self_attn.q_proj) is to have matrices; all are where nothing is said. */
  readonly isTargeted?: (module: string) => boolean;
  /** Rows of B of q and k are as llama.cpp rotates them, where the model's family is so kept in a GGUF. */
  readonly interleaved?: boolean;
}

export type GroupName = keyof LayerLora;

/** The linears of each group in the order their outputs are concatenated, and the one that blocks with fused linears have in their place. */
export const groupLinears: Readonly<Record<GroupName, readonly LinearName[]>> = {
  qkv: ['q_proj', 'k_proj', 'v_proj', 'qkv_proj'],
  o: ['o_proj'],
  gateUp: ['gate_proj', 'up_proj', 'gate_up_proj'],
  down: ['down_proj'],
};
export const groupNames: readonly GroupName[] = ['qkv', 'o', 'gateUp', 'down'];

/** The linears of a group that a model has. */
export function linearsOf({ block }: Pick<ModelConfig, 'block'>, group: GroupName): readonly LinearName[] {
  const all = groupLinears[group];
  const whole = all.filter((linear) => fusedNames.some((name) => name === linear));
  if (block.fused) return whole.length > 0 ? whole : all;
  return all.filter((linear) => !whole.includes(linear));
}

/** Settings for a model: of a group whose linears are fused all are adapted as one. */
export function configFor<T extends Pick<LoraConfig, 'targets'>>(
  model: Pick<ModelConfig, 'block'>,
  config: T,
): T {
  const targets = groupNames.flatMap((group) => {
    const own = linearsOf(model, group);
    if (!model.block.fused) return own.filter((linear) => config.targets.includes(linear));
    return groupLinears[group].some((linear) => config.targets.includes(linear)) ? own : [];
  });
  return { ...config, targets };
}

const align = (elements: number): number => Math.ceil(elements / 64) * 64;

/** Inputs and outputs of a linear. */
export function linearShape(config: ModelConfig, linear: LinearName): { inputs: number; outputs: number } {
  const queries = config.heads * config.headDim;
  const keys = config.kvHeads * config.headDim;
  switch (linear) {
    case 'q_proj':
      return { inputs: config.hidden, outputs: queries };
    case 'k_proj':
    case 'v_proj':
      return { inputs: config.hidden, outputs: keys };
    case 'o_proj':
      return { inputs: queries, outputs: config.hidden };
    case 'qkv_proj':
      return { inputs: config.hidden, outputs: queries + 2 * keys };
    case 'gate_up_proj':
      return { inputs: config.hidden, outputs: 2 * config.ffn };
    case 'gate_proj':
    case 'up_proj':
      return { inputs: config.hidden, outputs: config.ffn };
    case 'down_proj':
      return { inputs: config.ffn, outputs: config.hidden };
  }
}

/** alpha / rank, or alpha / sqrt(rank) with rsLoRA (arXiv 2312.03732). */
export function loraScale(config: LoraConfig): number {
  return config.alpha / (config.rslora ? Math.sqrt(config.rank) : config.rank);
}

/** peft's module path of a linear without its prefix: layers.0.self_attn.q_proj */
export function linearPath(layer: number, linear: LinearName): string {
  const block = groupLinears.qkv.includes(linear) || linear === 'o_proj' ? 'self_attn' : 'mlp';
  return `layers.${layer}.${block}.${linear}`;
}

/** Throws ConfigError for a setting outside its range. */
export function checkLoraConfig(config: LoraConfig): void {
  const { rank, alpha, dropout, targets } = config;
  if (!Number.isInteger(rank) || rank < 1 || rank > 1024)
    throw new ConfigError(`LoRA rank ${rank} is not an integer in 1..1024.`, 'Usual ranks are 8 to 64.');
  if (!(alpha > 0 && alpha <= 4096))
    throw new ConfigError(
      `LoRA alpha ${alpha} is not above 0 and at most 4096.`,
      'Usual is once or twice the rank.',
    );
  if (!(dropout >= 0 && dropout < 1))
    throw new ConfigError(`LoRA dropout ${dropout} is not in [0, 1).`, 'Usual is 0 to 0.1.');
  if (targets.length === 0 || targets.some((name) => ![...linearNames, ...fusedNames].includes(name)))
    throw new ConfigError(
      `LoRA targets "${targets.join(', ')}" are not a non-empty subset of the seven linears.`,
      `Pick from ${linearNames.join(', ')}.`,
    );
}

interface Plan {
  readonly entries: readonly AdapterTensor[];
  readonly size: number;
  readonly groups: readonly {
    readonly layer: number;
    readonly group: GroupName;
    readonly linears: readonly LinearName[];
    readonly aOffset: number;
    readonly bOffset: number;
    readonly inputs: number;
    readonly outputs: number;
  }[];
}

function plan(
  layers: number,
  config: LoraConfig,
  shape: (linear: LinearName) => ReturnType<typeof linearShape>,
): Plan {
  const entries: AdapterTensor[] = [];
  const groups: Plan['groups'][number][] = [];
  let size = 0;
  for (let layer = 0; layer < layers; layer++) {
    for (const group of groupNames) {
      const linears = groupLinears[group].filter((linear) => config.targets.includes(linear));
      const first = linears[0];
      if (first === undefined) continue;
      const { inputs } = shape(first);
      const outputs = linears.reduce((sum, linear) => sum + shape(linear).outputs, 0);
      const aOffset = size;
      const bOffset = aOffset + align(linears.length * config.rank * inputs);
      size = bOffset + align(outputs * config.rank);
      groups.push({ layer, group, linears, aOffset, bOffset, inputs, outputs });
      let bRow = 0;
      linears.forEach((linear, segment) => {
        const common = { layer, linear };
        const path = `base_model.model.model.${linearPath(layer, linear)}`;
        entries.push({
          ...common,
          name: `${path}.lora_A.weight`,
          part: 'A',
          offset: aOffset + segment * config.rank * inputs,
          rows: config.rank,
          cols: inputs,
        });
        entries.push({
          ...common,
          name: `${path}.lora_B.weight`,
          part: 'B',
          offset: bOffset + bRow * config.rank,
          rows: shape(linear).outputs,
          cols: config.rank,
        });
        bRow += shape(linear).outputs;
      });
    }
  }
  return { entries, size, groups };
}

/** Start of a linear's outputs within its group's fused output columns. */
function columnStart(config: ModelConfig, group: GroupName, linear: LinearName): number {
  let start = 0;
  for (const name of linearsOf(config, group)) {
    if (name === linear) break;
    start += linearShape(config, name).outputs;
  }
  return start;
}

/**
 * A fresh adapter as peft initialises it: A uniform in +-1/sqrt(in) (kaiming with a = sqrt 5), B zero. The values
 * depend only on the seed, the layer and the linear. Throws ConfigError, OutOfMemoryError.
 */
export function createAdapter(
  model: LanguageModel,
  asked: LoraConfig,
  options: { seed: number; owner: string },
): LoraAdapter {
  const config = configFor(model.config, asked);
  checkLoraConfig(config);
  const { backend } = model;
  const layout = plan(model.config.layers, config, (linear) => linearShape(model.config, linear));
  const params = backend.tensor([layout.size], { owner: options.owner, label: 'LoRA parameters' });
  const values = new Float32Array(layout.size);
  for (const entry of layout.entries) {
    if (entry.part === 'B') continue;
    const key = hashKey('lora', options.seed, entry.layer, entry.linear);
    const bound = 1 / Math.sqrt(entry.cols);
    const count = entry.rows * entry.cols;
    for (let i = 0; i < count; i++) values[entry.offset + i] = (2 * uniform(key, i) - 1) * bound;
  }
  backend.write(params, values);
  return { config, params, layers: viewLayers(model, config, layout, params) };
}

function viewLayers(model: LanguageModel, config: LoraConfig, layout: Plan, params: Tensor): LayerLora[] {
  const scale = loraScale(config);
  const layers = Array.from({ length: model.config.layers }, () => ({
    qkv: null as LoraGroup | null,
    o: null as LoraGroup | null,
    gateUp: null as LoraGroup | null,
    down: null as LoraGroup | null,
  }));
  for (const { layer, group, linears, aOffset, bOffset, inputs, outputs } of layout.groups) {
    let bRow = 0;
    const segments = linears.map((linear) => {
      const count = linearShape(model.config, linear).outputs;
      const segment = { start: columnStart(model.config, group, linear), count, bRow };
      bRow += count;
      return segment;
    });
    layers[layer]![group] = {
      a: model.backend.view(params, aOffset, [linears.length * config.rank, inputs]),
      b: model.backend.view(params, bOffset, [outputs, config.rank]),
      rank: config.rank,
      scale,
      segments,
    };
  }
  return layers;
}

/**
 * The same groups over another flat tensor of the adapter's layout (a gradient): its `a` and `b` are where dA and dB go.
 */
export function adapterViews(model: LanguageModel, config: LoraConfig, flat: Tensor): readonly LayerLora[] {
  const layout = plan(model.config.layers, config, (linear) => linearShape(model.config, linear));
  if (flat.size !== layout.size)
    throw new ConfigError(
      `A flat LoRA tensor has ${flat.size} elements, but the layout needs ${layout.size}.`,
      'Use a tensor made for this model and LoRA configuration.',
    );
  return viewLayers(model, config, layout, flat);
}

/** Frees the parameters (views own nothing). */
export function releaseAdapter(backend: Backend, adapter: LoraAdapter): void {
  backend.release(adapter.params);
}

/** Every A and B of an adapter with its peft name and place in the flat buffer, in a fixed order. */
export function adapterTensors(adapter: LoraAdapter): readonly AdapterTensor[] {
  const counts = new Map<LinearName, { inputs: number; outputs: number }>();
  for (const group of groupNames) {
    const linears = groupLinears[group].filter((linear) => adapter.config.targets.includes(linear));
    const lora = adapter.layers[0]?.[group];
    if (!lora) continue;
    linears.forEach((linear, segment) => {
      counts.set(linear, { inputs: lora.a.shape[1] ?? 0, outputs: lora.segments[segment]?.count ?? 0 });
    });
  }
  return plan(
    adapter.layers.length,
    adapter.config,
    (linear) => counts.get(linear) ?? { inputs: 0, outputs: 0 },
  ).entries;
}

/** The matrices of a flat buffer (parameters or gradient, as read from the device) by peft name. */
export function namedMatrices(adapter: LoraAdapter, flat: Float32Array): Map<string, NamedMatrix> {
  return new Map(
    adapterTensors(adapter).map(({ name, offset, rows, cols }) => [
      name,
      { rows, cols, values: flat.slice(offset, offset + rows * cols) },
    ]),
  );
}

/** Throws ModelError for a missing or extra name, or another shape than a place in the layout has. */
function checkNamed(entries: readonly AdapterTensor[], named: ReadonlyMap<string, NamedMatrix>): void {
  const known = new Set(entries.map((entry) => entry.name));
  const extra = [...named.keys()].find((name) => !known.has(name));
  if (extra !== undefined)
    throw new ModelError(
      `The adapter holds ${extra}, which this model has not.`,
      'Use the model it was trained on.',
    );
  for (const { name, rows, cols } of entries) {
    const matrix = named.get(name);
    if (!matrix) throw new ModelError(`The adapter lacks ${name}.`, 'Use a complete adapter for this model.');
    if (matrix.rows !== rows || matrix.cols !== cols)
      throw new ModelError(
        `${name} is [${matrix.rows}, ${matrix.cols}], but this model needs [${rows}, ${cols}].`,
        'Use the model that the adapter was trained on.',
      );
  }
}

/** Whether named matrices are those of an adapter of this model, without a device. Throws ModelError where they are not. */
export function checkFits(model: ModelConfig, adapter: HostAdapter): void {
  const config = configFor(model, adapter.config);
  const { entries } = plan(model.layers, config, (linear) => linearShape(model, linear));
  checkNamed(entries, filledUp(model, adapter));
}

/** Rows of q or k from llama.cpp's (pair, half) within each head to transformers' (half, pair). */
function halvesApart({ rows, cols, values }: NamedMatrix, headDim: number): NamedMatrix {
  const half = headDim / 2;
  const out = new Float32Array(values.length);
  for (let row = 0; row < rows; row++) {
    const within = row % headDim;
    const to = row - within + (within % 2) * half + Math.floor(within / 2);
    out.set(values.subarray(row * cols, (row + 1) * cols), to * cols);
  }
  return { rows, cols, values: out };
}

/** The matrices with zeros for those modules that the adapter leaves alone. */
export function filledUp(
  model: ModelConfig,
  { config, named, isTargeted, interleaved = false }: HostAdapter,
): ReadonlyMap<string, NamedMatrix> {
  const all = new Map(named);
  if (interleaved && isInterleaved(model.family))
    for (const [name, matrix] of named)
      if (/\.(q|k)_proj\.lora_B\.weight$/.test(name)) all.set(name, halvesApart(matrix, model.headDim));
  for (const { name, layer, linear, rows, cols } of plan(model.layers, configFor(model, config), (one) =>
    linearShape(model, one),
  ).entries) {
    const module = `model.${linearPath(layer, linear)}`;
    const held = ['A', 'B'].some((part) => named.has(`base_model.model.${module}.lora_${part}.weight`));
    if (!held && isTargeted?.(module) === false)
      all.set(name, { rows, cols, values: new Float32Array(rows * cols) });
  }
  return all;
}

/** The flat buffer from named matrices. Throws ModelError for a missing or extra name, or another shape. */
export function flatFromNamed(adapter: LoraAdapter, named: ReadonlyMap<string, NamedMatrix>): Float32Array {
  const entries = adapterTensors(adapter);
  checkNamed(entries, named);
  const flat = new Float32Array(adapter.params.size);
  for (const { name, offset } of entries) flat.set(named.get(name)?.values ?? [], offset);
  return flat;
}

/** Reads all parameters by peft name. */
export async function readAdapter(backend: Backend, adapter: LoraAdapter): Promise<Map<string, NamedMatrix>> {
  return namedMatrices(adapter, await backend.read(adapter.params));
}

/** Writes all parameters from named matrices. */
export function writeAdapter(
  backend: Backend,
  adapter: LoraAdapter,
  named: ReadonlyMap<string, NamedMatrix>,
): void {
  backend.write(adapter.params, flatFromNamed(adapter, named));
}
