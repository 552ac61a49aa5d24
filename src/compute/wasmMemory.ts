/** Tensors, matrices and scratch of the WASM backend: their layout in the WASM memory, counted in a ledger. */
import { decodeRowsInto, sliceRows } from '../cpu/decode';
import type { Heap } from '../cpu/heap';
import type { Kernels } from '../cpu/kernels';
import { formBits, hasSpecials, packRows, panelBytes } from '../cpu/panels';
import { fail } from '../core/assert';
import { Ledger } from '../core/ledger';
import type { DType, Matrix, RowData, Tensor, WeightFormat } from './ops';
import { checkRange, checkRows, checkView, shapeSize } from './shapes';

/** A tensor at byte `pointer` of the WASM memory (0 once released). */
export interface WasmTensor extends Tensor {
  readonly owner: string;
  /** False for views, which own nothing. */
  readonly owns: boolean;
  pointer: number;
}

/** A weight as panels of 8 rows (pointer 0 once released); rows past the end are 0. */
export interface WasmMatrix extends Matrix {
  readonly owner: string;
  /** What the panels hold: the matrix's own format, or f32 where it is small. */
  readonly panels: WeightFormat;
  /** formBits of its products. */
  form: number;
  pointer: number;
}

/** Elements decoded at a time when rows are written. */
const writeChunk = 1 << 18;
/** Scratch that a product needs in each thread: an edge, a row's 512 floats, sums of 60 rows, a panel of 512 x 8 floats. */
const productScratch = 512 + 512 * 4 + 60 * 64 + 512 * 32;
/**
 * Smaller matrices lie in the caches whatever their format: they are kept as f32 and multiplied without fused multiply-adds,
 * with the same bits on every machine.
 */
const smallElements = 1 << 17;

function released(label: string): never {
  fail(`${label} was released and is used again.`);
}

/** Pointer of a tensor. Throws AssertionError when it was released. */
export function pointerOf(tensor: Tensor): number {
  return (tensor as WasmTensor).pointer || released(tensor.label);
}

/** Pointer of a matrix. Throws AssertionError when it was released. */
export function weightPointer(matrix: Matrix): number {
  return (matrix as WasmMatrix).pointer || released(matrix.label);
}

/** formBits of a matrix's products. */
export function weightForm(matrix: Matrix): number {
  return (matrix as WasmMatrix).form;
}

/** The number of its panels' format. */
export function weightFormat(matrix: Matrix): number {
  return formBits[(matrix as WasmMatrix).panels] / 8;
}

export interface WasmMemoryOptions {
  readonly threads: number;
  /** Whether the kernels have fused multiply-adds. */
  readonly fused: boolean;
  /** Elements from which a matrix is kept in its own format, instead of the usual ones: for tests. */
  readonly packFrom?: number | undefined;
}

export class WasmMemory {
  readonly heap: Heap;
  readonly ledger = new Ledger();
  readonly #kernels: Kernels;
  readonly #setScratch: (pointer: number, bytesPerThread: number) => void;
  readonly #options: WasmMemoryOptions;
  readonly #held = new Set<WasmTensor | WasmMatrix>();
  #scratch = { pointer: 0, bytes: 0 };
  #spare = { pointer: 0, bytes: 0 };

  constructor(
    heap: Heap,
    kernels: Kernels,
    options: WasmMemoryOptions,
    setScratch: (pointer: number, bytesPerThread: number) => void,
  ) {
    this.heap = heap;
    this.#kernels = kernels;
    this.#options = options;
    this.#setScratch = setScratch;
    this.scratch(productScratch);
  }

  tensor(
    shape: readonly number[],
    { owner, label, dtype = 'f32' }: { owner: string; label: string; dtype?: DType },
  ): Tensor {
    const size = shapeSize('tensor', shape);
    const pointer = this.heap.allocate(size * 4, label);
    const tensor: WasmTensor = { shape: [...shape], size, dtype, label, owner, owns: true, pointer };
    this.#held.add(tensor);
    this.ledger.add(owner, size * 4);
    return tensor;
  }

  view(tensor: Tensor, offset: number, shape: readonly number[]): Tensor {
    const size = shapeSize('view', shape);
    checkView(tensor, offset, size);
    const { dtype, label, owner } = tensor as WasmTensor;
    const pointer = pointerOf(tensor) + offset * 4;
    const part: WasmTensor = { shape: [...shape], size, dtype, label, owner, owns: false, pointer };
    return part;
  }

  write(tensor: Tensor, data: Float32Array | Uint32Array, offset = 0): void {
    checkRange('write', tensor, offset, data.length);
    const at = pointerOf(tensor) / 4 + offset;
    if (data instanceof Uint32Array) this.words(tensor, 'u32').set(data, at);
    else this.words(tensor, 'f32').set(data, at);
  }

  read(tensor: Tensor, offset = 0, length = tensor.size - offset): Float32Array {
    checkRange('read', tensor, offset, length);
    const at = pointerOf(tensor) / 4 + offset;
    return new Float32Array(this.words(tensor, 'f32').subarray(at, at + length));
  }

  readU32(tensor: Tensor, offset = 0, length = tensor.size - offset): Uint32Array {
    checkRange('readU32', tensor, offset, length);
    const at = pointerOf(tensor) / 4 + offset;
    return new Uint32Array(this.words(tensor, 'u32').subarray(at, at + length));
  }

  release(...tensors: readonly Tensor[]): void {
    for (const tensor of tensors as readonly WasmTensor[]) {
      if (tensor.owns && tensor.pointer !== 0) this.#drop(tensor, tensor.size * 4);
    }
  }

  matrix(
    rows: number,
    cols: number,
    format: WeightFormat,
    { owner, label }: { owner: string; label: string },
  ): Matrix {
    const small = shapeSize('matrix', [rows, cols]) < (this.#options.packFrom ?? smallElements);
    const panels = small ? 'f32' : format;
    const form = formBits[panels] + (!small && this.#options.fused ? formBits.fused : 0);
    const panel = panelBytes(cols, panels);
    const bytes = Math.ceil(rows / 8) * panel;
    const pointer = this.heap.allocate(bytes, label);
    if (rows % 8 !== 0) this.heap.u32.fill(0, (pointer + bytes - panel) / 4, (pointer + bytes) / 4);
    const matrix: WasmMatrix = { rows, cols, format, bytes, label, owner, panels, form, pointer };
    this.#held.add(matrix);
    this.ledger.add(owner, bytes);
    return matrix;
  }

  writeRows(matrix: Matrix, start: number, count: number, data: RowData): void {
    checkRows('writeRows', matrix, start, count);
    if (data.format !== matrix.format) fail(`${matrix.label} is ${matrix.format}, got ${data.format} rows.`);
    const { cols } = matrix;
    const to = matrix as WasmMatrix;
    if (to.panels !== 'f32' && data.format !== 'f32') {
      if (data.format === 'f16' && hasSpecials(data.values)) to.form |= formBits.special;
      packRows(this.heap.u32.buffer, weightPointer(matrix), cols, start, count, data);
      return;
    }
    const step = Math.max(8, Math.floor(writeChunk / Math.max(1, cols)) & ~7);
    for (let done = 0; done < count;) {
      // Whole panels after the first piece.
      const piece = Math.min(count - done, step - ((start + done) & 7));
      const buffer = this.floats(piece * cols);
      decodeRowsInto(sliceRows(data, cols, done, piece), piece, cols, this.heap.f32, buffer / 4);
      this.#kernels.packRows(weightPointer(matrix), cols, start + done, piece, buffer);
      done += piece;
    }
  }

  readRows(matrix: Matrix, start: number, count: number): Float32Array {
    checkRows('readRows', matrix, start, count);
    const { cols } = matrix;
    const out = new Float32Array(count * cols);
    const step = Math.max(1, Math.floor(writeChunk / Math.max(1, cols)));
    for (let done = 0; done < count; done += step) {
      const piece = Math.min(step, count - done);
      const buffer = this.floats(piece * cols);
      this.#kernels.unpackRows(
        weightPointer(matrix),
        weightFormat(matrix),
        cols,
        start + done,
        piece,
        buffer,
      );
      out.set(this.heap.f32.subarray(buffer / 4, buffer / 4 + piece * cols), done * cols);
    }
    return out;
  }

  releaseMatrix(...matrices: readonly Matrix[]): void {
    for (const matrix of matrices as readonly WasmMatrix[]) {
      if (matrix.pointer !== 0) this.#drop(matrix, matrix.bytes);
    }
  }

  dispose(): void {
    for (const thing of [...this.#held]) {
      this.#drop(thing, 'format' in thing ? thing.bytes : thing.size * 4);
    }
    this.#scratch = this.#swap(this.#scratch, 0);
    this.#spare = this.#swap(this.#spare, 0);
  }

  /** Makes sure that every thread has `bytes` of scratch. */
  scratch(bytes: number): void {
    if (bytes <= this.#scratch.bytes / this.#options.threads) return;
    const each = Math.ceil(bytes / 4096) * 4096;
    this.#scratch = this.#swap(this.#scratch, each * this.#options.threads);
    this.#setScratch(this.#scratch.pointer, each);
  }

  /** Pointer of a buffer of `count` floats that all threads share; its contents last until the next call. */
  floats(count: number): number {
    if (count * 4 > this.#spare.bytes) this.#spare = this.#swap(this.#spare, count * 4);
    return this.#spare.pointer;
  }

  #swap(old: { pointer: number; bytes: number }, bytes: number): { pointer: number; bytes: number } {
    if (old.pointer !== 0) {
      this.heap.release(old.pointer);
      this.ledger.remove('scratch', old.bytes);
    }
    if (bytes === 0) return { pointer: 0, bytes: 0 };
    const pointer = this.heap.allocate(bytes, 'scratch');
    this.ledger.add('scratch', bytes);
    return { pointer, bytes };
  }

  /** The whole memory as the tensor's type. Throws AssertionError where the caller expects the other one. */
  words(tensor: Tensor, dtype: 'f32'): Float32Array;
  words(tensor: Tensor, dtype: 'u32'): Uint32Array;
  words(tensor: Tensor, dtype: DType): Float32Array | Uint32Array {
    if (tensor.dtype !== dtype) fail(`${tensor.label} is ${tensor.dtype}, ${dtype} is needed.`);
    return dtype === 'f32' ? this.heap.f32 : this.heap.u32;
  }

  #drop(thing: WasmTensor | WasmMatrix, bytes: number): void {
    this.heap.release(thing.pointer);
    this.#held.delete(thing);
    this.ledger.remove(thing.owner, bytes);
    thing.pointer = 0;
  }
}
