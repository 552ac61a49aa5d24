import { describe, expect, it } from 'vitest';
import { MemorySource } from '../../../../src/core/fileSource';
import type { Message } from '../../../../src/records/records';
import { createTokenizer, loadTokenizer } from '../../../../src/lm/tokenizer';
import { byteLetters } from '../../../../src/lm/tokens/preTokenizers';
import { parseRows, tokeniseRow } from '../../../../src/train/batch';

const vocab = Object.fromEntries(byteLetters.map((letter, id) => [letter, id]));
const added = (id: number, content: string) => ({ id, content, special: true, normalized: false });
const json = (rest: object = {}) => ({
  added_tokens: [added(256, '<s>'), added(257, '</s>'), added(258, '<|im_end|>')],
  pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false },
  decoder: { type: 'ByteLevel' },
  model: { type: 'BPE', vocab, merges: [] },
  ...rest,
});
const files = (all: Record<string, unknown>) =>
  new MemorySource(Object.entries(all).map(([name, value]) => [name, new TextEncoder().encode(JSON.stringify(value))]), 'tiny'); // prettier-ignore
const ask: Message[] = [{ role: 'user', content: 'Hi' }];
const render = (template: string) =>
  createTokenizer(json(), { chat_template: template }).chatText(ask, { addGenerationPrompt: true });

describe('a chat template that does too much', () => {
  it.each([
    '{% for i in range(10**9) %}{% endfor %}',
    '{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}',
    '{% for i in range(99999) %}some text that is written {% endfor %}',
    "{{ 'a' * 10**9 }}",
    "{% set ns = namespace(s='ab') %}{% for i in range(60) %}{% set ns.s = ns.s + ns.s %}{% endfor %}{{ ns.s }}",
    "{{ 'x'.center(10**9) }}{{ '%999999999d' % 1 }}",
    '{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}',
    `{{ ${'('.repeat(20_000)}1${')'.repeat(20_000)} }}`,
  ])('is stopped with an error that names the model: %.60s', (template) => {
    const start = performance.now();
    expect(() => render(template)).toThrowError(
      expect.objectContaining({
        code: 'model',
        message: expect.stringMatching(/This model was stopped/) as string,
      }),
    );
    expect(performance.now() - start).toBeLessThan(5000);
  });

  it('that cannot be read leaves plain text as it is, and says what is wrong when it is used', () => {
    const tokenizer = createTokenizer(json(), { chat_template: '{% nonsense %}' });
    expect(tokenizer.encode('a')).toEqual([97]);
    expect(() => tokenizer.chatText(ask, { addGenerationPrompt: true })).toThrowError(
      /cannot be read: Unknown tag nonsense/,
    );
  });
});

describe('a tokenizer that cannot be read exactly', () => {
  it.each([
    ['normalizer', { type: 'Nmt' }],
    ['pre_tokenizer', { type: 'UnicodeScripts' }],
    ['pre_tokenizer', { type: 'Split', pattern: { Regex: 'a' }, behavior: 'Sideways', invert: false }],
    ['pre_tokenizer', { type: 'Split', pattern: { Regex: '(a)\\1' }, behavior: 'Isolated', invert: false }],
    ['pre_tokenizer', { type: 'Split', pattern: { Regex: '(?i)a' }, behavior: 'Isolated', invert: false }],
    ['decoder', { type: 'CTC' }],
    ['post_processor', { type: 'Unheard' }],
  ])('is refused by the name of its %s %j', (part, value) => {
    expect(() => createTokenizer(json({ [part]: value }), {})).toThrowError(
      expect.objectContaining({ code: 'model', message: expect.stringMatching(/not supported/) as string }),
    );
  });

  it.each([1e9, -1, 4_194_304, 1.5, 2 ** 53])('is refused for an added token of id %d', (id) => {
    const call = () => createTokenizer(json({ added_tokens: [added(id, '<x>')] }), {});
    expect(call).toThrowError(expect.objectContaining({ code: 'file-format' }));
  });

  it('is refused where an added token has not the id that tokenizers gives it', () => {
    expect(() => createTokenizer(json({ added_tokens: [added(300, '<x>')] }), {})).toThrowError(/256/);
  });
});

describe('special tokens', () => {
  it.each([
    ['special_tokens_map.json', { 'special_tokens_map.json': { eos_token: '</s>' } }],
    ['tokenizer_config.json', { 'tokenizer_config.json': { eos_token: { content: '</s>' } } }],
    ['config.json', { 'config.json': { eos_token_id: 257 } }],
    ['a list in generation_config.json', { 'generation_config.json': { eos_token_id: [257, 258] } }],
  ])('are found in %s', async (_, more) => {
    expect((await loadTokenizer(files({ 'tokenizer.json': json(), ...more }))).eosIds).toContain(257);
  });

  it.each([
    ['added_tokens_decoder', { 'tokenizer_config.json': { added_tokens_decoder: { 256: { content: '<|im_start|>', special: true } } } }],
    ['added_tokens.json', { 'added_tokens.json': { '<|im_start|>': 256 } }],
  ])('that only %s lists are one token', async (_, more) => {
    const tokenizer = await loadTokenizer(files({ 'tokenizer.json': json({ added_tokens: [] }), ...more }));
    expect(tokenizer.encode('<|im_start|>a')).toEqual([256, 97]);
  }); // prettier-ignore
});

describe('a training row', () => {
  const reply = [...ask, { role: 'assistant' as const, content: 'Yes.' }];
  const chatml = "{% for m in messages %}{{ m.role + ': ' + m.content + '<|im_end|>\n' }}{% endfor %}{% if add_generation_prompt %}assistant: {% endif %}"; // prettier-ignore

  it('ends with the token that ends a turn, at which generation stops', () => {
    const tokenizer = createTokenizer(json(), { eos_token: '</s>', chat_template: chatml });
    expect(tokeniseRow(tokenizer, { messages: reply }).ids.at(-1)).toBe(258);
    expect(tokenizer.eosIds).toEqual([257, 258]);
  });

  it('holds no end token in its prompt where the tokenizer adds one', () => {
    const post_processor = {
      type: 'TemplateProcessing',
      single: [{ Sequence: { id: 'A' } }, { SpecialToken: { id: '</s>' } }],
      special_tokens: { '</s>': { ids: [257] } },
    };
    const tokenizer = createTokenizer(json({ post_processor }), { eos_token: '</s>' });
    expect(tokenizer.encode('Q').at(-1)).toBe(257);
    const { ids } = tokeniseRow(tokenizer, { prompt: 'Q', completion: 'A' });
    expect(ids).toEqual([vocab['Q'], vocab['A'], 257]);
  });

  it('may follow a byte order mark', () => {
    expect(parseRows('\uFEFF{"prompt": "a", "completion": "b"}\n')).toHaveLength(1);
  });
});

describe('a precompiled normaliser', () => {
  const of = (bytes: readonly number[]) => btoa(String.fromCharCode(...bytes));
  it.each([
    ['that is not base64', '%%%'],
    ['that is empty', ''],
    ['shorter than it says', of([255, 0, 0, 0, 1, 2, 3, 4])],
    ['of no whole units', of([6, 0, 0, 0, 1, 2, 3, 4, 5, 6])],
  ])('%s is refused', (_, precompiled_charsmap) => {
    const normalizer = { type: 'Precompiled', precompiled_charsmap };
    expect(() => createTokenizer(json({ normalizer }), {})).toThrowError(
      expect.objectContaining({ code: 'file-format' }),
    );
  });

  it('whose places lie outside leaves the text as it is', () => {
    const normalizer = {
      type: 'Precompiled',
      precompiled_charsmap: of([8, 0, 0, 0, 255, 255, 255, 255, 0, 0, 0, 0, 97, 0]),
    };
    expect(() => createTokenizer(json({ normalizer }), {}).encode('a')).not.toThrow();
  });
});
