/**
 * Inputs of tests/cases with their exact values (transformers 5.24, tokenizers 0.23.3, Jinja2 3.1.6, llama.cpp). That of
 * SmolLM2's GGUF, which is fetched, is in tests/oracle/ggufTokens.test.ts.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { NodeSource } from '../../../../scripts/lib/nodeSource';
import type { Message } from '../../../../src/core/records';
import { loadTokenizer, TextStream } from '../../../../src/lm/tokenizer';
import { tokeniseRow, type TrainRow } from '../../../../src/train/batch';

type Case =
  | { kind: 'decode' | 'stream'; text: string; want: string }
  | { kind: 'tokenize'; text: string; want: number[]; model?: string }
  | { kind: 'chat'; messages: Message[]; want: string }
  | { kind: 'eos'; wantIncludes: number; model?: string }
  | { kind: 'trainrow'; dir: string; row: TrainRow };

const cases = join(import.meta.dirname, '../../../cases');
const names = [
  'detokenise-cleanup', 'digits-unicode', 'eos-not-learnt', 'gguf-llama3-eot', 'jinja-loop-scope', 'jinja-strip-argument',
  'jinja-unknown-statement', 'special-tokens-map',
]; // prettier-ignore

const all = names.flatMap((name) => {
  const folder = join(cases, name);
  const items = JSON.parse(readFileSync(join(folder, 'case.json'), 'utf8')) as Case[];
  return items.map((item, i) => ({ name: `${name} ${i + 1}`, folder, item }));
});

it.each(all)('gives the value of case $name', async ({ folder, item }) => {
  const model = 'model' in item ? item.model : 'dir' in item ? item.dir : undefined;
  const tokenizer = await loadTokenizer(await NodeSource.open(join(folder, model ?? '')));
  switch (item.kind) {
    case 'decode':
      expect(
        tokenizer.decode(tokenizer.encode(item.text, { addSpecial: false }), { skipSpecial: true }),
      ).toBe(item.want);
      break;
    case 'stream': {
      const stream = new TextStream(tokenizer);
      const pieces = tokenizer.encode(item.text, { addSpecial: false }).map((id) => stream.push(id));
      expect(pieces.join('') + stream.flush()).toBe(item.want);
      break;
    }
    case 'tokenize':
      expect(tokenizer.encode(item.text)).toEqual(item.want);
      break;
    case 'chat': {
      const addGenerationPrompt = item.messages.at(-1)?.role === 'user';
      expect(tokenizer.chatText(item.messages, { addGenerationPrompt })).toBe(item.want);
      break;
    }
    case 'eos':
      expect(tokenizer.eosIds).toContain(item.wantIncludes);
      break;
    case 'trainrow':
      expect(tokenizer.eosIds).toContain(tokeniseRow(tokenizer, item.row).ids.at(-1));
      break;
    default:
      item satisfies never;
  }
});

it('has a folder for each case', () => {
  expect(readdirSync(cases)).toEqual(expect.arrayContaining(names));
});
