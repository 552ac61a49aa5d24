/**
 * The folder and the GGUF of one model, the latter written by the export, give one id sequence: on the strings and with
 * the vocabularies of tests/golden/lm/make-hard-tokens.py, whose ids of the folders are those of tokenizers 0.23.3
 * (tests/unit/lm/tokens/hardStrings.test.ts).
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MemorySource } from '../../../src/core/fileSource';
import { hashKey, uniform } from '../../../src/core/rng';
import { loadTokenizer } from '../../../src/lm/tokenizer';
import type { ModelConfig } from '../../../src/lm/types';
import { ggufTokenizerMeta } from '../../../src/train/ggufTokenizer';
import { writeGguf } from '../../../src/train/ggufWriter';

interface Json {
  readonly pre_tokenizer: object;
  readonly model: { readonly vocab: Readonly<Record<string, number>>; readonly merges: readonly unknown[] };
}
const file = join(import.meta.dirname, '../../golden/lm/hard-tokens.json');
const { texts, tokenizers } = JSON.parse(readFileSync(file, 'utf8')) as {
  texts: readonly string[];
  tokenizers: Readonly<Record<string, { readonly json: Json }>>;
};

const bytes = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
const [bos, eos, turn, plain] = ['<s>', '</s>', '<|im_end|>', '<word>'] as const;
const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true };
/** Qwen2's split: Llama 3's with each digit by itself. */
const qwen2 = JSON.parse(JSON.stringify(tokenizers['llama3Split']!.json.pre_tokenizer).replace('{1,3}', '')) as object; // prettier-ignore

interface Form {
  /** Whose vocabulary and merges. */
  readonly of: string;
  readonly pre: object;
  readonly ignoreMerges: boolean;
  readonly addsBos: boolean;
}
const forms: readonly (readonly [name: string, Form])[] = [
  ['gpt-2', { of: 'gpt2Split', pre: byteLevel, ignoreMerges: false, addsBos: false }],
  ['smollm', { of: 'digits', pre: tokenizers['digits']!.json.pre_tokenizer, ignoreMerges: false, addsBos: false }],
  ['llama-bpe', { of: 'llama3Split', pre: tokenizers['llama3Split']!.json.pre_tokenizer, ignoreMerges: true, addsBos: true }],
  ['qwen2', { of: 'llama3Split', pre: qwen2, ignoreMerges: false, addsBos: false }],
]; // prettier-ignore

/** A folder with the named tokens behind the vocabulary, and what the model's config says of it. */
function model({ of, pre, ignoreMerges, addsBos }: Form): { folder: MemorySource; config: ModelConfig } {
  const { vocab, merges } = tokenizers[of]!.json.model;
  const size = Object.keys(vocab).length;
  const added = [bos, eos, turn, plain].map((content, i) => ({
    id: size + i,
    content,
    special: content !== plain,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
  }));
  const begin = {
    type: 'TemplateProcessing',
    single: [{ SpecialToken: { id: bos, type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }],
    pair: [],
    special_tokens: { [bos]: { id: bos, ids: [size], tokens: [bos] } },
  };
  const json = {
    version: '1.0',
    added_tokens: added,
    normalizer: null,
    pre_tokenizer: pre,
    post_processor: addsBos ? begin : null,
    decoder: byteLevel,
    model: { type: 'BPE', vocab, merges, ignore_merges: ignoreMerges },
  };
  const folder = new MemorySource([
    ['tokenizer.json', bytes(json)],
    ['tokenizer_config.json', bytes({ bos_token: bos, eos_token: eos })],
  ]);
  const eosIds = [size + 1, size + 2];
  return { folder, config: { vocab: size + added.length, bosId: size, eosIds } as unknown as ModelConfig };
}

/** The strings of the golden, and 300 that are put together from their signs, with numbers and named tokens. */
const signs = [
  ...new Set(texts.flatMap((text) => [...text])),
  '12',
  '345',
  '  ',
  "'s",
  bos,
  eos,
  turn,
  plain,
];
const mixed = Array.from({ length: 300 }, (_, seed) => {
  const key = hashKey('folder and gguf', seed);
  const length = 1 + Math.floor(uniform(key, 0) * 14);
  return Array.from({ length }, (_, i) => signs[Math.floor(uniform(key, i + 1) * signs.length)]).join('');
});

describe.each(forms)('a model with the split %s', (name, form) => {
  const { folder, config } = model(form);
  const both = async () => {
    const meta = await ggufTokenizerMeta(folder, config);
    expect(meta.get('tokenizer.ggml.pre')?.value).toBe(name);
    const gguf = new MemorySource([['m.gguf', writeGguf(meta, [])]]);
    return [await loadTokenizer(folder, { eosIds: config.eosIds }), await loadTokenizer(gguf)] as const;
  };

  it('has the same ids, texts and beginnings from its folder and its GGUF', async () => {
    const [ours, again] = await both();
    const wrong = [...texts, ...mixed].flatMap((text) => {
      const [ids, got] = [ours.encode(text), again.encode(text)];
      const same = JSON.stringify(ids) === JSON.stringify(got) && ours.decode(ids) === again.decode(ids);
      return same ? [] : [{ text, ids, got }];
    });
    expect(wrong.slice(0, 3)).toEqual([]);
    expect(ours.encode('a').length - ours.encode('a', { addSpecial: false }).length).toBe(
      form.addsBos ? 1 : 0,
    );
  });

  it('has the same ends of a reply, the tokenizer’s own and that of a turn', async () => {
    const [ours, again] = await both();
    const sorted = (ids: readonly number[]) => [...ids].sort((a, b) => a - b);
    expect(sorted(ours.eosIds)).toEqual(config.eosIds);
    expect(sorted(again.eosIds)).toEqual(config.eosIds);
    expect(again.eosId).toBe(ours.eosId);
    expect(again.notice).toBeNull();
  });
});
