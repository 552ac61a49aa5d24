/** Tensors and matrices in GPU buffers: allocation, views, streamed rows, reading back. */
import { BufferPool, type Allocation } from '../gpu/buffers';
import type { WeightStorage } from '../gpu/kernels';
import type { Range, Recorder } from '../gpu/recorder';
import type { Variants } from '../gpu/variants';
import { fail } from '../core/assert';
import { ConfigError } from '../core/errors';
import type { Backend, Matrix, RowData, Tensor, WeightFormat } from './ops';
import { checkRange, checkRows, checkView, shapeSize } from './shapes';

/** What the ops need: where work is recorded and how tensors become buffer ranges. */
export interface GpuContext {
  readonly recorder: Recorder;
  readonly pool: BufferPool;
  /** Most bytes of one binding. */
  readonly bindingLimit: number;
  /** Whether the adapter computes on the CPU. */
  readonly software: boolean;
  /** Operations above which an op is split into several dispatches; null: by what fits into a paced submit. */
  readonly dispatchFlops: number | null;
  /** The kernel variants that run; replaced as a whole when tuned or replayed. */
  variants: Variants;
}

interface GpuTensor extends Tensor {
  readonly range: Range;
  readonly owns: boolean;
  released: boolean;
}

/** Rows [start, start + count) of a matrix in its own buffers. */
export interface MatrixPart {
  readonly start: number;
  readonly count: number;
  readonly weights: Range;
  /** Block scales of q8 and q4. */
  readonly scales: Range | null;
}

interface GpuMatrix extends Matrix {
  readonly parts: readonly MatrixPart[];
  released: boolean;
}

/** The buffer range of a tensor, in whole vec4. Throws AssertionError after release. */
export function rangeOf(tensor: Tensor): Range {
  const { range, released, label } = tensor as GpuTensor;
  if (released) fail(`${label} was released and is used again.`);
  return range;
}

export function partsOf(matrix: Matrix): readonly MatrixPart[] {
  const { parts, released, label } = matrix as GpuMatrix;
  if (released) fail(`${label} was released and is used again.`);
  return parts;
}

/** Binds a part: `weights`, and `scales` where the format has them. */
export function weightBuffers(part: MatrixPart): Record<string, Range> {
  return part.scales === null ? { weights: part.weights } : { weights: part.weights, scales: part.scales };
}

/** A part in pieces of at most `most` rows, in whole multiples of 64, so that a piece starts where a part may. */
export function piecesOf(
  part: MatrixPart,
  [format, cols]: readonly [WeightFormat, number],
  most: number,
): readonly MatrixPart[] {
  const rows = Math.max(64, Math.floor(most / 64) * 64);
  if (part.count <= rows) return [part];
  const bytes = rowBytes(format, cols);
  const cut = (range: Range, first: number, size: number): Range => ({
    ...range,
    offset: range.offset + first * size,
    bytes: range.bytes - first * size,
  });
  return Array.from({ length: Math.ceil(part.count / rows) }, (_, i) => ({
    start: part.start + i * rows,
    count: Math.min(rows, part.count - i * rows),
    weights: cut(part.weights, i * rows, bytes.weights),
    scales: part.scales && cut(part.scales, i * rows, bytes.scales),
  }));
}

/** Bytes of one row as stored on the GPU. */
function rowBytes(format: WeightFormat, cols: number): { weights: number; scales: number } {
  const padded = Math.ceil(cols / 4) * 4;
  switch (format) {
    case 'f32':
      return { weights: 4 * padded, scales: 0 };
    case 'f16':
    case 'bf16':
      return { weights: 2 * padded, scales: 0 };
    case 'q8':
      return { weights: Math.ceil(cols / 64) * 64, scales: Math.ceil(cols / 64) * 4 };
    case 'q4':
      return { weights: Math.ceil(cols / 32) * 16, scales: Math.ceil(cols / 32) * 4 };
    default:
      return format satisfies never;
  }
}

/** Copies `rows` rows of `width` elements to a stride of `stride` elements, padding with zeros. */
function padRows<T extends Float32Array | Uint16Array | Int8Array | Uint8Array>(
  data: T,
  width: number,
  stride: number,
  rows: number,
): T {
  if (width === stride) return data.subarray(0, rows * width) as T;
  const padded = new (data.constructor as new (length: number) => T)(rows * stride);
  for (let row = 0; row < rows; row++)
    padded.set(data.subarray(row * width, (row + 1) * width), row * stride);
  return padded;
}

/** Rows [first, first + count) of `data` in the layout of the GPU. */
function packRows(
  data: RowData,
  cols: number,
  first: number,
  count: number,
): { weights: ArrayBufferView; scales: ArrayBufferView | null } {
  const cut = <T extends Float32Array | Uint16Array | Int8Array | Uint8Array>(
    values: T,
    width: number,
    stride: number,
  ): T => padRows(values.subarray(first * width, (first + count) * width) as T, width, stride, count);
  const padded = Math.ceil(cols / 4) * 4;
  const blocks = Math.ceil(cols / 32);
  switch (data.format) {
    case 'f32':
      return { weights: cut(data.values, cols, padded), scales: null };
    case 'f16':
    case 'bf16':
      return { weights: cut(data.values, cols, padded), scales: null };
    case 'q8': {
      const even = Math.ceil(cols / 64);
      return {
        weights: cut(data.quants, 32 * blocks, 64 * even),
        scales: cut(data.scales, blocks, 2 * even),
      };
    }
    case 'q4':
      return {
        weights: cut(data.quants, 16 * blocks, 16 * blocks),
        scales: cut(data.scales, 2 * blocks, 2 * blocks),
      };
    default:
      return data satisfies never;
  }
}

/** Bytes that one call of writeRows copies at a time. */
const writeBytes = 4 * 2 ** 20;

export type MemoryOps = Pick<
  Backend,
  | 'maxTensorBytes'
  | 'tensor'
  | 'view'
  | 'write'
  | 'read'
  | 'readU32'
  | 'release'
  | 'matrix'
  | 'writeRows'
  | 'releaseMatrix'
>;

export function memoryOps(context: GpuContext): MemoryOps {
  const { recorder, pool, bindingLimit } = context;

  function allocate(bytes: number, owner: string, label: string): Range {
    const allocation = pool.acquire(bytes, owner, label);
    return { allocation, offset: 0, bytes: Math.max(16, Math.ceil(bytes / 16) * 16) };
  }

  async function readRange(tensor: Tensor, offset: number, length: number): Promise<ArrayBuffer> {
    checkRange('read', tensor, offset, length);
    const range = rangeOf(tensor);
    if (length === 0) return new ArrayBuffer(0);
    return recorder.read({
      allocation: range.allocation,
      offset: range.offset + 4 * offset,
      bytes: 4 * length,
    });
  }

  return {
    maxTensorBytes: bindingLimit,

    tensor(shape, { owner, label, dtype = 'f32' }) {
      const size = shapeSize('tensor', shape);
      if (4 * size > bindingLimit) {
        throw new ConfigError(
          `${label} needs ${4 * size} bytes; this device binds at most ${bindingLimit} at once.`,
          'Use a smaller batch, a shorter context or smaller chunks.',
        );
      }
      const range = allocate(4 * size, owner, label);
      return {
        shape: [...shape],
        size,
        dtype,
        label,
        range,
        owns: true,
        released: false,
      } satisfies GpuTensor;
    },

    view(tensor, offset, shape) {
      const size = shapeSize('view', shape);
      checkView(tensor, offset, size);
      const { allocation, offset: base } = rangeOf(tensor);
      const range = {
        allocation,
        offset: base + 4 * offset,
        bytes: Math.max(16, Math.ceil((4 * size) / 16) * 16),
      };
      const { dtype, label } = tensor;
      return {
        shape: [...shape],
        size,
        dtype,
        label,
        range,
        owns: false,
        released: false,
      } satisfies GpuTensor;
    },

    write(tensor, data, offset = 0) {
      checkRange('write', tensor, offset, data.length);
      const range = rangeOf(tensor);
      if (data.length === 0) return;
      recorder.write(
        { allocation: range.allocation, offset: range.offset + 4 * offset, bytes: data.byteLength },
        data,
      );
    },

    async read(tensor, offset = 0, length = tensor.size - offset) {
      return new Float32Array(await readRange(tensor, offset, length));
    },

    async readU32(tensor, offset = 0, length = tensor.size - offset) {
      return new Uint32Array(await readRange(tensor, offset, length));
    },

    release(...tensors) {
      for (const tensor of tensors as GpuTensor[]) {
        if (tensor.owns && !tensor.released) pool.release(tensor.range.allocation);
        tensor.released = true;
      }
    },

    matrix(rows, cols, format, { owner, label }) {
      shapeSize('matrix', [rows, cols]);
      const bytes = rowBytes(format, cols);
      // Parts start at multiples of 64 rows so that vec4 access to their columns of y stays aligned.
      const most = Math.floor(bindingLimit / bytes.weights / 64) * 64;
      if (most === 0) {
        throw new ConfigError(
          `64 rows of ${label} need ${64 * bytes.weights} bytes; this device binds at most ${bindingLimit}.`,
          'Use a smaller weight format.',
        );
      }
      const parts: MatrixPart[] = [];
      const made: Allocation[] = [];
      try {
        for (let start = 0; start < rows; start += most) {
          const count = Math.min(most, rows - start);
          const weights = allocate(count * bytes.weights, owner, label);
          made.push(weights.allocation);
          const scales = bytes.scales === 0 ? null : allocate(count * bytes.scales, owner, `${label} scales`);
          if (scales !== null) made.push(scales.allocation);
          parts.push({ start, count, weights, scales });
        }
      } catch (error) {
        for (const allocation of made) pool.release(allocation);
        throw error;
      }
      const total = made.reduce((sum, allocation) => sum + allocation.bytes, 0);
      return { rows, cols, format, bytes: total, label, parts, released: false } satisfies GpuMatrix;
    },

    writeRows(matrix, start, count, data) {
      checkRows('writeRows', matrix, start, count);
      if (data.format !== matrix.format)
        fail(`${matrix.label} is ${matrix.format}, got ${data.format} rows.`);
      const bytes = rowBytes(matrix.format, matrix.cols);
      const chunk = Math.max(1, Math.floor(writeBytes / bytes.weights));
      for (const part of partsOf(matrix)) {
        const end = Math.min(start + count, part.start + part.count);
        for (let row = Math.max(start, part.start); row < end; row += chunk) {
          const rows = Math.min(chunk, end - row);
          const packed = packRows(data, matrix.cols, row - start, rows);
          const local = row - part.start;
          recorder.write({ ...part.weights, offset: local * bytes.weights }, packed.weights);
          if (part.scales !== null && packed.scales !== null) {
            recorder.write({ ...part.scales, offset: local * bytes.scales }, packed.scales);
          }
        }
      }
    },

    releaseMatrix(...matrices) {
      for (const matrix of matrices as GpuMatrix[]) {
        if (matrix.released) continue;
        matrix.released = true;
        for (const part of matrix.parts) {
          pool.release(part.weights.allocation);
          if (part.scales !== null) pool.release(part.scales.allocation);
        }
      }
    },
  };
}

/** How kernels read a dense tensor as W [*, inputs]. */
export function tensorStorage(inputs: number): WeightStorage {
  return inputs % 4 === 0 ? 'f32' : 'ragged';
}
