/** Rows of a Parquet file as JSON lines. The reader comes with the first file (docs/architecture.md says why hyparquet). */
import { gunzipSync } from 'fflate';
import type { AsyncBuffer, FileMetaData, SchemaElement, SchemaTree } from 'hyparquet';
import { ArkletError, FileFormatError } from '../../core/errors';

/** What a file unpacks to at most: more than any question set, less than what ends a tab. */
const mostUnpacked = 512e6;

export interface ParquetLines {
  /** One JSON object a row. */
  readonly lines: readonly string[];
  /** Rows that the file has. */
  readonly rows: number;
}

/** What all Parquet files begin with. */
export function isParquet(bytes: Uint8Array): boolean {
  return [0x50, 0x41, 0x52, 0x31].every((byte, at) => bytes[at] === byte);
}

/** The whole of a file in memory. */
export function bytesAsFile(bytes: Uint8Array): AsyncBuffer {
  return {
    byteLength: bytes.length,
    slice: (start, end) => bytes.slice(start, end).buffer,
  };
}

/**
 * The first `most` rows. Columns of bytes, as of images, are left out, and their bytes are not read. `name` is for errors. Throws
 * FileFormatError, and what reading the file throws.
 */
export async function parquetLines(file: AsyncBuffer, name: string, most: number): Promise<ParquetLines> {
  const { parquetMetadataAsync, parquetReadObjects, parquetSchema, snappyUncompress } =
    await import('hyparquet');
  try {
    const metadata = await parquetMetadataAsync(file);
    const rows = Number(metadata.num_rows);
    const rowEnd = Math.min(rows, most);
    const { children } = parquetSchema(metadata);
    const columns = children.filter(isReadable).map(({ element }) => element.name);
    const unpacked = unpackedBytes(metadata, new Set(columns), rowEnd);
    if (unpacked > mostUnpacked) {
      throw new FileFormatError(
        `The first ${rowEnd} rows of ${name} unpack to ${Math.round(unpacked / 1e6)} MB, more than ${mostUnpacked / 1e6} MB.`,
        'Use a dataset of shorter rows, or pick a file with some of them.',
      );
    }
    if (rowEnd === 0 || columns.length === 0) return { lines: [], rows };
    const compressors = {
      SNAPPY: (input: Uint8Array, size: number) => {
        const page = pageOf(size, name);
        snappyUncompress(input, page);
        return page;
      },
      GZIP: (input: Uint8Array, size: number) => gunzipSync(input, { out: pageOf(size, name) }),
    };
    const found = await parquetReadObjects({ file, metadata, columns, rowEnd, compressors });
    const singles = new Set(
      children.filter(({ element }) => element.type === 'FLOAT').map(({ element }) => element.name),
    );
    return { lines: found.map((row) => lineOf(row, singles)), rows };
  } catch (thrown) {
    if (thrown instanceof ArkletError) throw thrown;
    const said = thrown instanceof Error ? thrown.message : String(thrown);
    throw new FileFormatError(
      `${name} cannot be read as Parquet: ${said}.`,
      'Check that it is whole, or export it as JSONL or CSV.',
      { cause: thrown },
    );
  }
}

/** Room for one page, whose header may say anything. */
function pageOf(size: number, name: string): Uint8Array {
  if (size >= 0 && size <= mostUnpacked) return new Uint8Array(size);
  throw new FileFormatError(
    `A page of ${name} says that it unpacks to ${size} bytes; ${mostUnpacked} are read at most.`,
    'Check that the file is whole.',
  );
}

/** Whether a leaf holds bytes that are no text. */
function isBinary({ type, converted_type, logical_type }: SchemaElement): boolean {
  const bytes = type === 'BYTE_ARRAY' || type === 'FIXED_LEN_BYTE_ARRAY';
  return bytes && converted_type === undefined && logical_type === undefined;
}

function isReadable({ element, children }: SchemaTree): boolean {
  return children.length === 0 ? !isBinary(element) : children.every(isReadable);
}

/** Bytes of these columns in the groups of rows up to `rowEnd`, as the file says. */
function unpackedBytes(
  { row_groups: groups }: FileMetaData,
  columns: ReadonlySet<string>,
  rowEnd: number,
): number {
  let begun = 0;
  let bytes = 0;
  for (const { columns: chunks, num_rows: count } of groups) {
    if (begun >= rowEnd) break;
    begun += Number(count);
    for (const { meta_data: chunk } of chunks)
      if (chunk && columns.has(chunk.path_in_schema[0] ?? '')) bytes += Number(chunk.total_uncompressed_size);
  }
  return bytes;
}

/** The shortest decimal that is this single-precision number. */
function single(value: number): number {
  for (let digits = 1; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  return value;
}

function lineOf(row: Readonly<Record<string, unknown>>, singles: ReadonlySet<string>): string {
  return JSON.stringify(row, function replace(this: unknown, key, value: unknown) {
    // Numbers beyond what a double holds keep their digits as text.
    if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
    if (typeof value === 'number' && this === row && singles.has(key)) return single(value);
    return ArrayBuffer.isView(value) ? Array.from(value as Uint8Array) : value;
  });
}
