/**
 * The GGUF container (ggml's specification), versions 2 and 3, little endian: metadata, tensor infos, aligned tensor data.
 * Every count, length and offset is checked against the bytes that are left before it is believed.
 */
import { FileFormatError } from '../../core/errors';
import type { FileSource } from '../../core/fileSource';
import { foreignFile } from '../foreignFile';
import { ggufBlocks, ggufTypeName, ggufTypeOf, type GgufType } from './ggufTypes';
import { unreadableFile, type UnreadTensor } from './unreadable';

export type GgufValue = number | bigint | boolean | string | readonly GgufValue[];

/** A value for a message: of a list its length, since it may be as long as the file. */
export function shownValue(value: GgufValue | undefined): string {
  if (value === undefined) return 'not given';
  return typeof value === 'object' ? `a list of ${value.length}` : String(value);
}

export interface GgufTensor {
  readonly name: string;
  readonly type: GgufType;
  /** Row-major [rows, cols] (or [size]): ggml's dimensions reversed. */
  readonly shape: readonly number[];
  /** Where it is: a model may be split into several files. */
  readonly file: string;
  /** Bytes [start, end) of the file. */
  readonly start: number;
  readonly end: number;
}

export interface GgufFile {
  readonly file: string;
  readonly version: number;
  readonly metadata: ReadonlyMap<string, GgufValue>;
  readonly tensors: ReadonlyMap<string, GgufTensor>;
}

/** Bytes of a metadata value by type; strings and arrays have at least their length field. */
const valueBytes = [1, 1, 2, 2, 4, 4, 4, 1, 8, 12, 8, 8, 8] as const;
const stringType = 8;
const arrayType = 9;

const maxString = 16 << 20;
const windowBytes = 1 << 20;
const hint = 'The file is damaged or incomplete: download it again.';

/** A cursor over the head of a file that holds one window of it at a time. */
class Cursor {
  readonly #source: FileSource;
  readonly #file: string;
  readonly #total: number;
  readonly #signal: AbortSignal | undefined;
  #window = new DataView(new ArrayBuffer(0));
  #windowStart = 0;
  at = 0;

  constructor(source: FileSource, file: string, total: number, signal: AbortSignal | undefined) {
    this.#source = source;
    this.#file = file;
    this.#total = total;
    this.#signal = signal;
  }

  get left(): number {
    return this.#total - this.at;
  }

  fail(what: string): never {
    throw new FileFormatError(`${this.#file}: ${what} (at byte ${this.at}).`, hint);
  }

  /** Whether the next `bytes` bytes are in the window: then `view` may be used without waiting. */
  holds(bytes: number): boolean {
    return this.at + bytes <= this.#windowStart + this.#window.byteLength;
  }

  async load(bytes: number): Promise<void> {
    if (bytes > this.left) this.fail(`the file ends ${bytes - this.left} bytes too early`);
    if (this.holds(bytes)) return;
    const end = Math.min(this.#total, this.at + Math.max(bytes, windowBytes));
    const data = await this.#source.read(this.#file, this.at, end, this.#signal);
    if (data.byteLength < bytes) this.fail(`only ${data.byteLength} of ${bytes} bytes could be read`);
    this.#window = new DataView(data.buffer, data.byteOffset, data.byteLength);
    this.#windowStart = this.at;
  }

  /** Moves on by `bytes` loaded bytes; returns the view and the offset in it. */
  take(bytes: number): { view: DataView; offset: number } {
    const offset = this.at - this.#windowStart;
    this.at += bytes;
    return { view: this.#window, offset };
  }

  async u32(): Promise<number> {
    await this.load(4);
    const { view, offset } = this.take(4);
    return view.getUint32(offset, true);
  }

  /** A 64-bit count that must not exceed `most`. */
  async count(what: string, most: number): Promise<number> {
    await this.load(8);
    const { view, offset } = this.take(8);
    const value = view.getBigUint64(offset, true);
    if (value > BigInt(most)) this.fail(`${what} is ${value}; at most ${most} is possible`);
    return Number(value);
  }

  async string(): Promise<string> {
    const length = await this.count('a string length', Math.min(maxString, this.left));
    await this.load(length);
    const { view, offset } = this.take(length);
    try {
      return decoder.decode(new Uint8Array(view.buffer, view.byteOffset + offset, length));
    } catch {
      return this.fail('a string is not UTF-8');
    }
  }

  async value(type: number, depth = 0): Promise<GgufValue> {
    const bytes = valueBytes[type];
    if (bytes === undefined) return this.fail(`metadata type ${type} is unknown`);
    if (type === stringType) return this.string();
    if (type === arrayType) {
      if (depth > 1) this.fail('metadata arrays are nested too deeply');
      const element = await this.u32();
      const elementBytes = valueBytes[element];
      if (elementBytes === undefined) return this.fail(`metadata type ${element} is unknown`);
      const least = element === stringType ? 8 : elementBytes;
      const length = await this.count('an array length', Math.floor(this.left / least));
      const list: GgufValue[] = [];
      for (let i = 0; i < length; i++) list.push(await this.value(element, depth + 1));
      return list;
    }
    if (!this.holds(bytes)) await this.load(bytes);
    const { view, offset } = this.take(bytes);
    switch (type) {
      case 0:
        return view.getUint8(offset);
      case 1:
        return view.getInt8(offset);
      case 2:
        return view.getUint16(offset, true);
      case 3:
        return view.getInt16(offset, true);
      case 4:
        return view.getUint32(offset, true);
      case 5:
        return view.getInt32(offset, true);
      case 6:
        return view.getFloat32(offset, true);
      case 7:
        return view.getUint8(offset) !== 0;
      case 10:
        return view.getBigUint64(offset, true);
      case 11:
        return view.getBigInt64(offset, true);
      default:
        return view.getFloat64(offset, true);
    }
  }
}

// A token may begin with U+FEFF.
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Reads and checks everything before the tensor data. Throws FileFormatError. */
export async function openGguf(source: FileSource, file: string, signal?: AbortSignal): Promise<GgufFile> {
  const total = await source.size(file);
  const cursor = new Cursor(source, file, total, signal);
  if (total < 4 || (await cursor.u32()) !== 0x46554747) {
    throw (
      (await foreignFile(source, file, 'a GGUF', signal)) ??
      cursor.fail('this is not a GGUF file (wrong magic)')
    );
  }
  const version = await cursor.u32();
  if (version === 0x02000000 || version === 0x03000000) {
    throw new FileFormatError(
      `${file} is a big-endian GGUF, made for another kind of machine.`,
      'Choose a little-endian file of this model, as nearly all are.',
    );
  }
  if (version !== 2 && version !== 3) cursor.fail(`GGUF version ${version} is not supported (2 and 3 are)`);
  // An info takes at least 8 (name) + 4 + 8 (one dimension) + 4 + 8 bytes, a pair at least 8 + 4 + 1.
  const tensorCount = await cursor.count('the tensor count', Math.min(1 << 20, Math.floor(total / 32)));
  const pairCount = await cursor.count('the metadata count', Math.min(1 << 20, Math.floor(total / 13)));

  const metadata = new Map<string, GgufValue>();
  for (let i = 0; i < pairCount; i++) {
    const key = await cursor.string();
    if (metadata.has(key)) cursor.fail(`metadata ${JSON.stringify(key)} occurs twice`);
    metadata.set(key, await cursor.value(await cursor.u32()));
  }
  const alignment = metadata.get('general.alignment') ?? 32;
  if (typeof alignment !== 'number' || alignment < 8 || alignment > 1 << 20 || alignment % 8 !== 0) {
    return cursor.fail(`the alignment ${shownValue(alignment)} is not a multiple of 8 up to ${1 << 20}`);
  }

  const infos: Info[] = [];
  const unknown: UnreadTensor[] = [];
  for (let i = 0; i < tensorCount; i++) {
    const info = await readInfo(cursor, total);
    if ('bytes' in info) infos.push(info);
    else unknown.push(info);
  }
  if (unknown.length > 0) throw unreadableFile(file, unknown, tensorCount);
  const dataStart = Math.ceil(cursor.at / alignment) * alignment;
  const tensors = new Map<string, GgufTensor>();
  let end = dataStart;
  for (const info of infos.sort((a, b) => a.offset - b.offset)) {
    const start = dataStart + info.offset;
    if (info.offset % alignment !== 0) cursor.fail(`${info.name} is not aligned to ${alignment} bytes`);
    if (start + info.bytes > total)
      cursor.fail(`the file is cut off: ${info.name} ends at ${start + info.bytes} of ${total} bytes`);
    if (start < end) cursor.fail(`${info.name} overlaps the tensor before it`);
    if (tensors.has(info.name)) cursor.fail(`tensor ${info.name} occurs twice`);
    end = start + info.bytes;
    tensors.set(info.name, { name: info.name, type: info.type, shape: info.shape, file, start, end });
  }
  return { file, version, metadata, tensors };
}

interface Info {
  readonly name: string;
  readonly type: GgufType;
  readonly shape: number[];
  readonly offset: number;
  readonly bytes: number;
}

async function readInfo(cursor: Cursor, total: number): Promise<Info | UnreadTensor> {
  const name = await cursor.string();
  const dimensions = await cursor.u32();
  if (dimensions < 1 || dimensions > 4) cursor.fail(`${name} has ${dimensions} dimensions`);
  const shape: number[] = [];
  for (let d = 0; d < dimensions; d++) shape.unshift(await cursor.count(`a dimension of ${name}`, 2 ** 32));
  const elements = shape.reduce((product, n) => product * n, 1);
  const typeId = await cursor.u32();
  const type = ggufTypeOf(typeId);
  // A tensor of a type without a known size may begin anywhere.
  const offset = await cursor.count(`the offset of ${name}`, type === null ? Number.MAX_SAFE_INTEGER : total);
  if (type === null) return { name, type: ggufTypeName(typeId) };
  const block = ggufBlocks[type];
  if (elements === 0 || elements > Number.MAX_SAFE_INTEGER) cursor.fail(`${name} has ${elements} elements`);
  if (shape.at(-1)! % block.elements !== 0) {
    cursor.fail(`${name} has rows of ${shape.at(-1)} elements, no multiple of ${block.elements}`);
  }
  return { name, type, shape, offset, bytes: (elements / block.elements) * block.bytes };
}
