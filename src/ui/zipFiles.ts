/**
 * Reads chosen files of a .zip (PKWARE's APPNOTE) and believes nothing in it: sizes are counted while a file is unpacked,
 * its CRC-32 is checked, encrypted files are refused. fflate unpacks; it checks none of these itself.
 */
import { Inflate } from 'fflate';
import { ArkletError } from '../core/errors';

export type ZipFault = 'damaged' | 'encrypted' | 'tooLarge' | 'bomb';

/** `fault` is the kind of error, `file` the file of the archive. */
export class ZipError extends Error {
  readonly fault: ZipFault;
  readonly file: string | null;

  constructor(fault: ZipFault, file: string | null, options: ErrorOptions = {}) {
    super(`${file ?? 'the archive'}: ${fault}`, options);
    this.fault = fault;
    this.file = file;
  }
}

interface Entry {
  readonly path: string;
  readonly encrypted: boolean;
  readonly method: number;
  readonly crc: number;
  readonly packed: number;
  readonly size: number;
  readonly header: number;
}

const chunkBytes = 1 << 20;
/** Deflate makes at most 1,032 bytes of one; what is beyond `suspectBytes` and was packed more than so many times is made to fill memory. */
const mostRatio = 1032;
const suspectRatio = 100;
const suspectBytes = 8e6;

const viewOf = async (file: Blob, start: number, end: number): Promise<DataView> =>
  new DataView(await file.slice(Math.max(0, start), end).arrayBuffer());

const wide = (view: DataView, at: number): number => Number(view.getBigUint64(at, true));

/** Where the list of files is: from the record at the end, or from its 64-bit form before it. */
async function directory(file: Blob): Promise<{ start: number; end: number; count: number }> {
  const tail = await viewOf(file, file.size - 65_557, file.size);
  let at = tail.byteLength - 22;
  while (at >= 0 && tail.getUint32(at, true) !== 0x06054b50) at--;
  if (at < 0) throw new ZipError('damaged', null);
  const count = tail.getUint16(at + 10, true);
  const size = tail.getUint32(at + 12, true);
  const start = tail.getUint32(at + 16, true);
  if (start !== 0xffffffff && size !== 0xffffffff && count !== 0xffff)
    return { start, end: start + size, count };
  if (at < 20 || tail.getUint32(at - 20, true) !== 0x07064b50) throw new ZipError('damaged', null);
  const record = wide(tail, at - 12);
  const view = await viewOf(file, record, record + 56);
  if (view.byteLength < 56 || view.getUint32(0, true) !== 0x06064b50) throw new ZipError('damaged', null);
  const from = wide(view, 48);
  return { start: from, end: from + wide(view, 40), count: wide(view, 32) };
}

/** The 64-bit numbers of an entry's extra field, in the order that stands for those that do not fit into 32. */
function wideNumbers(view: DataView, start: number, end: number): number[] {
  for (let at = start; at + 4 <= end; at += 4 + view.getUint16(at + 2, true)) {
    if (view.getUint16(at, true) !== 1) continue;
    const count = Math.min(3, Math.floor(Math.min(view.getUint16(at + 2, true), end - at - 4) / 8));
    return Array.from({ length: count }, (_, i) => wide(view, at + 4 + 8 * i));
  }
  return [];
}

async function entries(file: Blob): Promise<Entry[]> {
  const { start, end, count } = await directory(file);
  if (end > file.size || end - start > 64 << 20) throw new ZipError('damaged', null);
  const view = await viewOf(file, start, end);
  const found: Entry[] = [];
  let at = 0;
  while (found.length < count) {
    if (view.getUint32(at, true) !== 0x02014b50) throw new ZipError('damaged', null);
    const nameEnd = at + 46 + view.getUint16(at + 28, true);
    const extraEnd = nameEnd + view.getUint16(at + 30, true);
    const long = wideNumbers(view, nameEnd, extraEnd);
    const number = (where: number): number => {
      const short = view.getUint32(where, true);
      return short === 0xffffffff ? (long.shift() ?? short) : short;
    };
    const size = number(at + 24);
    const packed = number(at + 20);
    found.push({
      path: new TextDecoder()
        .decode(new Uint8Array(view.buffer, at + 46, nameEnd - at - 46))
        .replaceAll('\\', '/'),
      encrypted: (view.getUint16(at + 8, true) & 1) !== 0,
      method: view.getUint16(at + 10, true),
      crc: view.getUint32(at + 16, true),
      packed,
      size,
      header: number(at + 42),
    });
    at = extraEnd + view.getUint16(at + 32, true);
  }
  return found;
}

const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? 0xedb88320 ^ (crc >>> 1) : crc >>> 1;
  return crc;
});

/** CRC-32 as .zip and PNG have it. */
export function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = crcTable[(crc ^ byte) & 255]! ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

async function contents(file: Blob, entry: Entry): Promise<Uint8Array<ArrayBuffer>> {
  const { path, header, packed, size, method, crc } = entry;
  const local = await viewOf(file, header, header + 30);
  if (local.byteLength < 30 || local.getUint32(0, true) !== 0x04034b50) throw new ZipError('damaged', path);
  const start = header + 30 + local.getUint16(26, true) + local.getUint16(28, true);
  const possible = method === 0 ? size === packed : method === 8 && size <= packed * mostRatio;
  if (!possible || start + packed > file.size) throw new ZipError('damaged', path);
  const out = new Uint8Array(size);
  let filled = 0;
  const take = (chunk: Uint8Array): void => {
    if (filled + chunk.length > size) throw new ZipError('damaged', path);
    out.set(chunk, filled);
    filled += chunk.length;
  };
  const inflate = new Inflate(take);
  for (let at = 0; at < packed; at += chunkBytes) {
    const end = Math.min(packed, at + chunkBytes);
    const chunk = new Uint8Array(await file.slice(start + at, start + end).arrayBuffer());
    if (method === 0) take(chunk);
    else inflate.push(chunk, end === packed);
  }
  if (filled !== size || crc32(out) !== crc) throw new ZipError('damaged', path);
  return out;
}

/** The files whose paths are wanted, unpacked; together at most `most` bytes. Throws ZipError. */
export async function unzipFiles(
  file: Blob,
  wanted: (paths: readonly string[]) => readonly string[],
  most: number,
): Promise<Map<string, Uint8Array<ArrayBuffer>>> {
  try {
    const all = await entries(file);
    const paths = wanted(all.map(({ path }) => path));
    const chosen = paths.map((path) => {
      const same = all.filter((entry) => entry.path === path);
      const [entry] = same;
      if (!entry || same.length > 1) throw new ZipError('damaged', path);
      if (entry.encrypted) throw new ZipError('encrypted', path);
      return entry;
    });
    if (chosen.reduce((sum, { size }) => sum + size, 0) > most) throw new ZipError('tooLarge', null);
    const isBomb = ({ size, packed }: Entry): boolean =>
      size > suspectBytes && size > suspectRatio * packed && size <= mostRatio * packed;
    if (chosen.some(isBomb)) throw new ZipError('bomb', null);
    const files = new Map<string, Uint8Array<ArrayBuffer>>();
    for (const entry of chosen) files.set(entry.path, await contents(file, entry));
    return files;
  } catch (cause) {
    if (cause instanceof ZipError || cause instanceof ArkletError) throw cause;
    // A field that points outside, or packed data that is none.
    throw new ZipError('damaged', null, { cause });
  }
}
