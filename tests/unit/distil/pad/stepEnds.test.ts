/** Where a step ends among a reply's tokens, for tokenizers of tests/golden/lm/make-hard-tokens.py and random replies. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { hashKey, uniform } from '../../../../src/core/rng';
import { tokenSteps } from '../../../../src/distil/pad/steps';
import { splitReply, splitters } from '../../../../src/distil/pad/textSteps';
import { createTokenizer } from '../../../../src/lm/tokenizer';

const file = join(import.meta.dirname, '../../../golden/lm/hard-tokens.json');
const { tokenizers } = JSON.parse(readFileSync(file, 'utf8')) as {
  tokenizers: Record<string, { json: unknown }>;
};
/** Byte-level ones, word-level ones, SentencePiece's with byte fallback, and ones whose text changes with later tokens. */
const names = [
  'digits', 'llama3Split', 'fixedLength', 'addedTokens', 'byteNormalizer', 'whitespace', 'lowercase', 'metaspaceFirst', 'llama2',
  'suffixed', 'wordPiece', 'wordPiecePlain',
]; // prettier-ignore

const parts = [
  'the', 'word', ' of', ' words', 'and', 'hello', "don't", "we'll", ' is', ' result', 'x', ' =', ' 12 + 9 = 21', '3*4=12',
  '. ', '. The', '! ', '?', ', ', ' ', '  ', '\n', '\n', '\n\n', '\r\n', '\t', '1. ', '- ', '#### 21', '2,125', '3.14', '½', 'é', 'e\u0301',
  '日本', '。', '😀', '👩\u200d👧', 'Ж', '(', ')', '“', '”', '<s>', '<word>',
]; // prettier-ignore

function randomReply(seed: number): string {
  const key = hashKey('step ends', seed);
  const length = 3 + Math.floor(uniform(key, 0) * 24);
  return Array.from({ length }, (_, i) => parts[Math.floor(uniform(key, i + 1) * parts.length)]).join('');
}

const solid = (text: string): string => text.replace(/\s+/g, '');

/** Also with transformers' clean-up of blanks, where it is made at all. */
const all = names.flatMap((name) =>
  [false, true].flatMap((clean) => {
    const tokenizer = createTokenizer(tokenizers[name]!.json, { clean_up_tokenization_spaces: clean });
    if (clean && tokenizer.cleanUp === null) return [];
    return { name: clean ? `${name} with its blanks cleaned up` : name, tokenizer };
  }),
);

describe.each(all)('with the tokenizer $name a step ends', ({ tokenizer }) => {
  it('at the first token with which the text so far holds it', () => {
    const wrong: unknown[] = [];
    let several = 0;
    for (let seed = 0; seed < 200; seed++) {
      const ids = tokenizer.encode(randomReply(seed), { addSpecial: false });
      const decode = (count: number): string => tokenizer.decode(ids.slice(0, count), { skipSpecial: true });
      const reply = decode(ids.length);
      const prefixes = ids.map((_id, i) => solid(decode(i + 1)));
      for (const splitter of splitters) {
        const steps = tokenSteps(tokenizer, ids, reply, splitter);
        if (steps.length > 1) several++;
        const want = splitReply(reply, splitter).map(({ end }) => {
          const text = solid(reply.slice(0, end));
          return prefixes.findIndex((prefix) => prefix.startsWith(text));
        });
        const got = steps.map(({ token }) => token);
        const counts = steps.map(({ tokens }) => tokens);
        const between = want.map((token, i) => token - (want[i - 1] ?? -1));
        if (JSON.stringify([got, counts]) !== JSON.stringify([want, between]))
          wrong.push({ seed, splitter, reply, got, want, counts });
      }
    }
    expect(wrong.slice(0, 2), `${wrong.length} wrong`).toEqual([]);
    expect(several).toBeGreaterThan(20);
  });
});
