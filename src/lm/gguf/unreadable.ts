/** What a GGUF file's name says of its types, and the refusal of a file whose types are not read. */
import { FileFormatError } from '../../core/errors';

/** The label of a quantisation in a file's name, as llama.cpp's users write it: MODEL-Q4_K_M.gguf, MODEL.IQ2_XS.gguf. */
const label =
  /(?<=^|[-._])(?:UD-)?(?:I?Q\d_?(?:K|NL|XXS|XS|S|M|\d)[A-Z0-9_]*|TQ\d_\d|[MN][XV]FP4(?:_MOE)?|BF16|F(?:P)?(?:16|32))(?=[-._]|$)/i;
const unread = /^(?:UD-)?(?:IQ[123]|TQ|[MN][XV]FP4|Q1|Q4_0_\d|IQ4_NL_\d)/i;

/** Files to take, the best first: small and near to the model, then larger ones. */
const wanted = ['Q4_K_M', 'Q4_K_S', 'Q5_K_M', 'Q5_K_S', 'IQ4_XS', 'IQ4_NL', 'Q4_0', 'Q6_K', 'Q8_0', 'Q3_K_M', 'Q2_K', 'BF16', 'F16'] as const; // prettier-ignore

/** The label in the name of a file; null where there is none. */
export function quantLabel(file: string): string | null {
  return (
    label.exec(
      file
        .replace(/\.gguf$/i, '')
        .split('/')
        .at(-1) ?? '',
    )?.[0] ?? null
  );
}

/** Whether a file is of types that are not read, as far as its name says. */
export function saysUnreadable(file: string): boolean {
  const found = quantLabel(file);
  return found !== null && unread.test(found);
}

/** The .gguf files of a list that can be read as far as their names say, the one to take first. */
export function readableFiles(files: readonly string[]): readonly string[] {
  const rank = (file: string): number => {
    const found = quantLabel(file)?.toUpperCase() ?? '';
    const at = wanted.findIndex((one) => one === found);
    return at < 0 ? wanted.length : at;
  };
  return files
    .filter((file) => /\.gguf$/i.test(file) && !/mmproj|imatrix/i.test(file) && !saysUnreadable(file))
    .sort((a, b) => rank(a) - rank(b));
}

export interface UnreadTensor {
  readonly name: string;
  readonly type: string;
}

/** Of a file of which so many of `of` tensors are of types that are not read. */
export function unreadableFile(file: string, tensors: readonly UnreadTensor[], of: number): FileFormatError {
  const types = [...new Set(tensors.map(({ type }) => type))].sort();
  const [first] = tensors;
  const found = quantLabel(file);
  const like =
    found === null ? '' : ` (${file.split('/').at(-1)!.replace(found, 'Q4_K_M')}, if it is named alike)`;
  return new FileFormatError(
    `${file} holds weights of a type that is not supported: ${first?.name} is ${first?.type}, and so on for ${tensors.length} of ${of} tensors (${types.join(', ')}).`,
    `Take the Q4_K_M file of this model instead${like}. Q2_K to Q6_K, Q4_0 to Q8_0, IQ4_XS, IQ4_NL, BF16, F16 and F32 can be read.`,
  );
}
