/** Loads a model tensor by tensor, in chunks of rows: never more than a part of one tensor is held on the way. */
import type { Backend, Matrix, RotaryTables, RowData, Tensor, WeightFormat } from '../compute/ops';
import { FileFormatError, ModelError, throwIfAborted } from '../core/errors';
import type { FileSource } from '../core/fileSource';
import { Ledger } from '../core/ledger';
import { layerForm, ropeKinds } from './block/form';
import { inLayer, layerName, layerPlan, type LayerPlan, type Part, type VectorName } from './layerPlan';
import { createRotary, rotaryColumns, writeRotary } from './rotary';
import { fileRows, matrixFormat, rowDataBytes } from './rowCodec';
import { DriftSum } from './weightDrift';
import { layerVectors, type LanguageModel, type LayerWeights, type ModelConfig } from './types';
import { entryRowBytes, needEntry, openWeights, type WeightEntry, type WeightFiles } from './weightFiles';

export interface LoadOptions {
  /** `native` (default) keeps the file's own precision; else every matrix is stored so. */
  readonly weights?: 'native' | WeightFormat;
  /** Longest context; default the model's own, at most 8192. */
  readonly maxContext?: number;
  /** Ledger owner of the weights; default "model". */
  readonly owner?: string;
  /** Counts the array-buffer bytes that the loader itself holds. */
  readonly ledger?: Ledger;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: { readonly loaded: number; readonly total: number }) => void;
}

/** Decoded bytes of one chunk of rows. */
const chunkBytes = 16 << 20;
export const defaultMaxContext = 8192;

/**
 * Loads a Hugging Face folder or a single .gguf. Throws FileFormatError, ModelError, OutOfMemoryError, DownloadError or
 * InterruptedError; nothing stays allocated then.
 */
export async function loadModel(
  source: FileSource,
  backend: Backend,
  options: LoadOptions = {},
): Promise<LanguageModel> {
  const files = await openWeights(source, options.signal);
  const loader = new Loader(source, backend, files, options);
  try {
    return await loader.load();
  } catch (error) {
    loader.releaseAll();
    throw error;
  }
}

/** Releases everything that `loadModel` allocated. */
export function unloadModel(model: LanguageModel): void {
  const { backend } = model;
  backend.releaseMatrix(model.embed);
  if (model.head !== model.embed) backend.releaseMatrix(model.head);
  backend.release(model.finalNorm, ...model.rotaries.flatMap(({ cos, sin }) => [cos, sin]));
  for (const layer of model.layers) {
    backend.releaseMatrix(layer.qkv, layer.o, layer.gateUp, layer.down);
    backend.release(...layerVectors(layer));
  }
}

class Loader {
  readonly #source: FileSource;
  readonly #backend: Backend;
  readonly #files: WeightFiles;
  readonly #options: LoadOptions;
  readonly #owner: string;
  readonly #ledger: Ledger;
  readonly #tensors: Tensor[] = [];
  readonly #matrices: Matrix[] = [];
  readonly #drift = new DriftSum();
  #loaded = 0;
  #total = 0;
  #unfinished = 0;

  constructor(source: FileSource, backend: Backend, files: WeightFiles, options: LoadOptions) {
    this.#source = source;
    this.#backend = backend;
    this.#files = files;
    this.#options = options;
    this.#owner = options.owner ?? 'model';
    this.#ledger = options.ledger ?? new Ledger();
  }

  async load(): Promise<LanguageModel> {
    const said = this.#files.config;
    const { hidden, vocab, layers } = said;
    const maxContext = Math.min(said.maxPosition, this.#options.maxContext ?? defaultMaxContext);
    const plan = layerPlan(said);
    this.#checkAll(said, plan);
    const config = { ...said, tied: said.tied || (await this.#headIsCopy()) };

    const embed = await this.#matrix('embed', hidden, [['model.embed_tokens.weight', vocab]]);
    const rotaries = new Map(
      ropeKinds(config.block).map((kind) => [
        kind,
        createRotary(config, kind, (label, cols) => this.#tensor([maxContext, cols], label)),
      ]),
    );
    const list: LayerWeights[] = [];
    for (let index = 0; index < layers; index++) {
      const rotary = rotaries.get(layerForm(config.block, index).rope)!;
      list.push(await this.#layer(index, plan, rotary));
    }
    const head = config.tied ? embed : await this.#matrix('head', hidden, [['lm_head.weight', vocab]]);
    const finalNorm = await this.#vector('model.norm.weight', [['model.norm.weight', hidden]]);
    for (const [kind, tables] of rotaries) {
      const tableBytes = 2 * maxContext * rotaryColumns(config, kind) * 4;
      this.#ledger.add('loader', tableBytes);
      writeRotary(this.#backend, config, kind, tables, maxContext);
      this.#ledger.remove('loader', tableBytes);
    }
    await this.#backend.finish();
    return {
      config,
      backend: this.#backend,
      owner: this.#owner,
      embed,
      head,
      layers: list,
      finalNorm,
      rotaries: [...rotaries.values()],
      maxContext,
      requantised: this.#drift.total(
        [...this.#files.entries.values()].filter(({ shape }) => shape.length > 1).length,
      ),
    };
  }

  releaseAll(): void {
    this.#backend.release(...this.#tensors);
    this.#backend.releaseMatrix(...this.#matrices);
  }

  /** Finds everything that is needed before anything is allocated. Throws ModelError. */
  #checkAll(config: ModelConfig, plan: LayerPlan): void {
    const entries: WeightEntry[] = [
      needEntry(this.#files, 'model.embed_tokens.weight', [config.vocab, config.hidden]),
    ];
    for (let index = 0; index < config.layers; index++) {
      for (const { cols, parts } of Object.values(plan.matrices)) {
        for (const [name, rows] of parts)
          entries.push(needEntry(this.#files, layerName(index, name), [rows, cols]));
      }
      for (const parts of Object.values(plan.vectors)) {
        for (const [name, size] of parts ?? [])
          entries.push(needEntry(this.#files, layerName(index, name), [size]));
      }
    }
    if (!config.tied) entries.push(needEntry(this.#files, 'lm_head.weight', [config.vocab, config.hidden]));
    entries.push(needEntry(this.#files, 'model.norm.weight', [config.hidden]));
    this.#total = entries.reduce((sum, entry) => sum + entryBytes(entry), 0);
  }

  /** Whether the head that a tied model's file has is the embedding once more: then it is kept once. */
  async #headIsCopy(): Promise<boolean> {
    const { entries, headMayBeCopy } = this.#files;
    const embed = entries.get('model.embed_tokens.weight');
    const head = entries.get('lm_head.weight');
    if (!headMayBeCopy || !embed || !head || embed.encoding !== head.encoding) return false;
    const bytes = entryBytes(embed);
    for (let at = 0; at < bytes; at += chunkBytes) {
      const end = Math.min(bytes, at + chunkBytes);
      const [ours, theirs] = await Promise.all(
        [embed, head].map(({ file, start }) =>
          this.#source.read(file, start + at, start + end, this.#options.signal),
        ),
      );
      if (!ours || !theirs || ours.some((byte, i) => byte !== theirs[i])) return false;
    }
    this.#total -= entryBytes(head);
    return true;
  }

  async #layer(index: number, plan: LayerPlan, rotary: RotaryTables): Promise<LayerWeights> {
    const matrix = (key: keyof LayerPlan['matrices']) => {
      const { cols, parts } = plan.matrices[key];
      return this.#matrix(`layer ${index} ${key}`, cols, inLayer(index, parts));
    };
    const vector = async (key: VectorName): Promise<Tensor | null> => {
      const parts = plan.vectors[key];
      return parts && this.#vector(`layer ${index} ${key}`, inLayer(index, parts));
    };
    return {
      inputNorm: await vector('inputNorm'),
      qkv: await matrix('qkv'),
      qkvBias: await vector('qkvBias'),
      qNorm: await vector('qNorm'),
      kNorm: await vector('kNorm'),
      o: await matrix('o'),
      oBias: await vector('oBias'),
      attendedNorm: await vector('attendedNorm'),
      postNorm: await vector('postNorm'),
      gateUp: await matrix('gateUp'),
      gateUpBias: await vector('gateUpBias'),
      down: await matrix('down'),
      downBias: await vector('downBias'),
      mlpNorm: await vector('mlpNorm'),
      rotary,
    };
  }

  #tensor(shape: readonly number[], label: string): Tensor {
    const tensor = this.#backend.tensor(shape, { owner: this.#owner, label });
    this.#tensors.push(tensor);
    return tensor;
  }

  /** One matrix from the rows of one or more tensors, in order. */
  async #matrix(label: string, cols: number, parts: readonly Part[]): Promise<Matrix> {
    const entries = parts.map(([name, rows]) => needEntry(this.#files, name, [rows, cols]));
    const format = this.#format(entries);
    const rows = parts.reduce((sum, [, count]) => sum + count, 0);
    const matrix = this.#backend.matrix(rows, cols, format, { owner: this.#owner, label });
    this.#matrices.push(matrix);
    await this.#backend.settle();
    let row = 0;
    for (const entry of entries) {
      await this.#eachChunk(entry, format, (start, count, data) => {
        this.#backend.writeRows(matrix, row + start, count, data);
      });
      row += entry.shape[0]!;
    }
    return matrix;
  }

  /** One f32 tensor from the values of one or more vectors, in order. */
  async #vector(label: string, parts: readonly Part[]): Promise<Tensor> {
    const total = parts.reduce((sum, [, count]) => sum + count, 0);
    const tensor = this.#tensor([total], label);
    let offset = 0;
    for (const [name, count] of parts) {
      const entry = { ...needEntry(this.#files, name, [count]), shape: [1, count] };
      await this.#eachChunk(entry, 'f32', (_start, _count, data) => {
        if (data.format !== 'f32') return;
        this.#backend.write(
          tensor,
          entry.plus === 0 ? data.values : data.values.map((w) => w + entry.plus),
          offset,
        );
      });
      offset += count;
    }
    return tensor;
  }

  #format(entries: readonly WeightEntry[]): WeightFormat {
    const wanted = this.#options.weights ?? 'native';
    return wanted === 'native' ? matrixFormat(entries.map(({ encoding }) => encoding)) : wanted;
  }

  async #eachChunk(
    entry: WeightEntry,
    format: WeightFormat,
    use: (start: number, count: number, data: RowData) => void,
  ): Promise<void> {
    const [rows = 0, cols = 0] = entry.shape;
    const rowBytes = entryRowBytes(entry);
    const group = Math.max(1, entry.headRows);
    const chunkRows = Math.max(1, Math.floor(chunkBytes / (cols * 4 * group))) * group;
    for (let start = 0; start < rows; start += chunkRows) {
      throwIfAborted(this.#options.signal);
      const count = Math.min(chunkRows, rows - start);
      const from = entry.start + start * rowBytes;
      const raw = await this.#source.read(entry.file, from, from + count * rowBytes, this.#options.signal);
      if (raw.byteLength !== count * rowBytes) {
        throw new FileFormatError(
          `${entry.file} gave ${raw.byteLength} of ${count * rowBytes} bytes of ${entry.name}.`,
          'The file is truncated: download it again.',
        );
      }
      let held = raw.byteLength * (entry.headRows > 0 ? 2 : 1);
      this.#ledger.add('loader', held);
      const ordered = entry.headRows > 0 ? unpermute(raw, rowBytes, entry.headRows) : raw;
      const { data, drift, bytes } = fileRows(ordered, entry.encoding, cols, format);
      this.#ledger.add('loader', bytes);
      held += bytes;
      // A precision that was asked for is no news.
      if (drift && (this.#options.weights ?? 'native') === 'native')
        this.#drift.add(entry.name, entry.encoding, format, drift);
      use(start, count, data);
      this.#ledger.remove('loader', held);
      this.#loaded += raw.byteLength;
      this.#options.onProgress?.({ loaded: this.#loaded, total: this.#total });
      // Lets the device take what was staged, so that uploads do not pile up.
      this.#unfinished += rowDataBytes(data);
      if (this.#unfinished > 4 * chunkBytes) {
        await this.#backend.finish();
        this.#unfinished = 0;
      }
    }
  }
}

function entryBytes(entry: WeightEntry): number {
  const rows = entry.shape.length > 1 ? entry.shape[0]! : 1;
  return rows * entryRowBytes(entry);
}

/**
 * Undoes llama.cpp's reordering of q and k rows: row 2i + j of each head is transformers' row j * headDim / 2 + i.
 * `bytes` holds whole heads.
 */
export function unpermute(
  bytes: Uint8Array<ArrayBuffer>,
  rowBytes: number,
  headDim: number,
): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(bytes.byteLength);
  const rows = bytes.byteLength / rowBytes;
  if (rows % headDim !== 0)
    throw new ModelError(`${rows} rows are no whole heads of ${headDim}.`, 'This is a bug.');
  for (let row = 0; row < rows; row++) {
    const inHead = row % headDim;
    const to = row - inHead + (inHead & 1) * (headDim / 2) + (inHead >> 1);
    out.set(bytes.subarray(row * rowBytes, (row + 1) * rowBytes), to * rowBytes);
  }
  return out;
}
