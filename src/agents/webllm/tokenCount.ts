/** How many tokens a text takes, where the model's own tokenizer can say it and where it cannot. */
import { parseJson } from '../../core/json';
import { createTokenizer } from '../../lm/tokenizer';

/**
 * An upper estimate for byte-pair tokenizers: three letters of a word to a token, every digit, mark and line break one of
 * its own, other scripts by their bytes.
 */
export function estimateTokens(text: string): number {
  let tokens = 0;
  for (const [piece] of text.matchAll(/[A-Za-z]+|\d|[^\S\n]+|[\s\S]/g)) {
    if (/^[A-Za-z]/.test(piece)) tokens += Math.ceil(piece.length / 3);
    else if (/^[^\S\n]/.test(piece)) tokens += Math.ceil((piece.length - 1) / 4);
    else tokens += new TextEncoder().encode(piece).byteLength;
  }
  return tokens;
}

/** Exact where a tokenizer is at hand that has tokens for all of the text, else the upper estimate. */
export function countTokens(text: string, exact: ((text: string) => number) | null): number {
  try {
    return exact?.(text) ?? estimateTokens(text);
  } catch {
    return estimateTokens(text);
  }
}

/** Counts with the tokenizer.json at `url`, of which WebLLM has a copy in its cache; null when it cannot be read. */
export async function tokenCounter(
  url: string,
  readText: (url: string, signal?: AbortSignal) => Promise<string | null>,
  signal?: AbortSignal,
): Promise<((text: string) => number) | null> {
  const text = await readText(url, signal);
  if (text === null) return null;
  const tokenizer = createTokenizer(parseJson(text), {});
  return (part) => tokenizer.encode(part, { addSpecial: false }).length;
}
