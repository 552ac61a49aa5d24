/** What identifies a base by its bytes, whatever it is called: names are given by folders and addresses. */
import type { FileSource } from '../core/fileSource';
import { openWeights } from '../lm/weightFiles';
import { sha256 } from '../models/hashes';

/** Files up to this many bytes count whole; of larger ones their beginning, pieces as far as their end, and their size. */
const wholeBytes = 64 << 20;
/** A .gguf has its tokenizer there. */
const beginningBytes = 8 << 20;
const pieces = 64;
const pieceBytes = 64 << 10;

/** Files beside the weights that decide what a model reads and says. */
const texts = [
  'added_tokens.json',
  'chat_template.jinja',
  'config.json',
  'generation_config.json',
  'special_tokens_map.json',
  'tokenizer.json',
  'tokenizer_config.json',
];

async function fileHash(source: FileSource, path: string, signal: AbortSignal): Promise<string> {
  const size = await source.size(path);
  if (size <= wholeBytes) return sha256(await source.read(path, 0, size, signal));
  const hashes = [await sha256(await source.read(path, 0, beginningBytes, signal))];
  for (let i = 1; i <= pieces; i++) {
    const start = Math.floor((i / pieces) * (size - pieceBytes));
    hashes.push(await sha256(await source.read(path, start, start + pieceBytes, signal)));
  }
  return sha256(new TextEncoder().encode(`${size} ${hashes.join(' ')}`));
}

/** Hash of config, tokenizer and weights. Throws what reading throws. */
export async function baseHash(source: FileSource, signal: AbortSignal): Promise<string> {
  const { entries } = await openWeights(source, signal);
  const weights = [...new Set([...entries.values()].map(({ file }) => file))].sort();
  const lines: string[] = [];
  for (const [i, path] of weights.entries())
    lines.push(`weights ${i} ${await fileHash(source, path, signal)}`);
  for (const name of texts) {
    if (await source.has(name)) lines.push(`${name} ${await fileHash(source, name, signal)}`);
  }
  return sha256(new TextEncoder().encode(lines.join('\n')));
}
