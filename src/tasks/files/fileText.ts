/** A file's bytes as text: UTF-8, UTF-16 of either order, with and without a byte order mark, else Windows-1252. */
import { ImportError } from '../../core/errors';

export type Encoding = 'utf-8' | 'utf-16le' | 'utf-16be' | 'windows-1252';

export interface FileText {
  readonly text: string;
  readonly encoding: Encoding;
}

/** Files that are no text, by their first bytes, and what to do with them. */
const others: readonly { readonly magic: readonly number[]; readonly what: string; readonly hint: string }[] =
  [
    {
      magic: [0x50, 0x4b, 3, 4],
      what: 'an Excel workbook or a zip archive',
      hint: 'Save the sheet as CSV, or unpack the archive.',
    },
    { magic: [0xd0, 0xcf, 0x11, 0xe0], what: 'an old Excel workbook', hint: 'Save the sheet as CSV.' },
    { magic: [0x1f, 0x8b], what: 'compressed with gzip', hint: 'Unpack it.' },
    { magic: [0x50, 0x41, 0x52, 0x31], what: 'a Parquet file', hint: 'Pick it whole, by itself.' },
    { magic: [0x25, 0x50, 0x44, 0x46], what: 'a PDF', hint: 'Pick JSONL, JSON or CSV.' },
  ];

/** The share of zeros at even and at odd places shows UTF-16 without a byte order mark: its structure is ASCII. */
function guess(bytes: Uint8Array): Encoding {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
  const zeros = [0, 0];
  const head = bytes.subarray(0, 4096);
  head.forEach((byte, at) => {
    if (byte === 0) zeros[at % 2] = (zeros[at % 2] ?? 0) + 1;
  });
  const [even = 0, odd = 0] = zeros;
  if (Math.max(even, odd) * 10 > head.length / 2) return odd > even ? 'utf-16le' : 'utf-16be';
  return 'utf-8';
}

const upper = '€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ';

/** Node's decoder of that name leaves 80 to 9f as Latin-1 has them. */
function windows1252(bytes: Uint8Array): string {
  return new TextDecoder('windows-1252')
    .decode(bytes)
    .replace(/[\u0080-\u009f]/g, (sign) => upper.charAt(sign.charCodeAt(0) - 0x80));
}

/** Never a replacement character that the file does not hold itself. */
export function decodeFile(bytes: Uint8Array, fileName: string): FileText {
  const other = others.find(({ magic }) => magic.every((byte, at) => bytes[at] === byte));
  if (other) throw new ImportError(`${fileName} is ${other.what}, not a text file.`, other.hint);
  const encoding = guess(bytes);
  try {
    return { text: new TextDecoder(encoding, { fatal: true }).decode(bytes), encoding };
  } catch (cause) {
    if (encoding !== 'utf-8') {
      throw new ImportError(`${fileName} is cut off or damaged (${encoding}).`, 'Save it again as UTF-8.', {
        cause,
      });
    }
    return { text: windows1252(bytes), encoding: 'windows-1252' };
  }
}
