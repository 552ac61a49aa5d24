/** Writes the GGUF container, version 3 (ggml's specification): metadata, tensor infos, tensor data at multiples of 32. */
export type GgufMeta =
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'bool'; readonly value: boolean }
  | { readonly type: 'u32' | 'f32'; readonly value: number }
  | { readonly type: 'strings'; readonly value: readonly string[] }
  | { readonly type: 'i32s' | 'f32s' | 'u8s'; readonly value: readonly number[] };

export interface GgufTensorToWrite {
  readonly name: string;
  /** Row-major [rows, cols] or [size]; ggml's dimensions are these reversed. */
  readonly shape: readonly number[];
  readonly type: keyof typeof typeNumbers;
  readonly data: Float32Array | Uint16Array | Uint8Array;
}

const typeNumbers = { F32: 0, F16: 1, Q4_0: 2, Q8_0: 8, BF16: 30 } as const;
const valueTypes = { u32: 4, f32: 6, bool: 7, string: 8, strings: 9, i32s: 9, f32s: 9, u8s: 9 } as const;
const elementTypes = { strings: 8, i32s: 5, f32s: 6, u8s: 0 } as const;
const alignment = 32;
const align = (bytes: number): number => Math.ceil(bytes / alignment) * alignment;

/** Little-endian bytes that grow. */
class Bytes {
  #buffer = new Uint8Array(1 << 16);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  #room(bytes: number): DataView {
    while (this.#length + bytes > this.#buffer.length) {
      const larger = new Uint8Array(2 * this.#buffer.length);
      larger.set(this.#buffer);
      this.#buffer = larger;
    }
    const view = new DataView(this.#buffer.buffer, this.#length, bytes);
    this.#length += bytes;
    return view;
  }

  u32(value: number): void {
    this.#room(4).setUint32(0, value, true);
  }

  u64(value: number): void {
    this.#room(8).setBigUint64(0, BigInt(value), true);
  }

  f32(value: number): void {
    this.#room(4).setFloat32(0, value, true);
  }

  raw(bytes: Uint8Array): void {
    const view = this.#room(bytes.length);
    new Uint8Array(view.buffer, view.byteOffset, bytes.length).set(bytes);
  }

  string(text: string): void {
    const bytes = new TextEncoder().encode(text);
    this.u64(bytes.length);
    this.raw(bytes);
  }

  take(): Uint8Array {
    return this.#buffer.subarray(0, this.#length);
  }
}

function writeValue(head: Bytes, entry: GgufMeta): void {
  head.u32(valueTypes[entry.type]);
  switch (entry.type) {
    case 'string':
      return head.string(entry.value);
    case 'bool':
      return head.raw(Uint8Array.of(entry.value ? 1 : 0));
    case 'u32':
      return head.u32(entry.value);
    case 'f32':
      return head.f32(entry.value);
    case 'strings':
    case 'i32s':
    case 'f32s':
    case 'u8s':
      head.u32(elementTypes[entry.type]);
      head.u64(entry.value.length);
      if (entry.type === 'u8s') return head.raw(Uint8Array.from(entry.value));
      for (const value of entry.value) {
        if (typeof value === 'string') head.string(value);
        else if (entry.type === 'f32s') head.f32(value);
        else head.u32(value >>> 0);
      }
      return;
    default:
      return entry satisfies never;
  }
}

/** A whole GGUF file. */
export function writeGguf(
  meta: ReadonlyMap<string, GgufMeta>,
  tensors: readonly GgufTensorToWrite[],
): Uint8Array<ArrayBuffer> {
  const head = new Bytes();
  head.raw(new TextEncoder().encode('GGUF'));
  head.u32(3);
  head.u64(tensors.length);
  head.u64(meta.size);
  for (const [key, entry] of meta) {
    head.string(key);
    writeValue(head, entry);
  }
  let offset = 0;
  for (const { name, shape, type, data } of tensors) {
    head.string(name);
    head.u32(shape.length);
    for (const size of [...shape].reverse()) head.u64(size);
    head.u32(typeNumbers[type]);
    head.u64(offset);
    offset = align(offset + data.byteLength);
  }
  const start = align(head.length);
  const file = new Uint8Array(start + offset);
  file.set(head.take());
  let at = start;
  for (const { data } of tensors) {
    file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += align(data.byteLength);
  }
  return file;
}
