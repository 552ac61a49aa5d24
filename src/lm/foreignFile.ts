/** Recognises by its first bytes what a file is that should hold weights or settings and does not. */
import { FileFormatError } from '../core/errors';
import type { FileSource } from '../core/fileSource';

const headBytes = 1024;

const starts = (head: Uint8Array, ...bytes: readonly number[]): boolean =>
  bytes.every((byte, i) => head[i] === byte);
const letters = (text: string): number[] => [...text].map((letter) => letter.charCodeAt(0));

const again = 'Download the file again.';

/** What the head says, and what to do; null where it says nothing. */
function told(head: Uint8Array, size: number, wanted: string): readonly [what: string, hint: string] | null {
  if (size === 0) return ['is empty (0 bytes)', again];
  const text = new TextDecoder('latin1')
    .decode(head)
    .replace(/^\u00ef\u00bb\u00bf/, '')
    .trimStart();
  if (text.startsWith('version https://git-lfs')) {
    const stands = /^size (\d+)$/m.exec(text)?.[1];
    return [
      `is a Git LFS pointer of ${size} bytes${stands === undefined ? '' : ` that stands for a file of ${stands} bytes`}`,
      'Fetch the file itself: by git lfs pull in its folder, or from its page by Download.',
    ];
  }
  if (/^<(!doctype|html|head|body|\?xml|!--)/i.test(text))
    return [
      'is a web page (HTML)',
      'The address led to a page, perhaps to log in or of an error: download the file itself.',
    ];
  if (starts(head, 0x50, 0x4b, 3, 4))
    return ['is a .zip archive or a PyTorch file', 'Unpack it; PyTorch files must be saved as safetensors.'];
  if (head[0] === 0x80 && head[1]! >= 2 && head[1]! <= 5)
    return ['is a pickle of PyTorch', 'Save the model as safetensors.'];
  if (starts(head, 0x1f, 0x8b) || starts(head, 0x28, 0xb5, 0x2f, 0xfd) || starts(head, 0xfd, 0x37, 0x7a))
    return ['is compressed', 'Unpack it first.'];
  if (wanted !== 'a GGUF' && starts(head, ...letters('GGUF')))
    return ['is a GGUF file', 'Let its name end in .gguf.'];
  if (['lmgg', 'fmgg', 'tjgg', 'algg'].some((magic) => starts(head, ...letters(magic))))
    return ['is a GGML file of before GGUF', 'Choose a GGUF file of the model.'];
  if (wanted !== 'safetensors' && head[8] === 0x7b && starts(head.subarray(4), 0, 0, 0, 0))
    return ['is a safetensors file', 'Let its name end in .safetensors, beside its config.json.'];
  if (size >= 64 && head.every((byte) => byte === 0))
    return ['begins with zeros only: its download was not finished', again];
  if (/^[{[]/.test(text)) return ['is JSON text', 'Perhaps an error that a server answered with. ' + again];
  if (/^[\t\n\r -~]+$/.test(text)) return ['is plain text', again];
  return null;
}

/** An error that names what the file is, or null where nothing is known. */
export async function foreignFile(
  source: FileSource,
  file: string,
  wanted: string,
  signal?: AbortSignal,
): Promise<FileFormatError | null> {
  const size = await source.size(file);
  const known = told(await source.read(file, 0, Math.min(size, headBytes), signal), size, wanted);
  return known && new FileFormatError(`${file} ${known[0]}, not ${wanted}.`, known[1]);
}
