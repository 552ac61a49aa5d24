/** Where each kernel belongs, for the reader; a name that is not listed moves data. */
export type KernelGroup = 'forward' | 'backward' | 'train' | 'memory';
export const kernelGroups: readonly KernelGroup[] = ['forward', 'backward', 'train', 'memory'];

const forward = [
  'embed',
  'rmsNorm',
  'qkNorm',
  'rope',
  'ropeAndCache',
  'linear',
  'attention',
  'attentionPaged',
  'attentionMerge',
  'swiglu',
  'scale',
  'softCap',
  'loraDown',
  'loraDownDropout',
  'logitChunks',
  'sampleRows',
];
const train = ['crossEntropy', 'adamw', 'sumSquares'];

export function kernelGroup(name: string): KernelGroup {
  if (forward.includes(name)) return 'forward';
  if (/Backward|Grad/.test(name)) return 'backward';
  return train.includes(name) ? 'train' : 'memory';
}

/** The header of a .wgsl (its first comment lines) and the rest. */
export function splitHeader(source: string): { readonly header: string; readonly body: string } {
  const lines = source.split('\n');
  const end = lines.findIndex((line) => !line.startsWith('//') || line.startsWith('//#'));
  const cut = end < 0 ? lines.length : end;
  const header = lines
    .slice(0, cut)
    .map((line) => line.replace(/^\/\/ ?/, ''))
    .join('\n');
  return { header, body: lines.slice(cut).join('\n').trim() };
}

export interface CodeSpan {
  readonly kind: 'comment' | 'word' | 'number' | 'plain';
  readonly text: string;
}

const tokens =
  /(\/\/[^\n]*)|\b(fn|var|let|const|struct|alias|override|return|if|else|for|while|loop|break|continue|workgroup|storage|uniform|read_write|read|u32|i32|f32|bool|vec[234]|array|atomic|ptr|function|private)\b|\b(\d+(?:\.\d*)?(?:e[+-]?\d+)?[uif]?|0x[0-9a-fA-F]+u?)\b/g;

/** WGSL in spans to be coloured: comments, the language's own words, numbers. */
export function codeSpans(code: string): CodeSpan[] {
  const spans: CodeSpan[] = [];
  let from = 0;
  for (const match of code.matchAll(tokens)) {
    if (match.index > from) spans.push({ kind: 'plain', text: code.slice(from, match.index) });
    const [text, comment, word] = match;
    spans.push({ kind: comment !== undefined ? 'comment' : word !== undefined ? 'word' : 'number', text });
    from = match.index + text.length;
  }
  spans.push({ kind: 'plain', text: code.slice(from) });
  return spans;
}
