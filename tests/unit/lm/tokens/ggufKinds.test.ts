/** Tokenizers of GGUF files that are no byte-level BPE: the ids and texts of tokenizers for the same tokenizer.json. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { GgufFile, GgufValue } from '../../../../src/lm/gguf/gguf';
import { createTokenizer } from '../../../../src/lm/tokenizer';
import { mergesByScore } from '../../../../src/lm/tokens/ggufSentencePiece';
import { ggufTokenizer } from '../../../../src/lm/tokens/ggufTokenizer';

const golden = join(import.meta.dirname, '../../../golden');
const { texts } = JSON.parse(readFileSync(join(golden, 'lm/hard-tokens.json'), 'utf8')) as {
  texts: string[];
};
const kinds = JSON.parse(readFileSync(join(golden, 'gguf/tokenizers.json'), 'utf8')) as Record<
  string,
  { meta: Record<string, GgufValue>; json: unknown; ids: number[][]; decoded: string[] }
>;

const fileOf = (meta: Record<string, GgufValue>): GgufFile => ({
  file: 'm.gguf',
  version: 3,
  metadata: new Map(Object.entries(meta)),
  tensors: new Map(),
});

describe.each(Object.entries(kinds))(
  'a GGUF with a tokenizer of the kind %s',
  (_, { meta, json, ids, decoded }) => {
    const { tokenizer: read, config, endIds, notice } = ggufTokenizer(fileOf(meta));
    const tokenizer = createTokenizer(read, config, endIds);
    const folder = createTokenizer(json, {});

    it(`gives the ids of ${texts.length} strings that tokenizers gives, and so does its tokenizer.json`, () => {
      for (const one of [tokenizer, folder]) {
        const wrong = texts.flatMap((text, i) => {
          const got = one.encode(text);
          return JSON.stringify(got) === JSON.stringify(ids[i]) ? [] : [{ text, got, want: ids[i] }];
        });
        expect(wrong.slice(0, 3)).toEqual([]);
      }
    });

    it('gives the texts of those ids', () => {
      const wrong = ids.flatMap((list, i) => {
        const got = tokenizer.decode(list, { skipSpecial: true });
        return got === decoded[i] ? [] : [{ list, got, want: decoded[i] }];
      });
      expect(wrong.slice(0, 3)).toEqual([]);
    });

    it('ends a reply at </s> and says nothing of a split', () => {
      const end = (meta['tokenizer.ggml.tokens'] as string[]).indexOf('</s>');
      expect(tokenizer.eosId).toBe(end);
      expect(tokenizer.eosIds).toContain(end);
      expect(notice).toBeNull();
    });
  },
);

describe('merges of pieces with scores', () => {
  it('come in the order of the score of what they make, of one piece the longer left part first', () => {
    const tokens = ['a', 'b', 'ab', 'abb', 'bb', '😀', '😀b'];
    const scores = [-9, -9, -1, -3, -2, -9, -4];
    expect(mergesByScore(tokens, scores, () => true)).toEqual([
      ['a', 'b'],
      ['b', 'b'],
      ['ab', 'b'],
      ['a', 'bb'],
      ['😀', 'b'],
    ]);
    // What is no piece of text is neither merged nor made.
    expect(mergesByScore(tokens, scores, (id) => id !== 2)).toEqual([
      ['b', 'b'],
      ['a', 'bb'],
      ['😀', 'b'],
    ]);
  });
});

describe('a GGUF whose tokenizer is damaged or unknown', () => {
  const { meta } = kinds['llama']!;
  it.each([
    ['without tokens', { 'tokenizer.ggml.tokens': 7 }, /lacks the tokenizer’s tokens/],
    ['with too few scores', { 'tokenizer.ggml.scores': [1, 2] }, /not a score for each/],
    ['with a token twice', { 'tokenizer.ggml.tokens': ['a', 'a'] }, /twice/],
    ['of another kind', { 'tokenizer.ggml.model': 'rwkv' }, /tokenizer is rwkv, which is not supported/],
  ] as const)('%s is refused', (_, change, message) => {
    expect(() => ggufTokenizer(fileOf({ ...meta, ...change }))).toThrow(message);
  });
});
