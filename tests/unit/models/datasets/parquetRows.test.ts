/** Parquet files that pyarrow wrote (tests/golden/parquet/make.py), as the rows that it reads back from them. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { bytesAsFile, isParquet, parquetLines } from '../../../../src/models/datasets/parquetRows';

type Row = Record<string, unknown>;

const folder = 'tests/golden/parquet/';
const golden = JSON.parse(readFileSync(`${folder}rows.json`, 'utf8')) as Record<string, Row[]>;
const bytesOf = (name: string): Uint8Array => new Uint8Array(readFileSync(`${folder}${name}.parquet`));
const rowsOf = async (bytes: Uint8Array, most = Infinity): Promise<Row[]> =>
  (await parquetLines(bytesAsFile(bytes), 'q.parquet', most)).lines.map((line) => JSON.parse(line) as Row);

describe('the rows of a Parquet file', () => {
  for (const [name, table] of [
    ['questions-snappy', 'questions'],
    ['questions-gzip', 'questions'],
    ['questions-none', 'questions'],
    ['choices-snappy', 'choices'],
    ['labelled-snappy', 'labelled'],
  ] as const) {
    it(`are those of pyarrow: ${name}`, async () => {
      expect(await rowsOf(bytesOf(name))).toEqual(golden[table]);
    });
  }

  it('keep the digits of large whole numbers and of single precision, and hold no bytes', async () => {
    const rows = await rowsOf(bytesOf('numbers-snappy'));
    // 2^53 + 1 is no double: its digits stay, as text.
    expect(rows.map(({ answer }) => answer)).toEqual(['9007199254740993', 7, null]);
    expect(rows.map(({ single }) => single)).toEqual([0.1, -2.5, 1e10]);
    expect(rows.map(({ single }) => Math.fround(single as number))).toEqual(
      golden['numbers']!.map(({ single }) => single),
    );
    expect(rows.map(({ double }) => double)).toEqual(golden['numbers']!.map(({ double }) => double));
    expect(rows.map(({ right }) => right)).toEqual([true, false, null]);
    expect(Object.keys(rows[0]!)).not.toContain('image');
  });

  it('are the first ones where fewer are asked for, with the number of all', async () => {
    const { lines, rows } = await parquetLines(bytesAsFile(bytesOf('questions-snappy')), 'q', 25);
    expect(lines.map((line) => JSON.parse(line) as Row)).toEqual(golden['questions']!.slice(0, 25));
    expect(rows).toBe(50);
  });

  it('are read without the bytes of images and of groups that are not asked for', async () => {
    const bytes = bytesOf('questions-none');
    let read = 0;
    const file = {
      byteLength: bytes.length,
      slice: (start: number, end = bytes.length) => {
        read += end - start;
        return bytes.slice(start, end).buffer;
      },
    };
    // The end of the file with its index comes first, the whole of so small a one.
    await parquetLines(file, 'q', 20);
    expect(read - bytes.length).toBeLessThan(bytes.length / 2);
  });
});

describe('a Parquet file that cannot be read', () => {
  const failing = (bytes: Uint8Array) =>
    expect(parquetLines(bytesAsFile(bytes), 'q.parquet', Infinity)).rejects;

  it('is an error that names the compression', async () => {
    await failing(bytesOf('questions-zstd')).toMatchObject({
      code: 'file-format',
      message: expect.stringContaining('ZSTD') as string,
    });
  });

  it('is an error wherever it is cut, or a byte of it is changed', async () => {
    const bytes = bytesOf('choices-snappy');
    for (const length of [0, 4, 11, 100, bytes.length - 1])
      await failing(bytes.slice(0, length)).toMatchObject({ code: 'file-format' });
    let seed = 1;
    for (let change = 0; change < 300; change++) {
      seed = (seed * 48271) % 0x7fffffff;
      const broken = bytes.slice();
      broken[seed % bytes.length] = (seed >> 8) & 255;
      const found = await parquetLines(bytesAsFile(broken), 'q', 1000).catch((thrown: unknown) => thrown);
      const typed = found instanceof Error ? (found as unknown as { code: string }).code : 'read';
      expect(['read', 'file-format']).toContain(typed);
    }
  });
});

it('is known by its first bytes', () => {
  expect(isParquet(bytesOf('choices-snappy'))).toBe(true);
  expect(isParquet(new TextEncoder().encode('PAR,answer'))).toBe(false);
});
