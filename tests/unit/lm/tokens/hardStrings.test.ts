/** Ids and texts of tests/golden/lm/make-hard-tokens.py (tokenizers 0.23.3, transformers). */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createTokenizer, TextStream } from '../../../../src/lm/tokenizer';
import type { Tokenizer } from '../../../../src/lm/types';

interface Golden {
  json: unknown;
  ids: number[][];
  decoded: string[];
  /** Texts that transformers' clean-up changes, by their place. */
  cleaned: Record<string, string>;
  runs: number[][];
  runTexts: string[];
}
const file = join(import.meta.dirname, '../../../golden/lm/hard-tokens.json');
const { texts, tokenizers } = JSON.parse(readFileSync(file, 'utf8')) as {
  texts: string[];
  tokenizers: Record<string, Golden>;
};

function streamed(tokenizer: Tokenizer, ids: readonly number[]): string {
  const stream = new TextStream(tokenizer);
  const text = ids.map((id) => stream.push(id)).join('') + stream.flush();
  expect(stream.text).toBe(text);
  return text;
}

describe.each(Object.entries(tokenizers))('the tokenizer %s', (_, golden) => {
  const tokenizer = createTokenizer(golden.json, {});
  const cleaning = createTokenizer(golden.json, { clean_up_tokenization_spaces: true });

  it(`gives the ids of ${texts.length} strings`, () => {
    const wrong = texts.flatMap((text, i) => {
      const ids = tokenizer.encode(text);
      return JSON.stringify(ids) === JSON.stringify(golden.ids[i])
        ? []
        : [{ text, ids, want: golden.ids[i] }];
    });
    expect(wrong.slice(0, 3)).toEqual([]);
  });

  it('gives the texts of those ids, at once and streamed', () => {
    const wrong = golden.ids.flatMap((ids, i) => {
      const got = [tokenizer.decode(ids, { skipSpecial: true }), streamed(tokenizer, ids)];
      return got.every((text) => text === golden.decoded[i]) ? [] : [{ ids, got, want: golden.decoded[i] }];
    });
    expect(wrong.slice(0, 3)).toEqual([]);
  });

  it('gives the texts of ids put together at random, at once and streamed', () => {
    const wrong = golden.runs.flatMap((ids, i) => {
      const got = [tokenizer.decode(ids, { skipSpecial: true }), streamed(tokenizer, ids)];
      return got.every((text) => text === golden.runTexts[i]) ? [] : [{ ids, got, want: golden.runTexts[i] }];
    });
    expect(wrong.slice(0, 3)).toEqual([]);
  });

  it('cleans up blanks where transformers does, at once and streamed', () => {
    const wrong = golden.ids.flatMap((ids, i) => {
      const want = golden.cleaned[i] ?? golden.decoded[i];
      const got = [cleaning.decode(ids, { skipSpecial: true }), streamed(cleaning, ids)];
      return got.every((text) => text === want) ? [] : [{ ids, got, want }];
    });
    expect(wrong.slice(0, 3)).toEqual([]);
  });
});
