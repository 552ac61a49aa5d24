/**
 * The safetensors format: 8 bytes of header length (little endian), a JSON header, then the tensors' bytes without
 * gaps. A file is never trusted: every number in it is checked before a byte is read by it.
 */
import * as v from 'valibot';
import { decodeRows } from '../compute/encode';
import { FileFormatError } from '../core/errors';
import { parseJson } from '../core/json';
import { readText, type FileSource } from '../core/fileSource';
import { foreignFile } from './foreignFile';
import { nativeRows } from './rowCodec';

/** Bytes per element of every dtype the format knows. */
const dtypeBytes: Readonly<Record<string, number>> = {
  F64: 8, I64: 8, U64: 8, C64: 8, F32: 4, I32: 4, U32: 4, F16: 2, BF16: 2, I16: 2, U16: 2,
  I8: 1, U8: 1, BOOL: 1, F8_E4M3: 1, F8_E5M2: 1, F8_E8M0: 1, F8_E4M3FNUZ: 1, F8_E5M2FNUZ: 1,
}; // prettier-ignore

/** Where one tensor's bytes are. */
export interface TensorEntry {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly file: string;
  /** Bytes [start, end) of the file. */
  readonly start: number;
  readonly end: number;
}

export interface TensorIndex {
  readonly tensors: ReadonlyMap<string, TensorEntry>;
  readonly metadata: Readonly<Record<string, string>>;
}

const maxHeaderBytes = 100_000_000;
const hint = 'The file is damaged or was not written by a safetensors tool: download it again.';

const entrySchema = v.strictObject({
  dtype: v.string(),
  shape: v.pipe(v.array(v.pipe(v.number(), v.safeInteger(), v.minValue(0))), v.maxLength(8)),
  data_offsets: v.tuple([
    v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
    v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  ]),
});
const indexSchema = v.looseObject({ weight_map: v.record(v.string(), v.string()) });

/** Reads and checks the header of one file. Throws FileFormatError. */
export async function readHeader(
  source: FileSource,
  file: string,
  signal?: AbortSignal,
): Promise<TensorIndex> {
  const fail = (what: string): never => {
    throw new FileFormatError(`${file}: ${what}`, hint);
  };
  const total = await source.size(file);
  const prefix = await source.read(file, 0, Math.min(9, total), signal);
  const length =
    prefix.byteLength < 8
      ? 0
      : Number(new DataView(prefix.buffer, prefix.byteOffset, 8).getBigUint64(0, true));
  // Only a file that cannot be safetensors is looked at as something else: a header of 640 bytes begins like a pickle.
  if (prefix[8] !== 0x7b || length > maxHeaderBytes || 8 + length > total) {
    const foreign = await foreignFile(source, file, 'safetensors', signal);
    if (foreign) throw foreign;
  }
  if (prefix.byteLength < 8) fail(`${total} bytes are too few for a safetensors file.`);
  if (length > maxHeaderBytes)
    fail(`the header claims ${length} bytes; at most ${maxHeaderBytes} are allowed.`);
  if (8 + length > total)
    fail(`the file is cut off: its header claims ${length} bytes, but the file has ${total}.`);

  const bytes = await source.read(file, 8, 8 + length, signal);
  let text = '';
  let json: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    json = parseJson(text);
  } catch (cause) {
    throw new FileFormatError(`${file}: the header is not JSON in UTF-8.`, hint, { cause });
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) fail('the header is not an object.');
  const duplicate = duplicateKey(text);
  if (duplicate !== null) fail(`the header names ${JSON.stringify(duplicate)} twice.`);

  const dataStart = 8 + length;
  const dataBytes = total - dataStart;
  const tensors = new Map<string, TensorEntry>();
  let metadata: Record<string, string> = {};
  for (const [name, value] of Object.entries(json as object)) {
    if (name === '__metadata__') {
      if (value === null) continue;
      const parsed = v.safeParse(v.record(v.string(), v.string()), value);
      if (!parsed.success) fail('__metadata__ is not a map of strings.');
      else metadata = parsed.output;
      continue;
    }
    const parsed = v.safeParse(entrySchema, value);
    if (!parsed.success) throw new FileFormatError(`${file}: the entry of ${name} is malformed.`, hint);
    const { dtype, shape, data_offsets: [from, to] } = parsed.output; // prettier-ignore
    const width = dtypeBytes[dtype] ?? fail(`${name} has the unknown dtype ${JSON.stringify(dtype)}.`);
    const expected = shape.reduce((product, n) => product * n, width);
    if (from > to || to > dataBytes) {
      const cut = from <= to ? 'the file is cut off: ' : '';
      fail(`${cut}${name} claims bytes ${from} to ${to}, but the file holds ${dataBytes}.`);
    }
    if (to - from !== expected) {
      fail(`${name} is ${dtype} [${shape.join(', ')}] = ${expected} bytes, but ${to - from} are given.`);
    }
    tensors.set(name, { name, dtype, shape, file, start: dataStart + from, end: dataStart + to });
  }
  checkCover(file, [...tensors.values()], dataStart, total);
  return { tensors, metadata };
}

/** One tensor must begin where the one before it ends, the first at the start and the last at the end. */
function checkCover(file: string, entries: TensorEntry[], start: number, total: number): void {
  entries.sort((a, b) => a.start - b.start || a.end - b.end);
  let at = start;
  for (const entry of entries) {
    if (entry.start !== at) {
      const what = entry.start < at ? 'overlaps the tensor before it' : 'leaves a gap before it';
      throw new FileFormatError(
        `${file}: ${entry.name} ${what} (byte ${entry.start}, expected ${at}).`,
        hint,
      );
    }
    at = entry.end;
  }
  if (at !== total) {
    throw new FileFormatError(`${file}: ${total - at} bytes at the end belong to no tensor.`, hint);
  }
}

/** The first key that occurs twice at the top level of a JSON object (valid JSON), or null. */
function duplicateKey(text: string): string | null {
  const seen = new Set<string>();
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const char = text[i];
    if (char === '{' || char === '[') depth++;
    else if (char === '}' || char === ']') depth--;
    else if (char === '"') {
      const start = i;
      for (i++; text[i] !== '"'; i++) if (text[i] === '\\') i++;
      let after = i + 1;
      while (/\s/.test(text[after] ?? '')) after++;
      if (depth === 1 && text[after] === ':') {
        const key = JSON.parse(text.slice(start, i + 1)) as string;
        if (seen.has(key)) return key;
        seen.add(key);
      }
    }
  }
  return null;
}

/** The tensors of model.safetensors, or of all shards that model.safetensors.index.json names. Throws FileFormatError. */
export async function openSafetensors(source: FileSource, signal?: AbortSignal): Promise<TensorIndex> {
  const indexFile = 'model.safetensors.index.json';
  if (await source.has('model.safetensors')) return readHeader(source, 'model.safetensors', signal);
  if (!(await source.has(indexFile))) {
    throw new FileFormatError(
      `${source.name} has neither model.safetensors nor ${indexFile}.`,
      'Pick a folder in Hugging Face form, or a .gguf file.',
    );
  }
  let parsed: v.InferOutput<typeof indexSchema>;
  try {
    parsed = v.parse(indexSchema, parseJson(await readText(source, indexFile, signal)));
  } catch (cause) {
    const foreign = await foreignFile(source, indexFile, 'a list of files', signal);
    throw foreign ?? new FileFormatError(`${indexFile} is not a shard index.`, hint, { cause });
  }
  const tensors = new Map<string, TensorEntry>();
  const files = new Set(Object.values(parsed.weight_map));
  for (const file of files) {
    if (!/^[\w.-]+$/.test(file)) throw new FileFormatError(`${indexFile} names the file ${file}.`, hint);
    if (!(await source.has(file))) {
      throw new FileFormatError(
        `${file} is missing, one of ${files.size} files of weights that ${indexFile} names.`,
        'Put all of them into the folder.',
      );
    }
    const shard = await readHeader(source, file, signal);
    for (const [name, entry] of shard.tensors) {
      if (tensors.has(name)) throw new FileFormatError(`Two shards hold ${name}.`, hint);
      tensors.set(name, entry);
    }
  }
  for (const [name, file] of Object.entries(parsed.weight_map)) {
    if (tensors.get(name)?.file !== file) {
      throw new FileFormatError(`${indexFile} puts ${name} into ${file}, which does not hold it.`, hint);
    }
  }
  return { tensors, metadata: {} };
}

/** All values of a tensor (F32, F16 or BF16) as f32. Throws FileFormatError for other dtypes and truncated files. */
export async function readTensor(
  source: FileSource,
  entry: TensorEntry,
  signal?: AbortSignal,
): Promise<Float32Array> {
  const { dtype, name, shape } = entry;
  if (dtype !== 'F32' && dtype !== 'F16' && dtype !== 'BF16') {
    throw new FileFormatError(
      `${name} is ${dtype}; F32, F16 and BF16 can be read.`,
      'Save it in one of these.',
    );
  }
  const bytes = await source.read(entry.file, entry.start, entry.end, signal);
  const size = shape.reduce((product, n) => product * n, 1);
  if (bytes.byteLength !== entry.end - entry.start) {
    throw new FileFormatError(`${entry.file} ends within ${name}.`, hint);
  }
  return decodeRows(nativeRows(bytes, dtype), 1, size);
}

/** A tensor to be written; F16 and BF16 as bit patterns. */
export interface TensorToWrite {
  readonly name: string;
  readonly dtype: 'F32' | 'F16' | 'BF16';
  readonly shape: readonly number[];
  readonly data: Float32Array | Uint16Array;
}

/** A whole safetensors file, laid out as the reference writer does: wide dtypes first, then by name; 8-byte aligned. */
export function writeSafetensors(
  tensors: Iterable<TensorToWrite>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  const byName = (a: TensorToWrite, b: TensorToWrite) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
  const list = [...tensors].sort((a, b) => dtypeBytes[b.dtype]! - dtypeBytes[a.dtype]! || byName(a, b));
  const header: Record<string, unknown> = Object.keys(metadata).length > 0 ? { __metadata__: metadata } : {};
  let offset = 0;
  for (const { name, dtype, shape, data } of list) {
    const expected = shape.reduce((product, n) => product * n, dtypeBytes[dtype]!);
    if (data.byteLength !== expected || Object.hasOwn(header, name)) {
      throw new RangeError(`${name}: ${data.byteLength} bytes for ${dtype} [${shape.join(', ')}], or twice`);
    }
    header[name] = { dtype, shape, data_offsets: [offset, offset + expected] };
    offset += expected;
  }
  let text = new TextEncoder().encode(JSON.stringify(header));
  const padded = Math.ceil(text.length / 8) * 8;
  text = new TextEncoder().encode(JSON.stringify(header) + ' '.repeat(padded - text.length));
  const out = new Uint8Array(8 + padded + offset);
  new DataView(out.buffer).setBigUint64(0, BigInt(padded), true);
  out.set(text, 8);
  let at = 8 + padded;
  for (const { data } of list) {
    out.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return out;
}
