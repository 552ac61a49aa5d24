import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Message } from '../../../src/records/records';
import { createTokenizer, TextStream } from '../../../src/lm/tokenizer';

interface TokenGolden {
  json: unknown;
  config: unknown;
  texts: string[];
  ids: number[][];
  decoded: string[];
  chat?: { messages: Message[]; text: string; ids: number[] }[];
}
const kinds = ['wordLevel', 'byteLevel', 'llama3Split', 'qwen2Split'] as const;
const file = join(import.meta.dirname, '../../golden/lm/tokens.json');
const goldens = JSON.parse(readFileSync(file, 'utf8')) as Record<(typeof kinds)[number], TokenGolden>;

describe.each(kinds)('a %s tokenizer', (name) => {
  const golden = goldens[name];
  const tokenizer = createTokenizer(golden.json, golden.config);

  it.each(golden.texts.map((text, i) => [text, i] as const))('gives transformers’ ids of %j', (text, i) => {
    expect(tokenizer.encode(text)).toEqual(golden.ids[i]);
  });

  it('decodes as transformers does', () => {
    expect(golden.ids.map((ids) => tokenizer.decode(ids, { skipSpecial: true }))).toEqual(golden.decoded);
  });

  it('streams the same text piece by piece', () => {
    golden.ids.forEach((ids, i) => {
      const stream = new TextStream(tokenizer);
      const pieces = ids.map((id) => stream.push(id));
      pieces.push(stream.flush());
      expect(pieces.join('')).toBe(golden.decoded[i]);
      expect(stream.text).toBe(golden.decoded[i]);
    });
  });

  it('knows the end of a reply', () => {
    expect(tokenizer.eosIds).toEqual(name === 'wordLevel' ? [5] : [2]);
  });
});

describe('a chat template', () => {
  const golden = goldens.byteLevel;
  const tokenizer = createTokenizer(golden.json, golden.config);

  it('gives transformers’ text and ids', () => {
    for (const { messages, text, ids } of golden.chat!) {
      expect(tokenizer.chatText(messages, { addGenerationPrompt: true })).toBe(text);
      expect(tokenizer.chatIds(messages, { addGenerationPrompt: true })).toEqual(ids);
    }
  });

  it('that is missing is reported as a model error', () => {
    const plain = createTokenizer(goldens.wordLevel.json, goldens.wordLevel.config);
    const call = () => plain.chatText([{ role: 'user', content: 'x' }], { addGenerationPrompt: true });
    expect(call).toThrowError(expect.objectContaining({ code: 'model' }));
  });
});
