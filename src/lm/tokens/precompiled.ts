/**
 * SentencePiece's normaliser as Hugging Face's tokenizers applies it: a double array over UTF-8 bytes (Darts), whose leaves are places
 * of replacements in a text of strings that end with a zero byte. A grapheme of less than six bytes is looked up whole, else letter
 * by letter; the shortest key that it begins with decides.
 */
import { FileFormatError } from '../../core/errors';

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
const damaged = 'Download the tokenizer files again.';

function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  try {
    return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  } catch (cause) {
    throw new FileFormatError('The normaliser of the tokenizer is not base64.', damaged, { cause });
  }
}

/** The normaliser of `precompiled_charsmap`. Throws FileFormatError. */
export function createPrecompiled(base64: string): (text: string) => string {
  const bytes = bytesOf(base64);
  const size = bytes.length < 4 ? -1 : new DataView(bytes.buffer).getUint32(0, true);
  if (size < 4 || size % 4 !== 0 || 4 + size > bytes.length)
    throw new FileFormatError('The normaliser of the tokenizer is cut off.', damaged);
  const units = new Uint32Array(bytes.buffer.slice(4, 4 + size));
  const strings = bytes.subarray(4 + size);
  const offsetOf = (unit: number): number => (unit >>> 10) << ((unit & 0x200) >>> 6);

  /** The replacement of the shortest key at the start of a text, or null. */
  const find = (text: string): string | null => {
    let at = offsetOf(units[0]!);
    for (const byte of encoder.encode(text)) {
      if (byte === 0) return null;
      at ^= byte;
      const unit = units[at];
      if (unit === undefined || (unit & 0x800000ff) >>> 0 !== byte) return null;
      at ^= offsetOf(unit);
      if ((unit & 0x100) === 0) continue;
      const start = (units[at] ?? 0) & 0x7fffffff;
      const end = strings.indexOf(0, start);
      return decoder.decode(strings.subarray(start, end < 0 ? strings.length : end));
    }
    return null;
  };

  const known = new Map<string, string | null>();
  const cached = (text: string): string | null => {
    let found = known.get(text);
    if (found === undefined) known.set(text, (found = find(text)));
    return found;
  };
  const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });
  return (text) => {
    let out = '';
    for (const { segment } of graphemes.segment(text)) {
      const whole = segment.length < 6 && encoder.encode(segment).length < 6 ? cached(segment) : null;
      if (whole !== null) out += whole;
      else for (const letter of segment) out += cached(letter) ?? letter;
    }
    return out;
  };
}
