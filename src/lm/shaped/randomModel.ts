/** A model of a given shape on seeded random weights: what it says is noise, and it takes the time of a real one. */
import { encodeRows } from '../../compute/encode';
import type { Backend, Matrix, RowData, WeightFormat } from '../../compute/ops';
import { RandomStream } from '../../core/rng';
import { emptyModel, type ModelName } from './emptyModel';
import { unloadModel } from '../load';
import { ropeKinds } from '../block/form';
import { writeRotary } from '../rotary';
import type { LanguageModel } from '../types';

/** Values that are encoded at once. */
const mostValues = 1 << 18;

/** Fills weights with seeded noise; encoded rows are made once for a width and format, and written again and again. */
export class RandomRows {
  readonly #backend: Backend;
  readonly #random: RandomStream;
  readonly #chunks = new Map<string, { readonly rows: number; readonly data: RowData }>();

  constructor(backend: Backend, seed: number) {
    this.#backend = backend;
    this.#random = new RandomStream(seed);
  }

  values(size: number): Float32Array {
    return Float32Array.from({ length: size }, () => 0.04 * (this.#random.next() - 0.5));
  }

  fill(matrix: Matrix): void {
    const { rows, cols, format } = matrix;
    const made = (count: number): RowData => encodeRows(this.values(count * cols), cols, format);
    const key = `${format} ${cols}`;
    let chunk = this.#chunks.get(key);
    if (!chunk) {
      const count = Math.max(1, Math.floor(mostValues / cols));
      this.#chunks.set(key, (chunk = { rows: count, data: made(count) }));
    }
    for (let row = 0; row < rows; row += chunk.rows) {
      const count = Math.min(chunk.rows, rows - row);
      this.#backend.writeRows(matrix, row, count, count === chunk.rows ? chunk.data : made(count));
    }
  }
}

/** Throws OutOfMemoryError; nothing stays allocated then. */
export async function randomModel(
  backend: Backend,
  name: ModelName,
  format: WeightFormat,
  { maxContext, seed = 0 }: { readonly maxContext: number; readonly seed?: number },
): Promise<LanguageModel> {
  const model = emptyModel(backend, name, format, maxContext);
  try {
    await backend.settle();
    const random = new RandomRows(backend, seed);
    random.fill(model.embed);
    if (model.head !== model.embed) random.fill(model.head);
    for (const layer of model.layers) {
      for (const matrix of [layer.qkv, layer.o, layer.gateUp, layer.down]) random.fill(matrix);
      for (const norm of [
        layer.inputNorm,
        layer.attendedNorm,
        layer.postNorm,
        layer.mlpNorm,
        layer.qNorm,
        layer.kNorm,
      ])
        if (norm) backend.fill({ x: norm, value: 1 });
      for (const bias of [layer.qkvBias, layer.oBias, layer.gateUpBias, layer.downBias])
        if (bias) backend.write(bias, random.values(bias.size));
      // One layer after the other: what waits to be written is held twice.
      await backend.finish();
    }
    backend.fill({ x: model.finalNorm, value: 1 });
    ropeKinds(model.config.block).forEach((kind, i) =>
      writeRotary(backend, model.config, kind, model.rotaries[i]!, maxContext),
    );
    await backend.finish();
    return model;
  } catch (error) {
    unloadModel(model);
    throw error;
  }
}
