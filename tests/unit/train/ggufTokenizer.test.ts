/** A tokenizer written to GGUF says what it really does: read back, it gives the same ids. */
import { describe, expect, it } from 'vitest';
import { NodeSource } from '../../../scripts/lib/nodeSource';
import { MemorySource } from '../../../src/core/fileSource';
import { hashKey, uniform } from '../../../src/core/rng';
import { loadTokenizer } from '../../../src/lm/tokenizer';
import type { ModelConfig } from '../../../src/lm/types';
import { exportCommand } from '../../../src/train/commands';
import { ggufTokenizerMeta } from '../../../src/train/ggufTokenizer';
import { writeGguf } from '../../../src/train/ggufWriter';
import { containing, someText } from '../lm/fixtures';
import { casePath, loadTiny } from '../lm/loadingGolden';

const rest =
  '|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|NUMBER| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+';
const split = (start: string, numbers: string, more: object = {}) => ({
  type: 'Sequence',
  pretokenizers: [
    {
      type: 'Split',
      pattern: { Regex: start + rest.replace('NUMBER', numbers) },
      behavior: 'Isolated',
      invert: false,
      ...more,
    },
    { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false },
  ],
});
const anyCase = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
const llamaCpp = "(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])";
const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true };
const digits = { type: 'Sequence', pretokenizers: [{ type: 'Digits', individual_digits: true }, byteLevel] };
const llama3 = split(anyCase, '\\p{N}{1,3}');
const qwen2 = split(anyCase, '\\p{N}');

const letters = [...'abcdefgh0123456789.!Ġ'];
const merged = ['ab', 'cd', 'abcd', '12', '123', 'Ġa'];
const merges = ['a b', 'c d', 'ab cd', '1 2', '12 3', 'Ġ a'];
const specials = ['<bos>', '<eos>', '<turn>', '<pad>', '<call>', '<more>'];
const id = (token: string): number => [...letters, ...merged, ...specials].indexOf(token);
const config = { vocab: 40, bosId: null, eosIds: [id('<eos>')] } as unknown as ModelConfig;

interface Change {
  readonly pre?: unknown;
  readonly surround?: readonly [before: readonly string[], after: readonly string[]];
  readonly model?: object;
  readonly json?: object;
  readonly settings?: object;
  readonly token?: object;
}

function folder({
  pre = llama3,
  surround = [[], []],
  model = {},
  json = {},
  settings = {},
  token = {},
}: Change) {
  const all = [...letters, ...merged, ...specials];
  const piece = (name: string) => ({ SpecialToken: { id: name, type_id: 0 } });
  const [before, after] = surround;
  const tokenizer = {
    version: '1.0',
    normalizer: null,
    pre_tokenizer: pre,
    post_processor:
      before.length + after.length === 0
        ? null
        : {
            type: 'TemplateProcessing',
            single: [...before.map(piece), { Sequence: { id: 'A', type_id: 0 } }, ...after.map(piece)],
            pair: [],
            special_tokens: Object.fromEntries(
              specials.map((name) => [name, { id: name, ids: [id(name)], tokens: [name] }]),
            ),
          },
    decoder: byteLevel,
    added_tokens: specials.map((content) => ({ id: id(content), content, special: true, lstrip: false, rstrip: false, normalized: false, single_word: false, ...token })), // prettier-ignore
    model: {
      type: 'BPE',
      vocab: Object.fromEntries([...letters, ...merged].map((one) => [one, all.indexOf(one)])),
      merges,
      ignore_merges: true,
      ...model,
    },
    ...json,
  };
  const bytes = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
  return new MemorySource([
    ['tokenizer.json', bytes(tokenizer)],
    [
      'tokenizer_config.json',
      bytes({ bos_token: '<bos>', eos_token: '<eos>', pad_token: '<pad>', ...settings }),
    ],
  ]);
}

const metaOf = async (change: Change, eosIds: readonly number[] = config.eosIds) =>
  ggufTokenizerMeta(folder(change), { ...config, eosIds });
const value = async (change: Change, key: string, eosIds?: readonly number[]) =>
  (await metaOf(change, eosIds)).get(`tokenizer.ggml.${key}`)?.value;

describe('whether a text begins with BOS is written as the tokenizer does it', () => {
  it.each([
    ['a Llama 3 split without BOS', { pre: llama3 }, false, false],
    ['a Llama 3 split with BOS', { pre: llama3, surround: [['<bos>'], []] as const }, true, false],
    ['a GPT-2 split with BOS', { pre: byteLevel, surround: [['<bos>'], []] as const }, true, false],
    ['single digits with BOS', { pre: digits, surround: [['<bos>'], []] as const }, true, false],
    ['a Qwen split with both', { pre: qwen2, surround: [['<bos>'], ['<eos>']] as const }, true, true],
    ['a GPT-2 split with EOS alone', { pre: byteLevel, surround: [[], ['<eos>']] as const }, false, true],
  ])('%s', async (_name, change, bos, eos) => {
    expect(await value(change, 'add_bos_token')).toBe(bos);
    expect(await value(change, 'add_eos_token')).toBe(eos);
  });

  it('and the BOS is the one that is put, whatever the settings name', async () => {
    expect(await value({ surround: [['<turn>'], []] }, 'bos_token_id')).toBe(id('<turn>'));
  });

  it('and refused where several are put', async () => {
    const meta = metaOf({ surround: [['<bos>', '<turn>'], []] });
    await expect(meta).rejects.toMatchObject({ code: 'model', message: containing('several tokens') });
  });
});

describe('all ends of a reply are written', () => {
  it('as eos, eot and eom', async () => {
    const eosIds = [id('<eos>'), id('<turn>'), id('<call>')];
    const meta = await metaOf({}, eosIds);
    const written = ['eos', 'eot', 'eom'].map((name) => meta.get(`tokenizer.ggml.${name}_token_id`)?.value);
    expect(written).toEqual(eosIds);
    expect(meta.get('tokenizer.ggml.padding_token_id')?.value).toBe(id('<pad>'));
  });

  it('with the tokenizer’s own first', async () => {
    const eosIds = [id('<turn>'), id('<eos>')];
    expect(await value({}, 'eos_token_id', eosIds)).toBe(id('<eos>'));
    expect(await value({}, 'eot_token_id', eosIds)).toBe(id('<turn>'));
  });

  it('or refused where a GGUF has no place for them', async () => {
    const meta = metaOf({}, ['<eos>', '<turn>', '<call>', '<more>'].map(id));
    await expect(meta).rejects.toMatchObject({ code: 'model', message: containing('4 tokens') });
  });
});

describe('the split is named, or refused', () => {
  it.each([
    ['Llama 3’s', llama3, 'llama-bpe'],
    ['Llama 3’s as llama.cpp spells it', split(llamaCpp, '\\p{N}{1,3}'), 'llama-bpe'],
    [
      'Llama 3’s by what is removed',
      split(anyCase, '\\p{N}{1,3}', { behavior: 'Removed', invert: true }),
      'llama-bpe',
    ],
    ['Qwen’s', qwen2, 'qwen2'],
    ['GPT-2’s', byteLevel, 'gpt-2'],
    ['GPT-2’s in a sequence', { type: 'Sequence', pretokenizers: [byteLevel] }, 'gpt-2'],
    ['single digits', digits, 'smollm'],
  ])('%s', async (_name, pre, name) => {
    expect(await value({ pre }, 'pre')).toBe(name);
  });

  // DeepSeek-V3's tokenizer.json, whose three splits hold \p{N}{1,3} too (llama.cpp: deepseek-v3).
  const deepseek = {
    type: 'Sequence',
    pretokenizers: ['\\p{N}{1,3}', '[一-龥぀-ゟ゠-ヿ]+', '[!-/:-~][A-Za-z]+|[^\r\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\r\n]*|\\s*[\r\n]+|\\s+(?!\\S)|\\s+']
      .map((Regex): object => ({ type: 'Split', pattern: { Regex }, behavior: 'Isolated', invert: false }))
      .concat({ type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false }),
  }; // prettier-ignore

  it.each<[string, Change, string]>([
    ['DeepSeek-V3’s', { pre: deepseek }, 'no name'],
    ['Llama 3’s with numbers of two', { pre: split(anyCase, '\\p{N}{1,2}') }, 'no name'],
    [
      'Llama 3’s with another behaviour',
      { pre: split(anyCase, '\\p{N}{1,3}', { behavior: 'MergedWithNext' }) },
      'no name',
    ],
    [
      'runs of digits',
      { pre: { ...digits, pretokenizers: [{ type: 'Digits', individual_digits: false }, byteLevel] } },
      'no name',
    ],
    ['a blank in front', { pre: { ...byteLevel, add_prefix_space: true } }, 'no name'],
    ['none at all', { pre: null }, 'no name'],
    ['lower case', { json: { normalizer: { type: 'Lowercase' } } }, 'Lowercase'],
    ['tokens that eat blanks', { token: { rstrip: true } }, 'blanks'],
    ['bytes for unknown letters', { model: { byte_fallback: true } }, 'bytes'],
    ['words that no merge makes', { model: { merges: merges.slice(0, 3), ignore_merges: false } }, '12'],
    ['words that only ignoring merges gives', { pre: qwen2, model: { merges: merges.slice(0, 3) } }, '12'],
  ])('%s', async (_name, change, part) => {
    await expect(metaOf(change)).rejects.toMatchObject({
      code: 'model',
      message: containing(part),
      hint: someText,
    });
  });
});

describe('a tokenizer read back from the GGUF', () => {
  it.each<[string, Change]>([
    ['Llama 3’s', { pre: llama3, surround: [['<bos>'], []] }],
    ['Qwen’s', { pre: qwen2, model: { ignore_merges: false } }],
    ['GPT-2’s', { pre: byteLevel, model: { ignore_merges: false } }],
  ])('gives the same ids: %s', async (_name, change) => {
    const source = folder(change);
    const ours = await loadTokenizer(source);
    const file = writeGguf(await ggufTokenizerMeta(source, config), []);
    const again = await loadTokenizer(new MemorySource([['m.gguf', file]]));
    for (let seed = 0; seed < 200; seed++) {
      const key = hashKey('text', seed);
      const signs = [...'abcd0123.! ', '<turn>', 'abcd', ' a'];
      const text = Array.from(
        { length: 12 },
        (_, i) => signs[Math.floor(uniform(key, i) * signs.length)],
      ).join('');
      expect(again.encode(text), text).toEqual(ours.encode(text));
    }
  });
});

describe('a merged export of a GGUF', () => {
  it('is a folder that can be used: with its tokenizer and ends of a reply', async () => {
    const source = await NodeSource.open(casePath('merged-from-gguf', 'm.gguf'));
    const adapter = await NodeSource.open(casePath('merged-from-gguf', 'adapter'));
    const model = await loadTiny(source);
    const files = new MemorySource(
      await exportCommand({ model, source, adapter, format: 'merged', baseModel: 'x' }),
    );
    const [before, after] = [await loadTokenizer(source), await loadTokenizer(files)];
    for (const text of ['Hello, 12 is 3.', ' a\n\n b', "it's <|end_of_text|> é"])
      expect(after.encode(text)).toEqual(before.encode(text));
    expect([...after.eosIds].sort()).toEqual([...before.eosIds].sort());
    const { eosIds, bosId } = (await loadTiny(files)).config;
    expect(eosIds).toEqual(expect.arrayContaining([...model.config.eosIds, ...before.eosIds]));
    expect(bosId).toBe(model.config.bosId);
  });
});
