/** A model of a few kilobytes with everything that a folder of the hub has; weights drawn from a fixed seed. */
import { uniform } from '../../src/core/rng';
import type { TensorToWrite } from '../../src/lm/safetensors';

const [hidden, heads, headDim, ffn, vocab] = [8, 2, 4, 12, 24];

export const tinyConfig = {
  model_type: 'llama',
  hidden_size: hidden,
  num_hidden_layers: 1,
  num_attention_heads: heads,
  num_key_value_heads: 1,
  head_dim: headDim,
  intermediate_size: ffn,
  vocab_size: vocab,
  rms_norm_eps: 1e-5,
  max_position_embeddings: 64,
  rope_theta: 10_000,
  tie_word_embeddings: true,
  bos_token_id: 1,
  eos_token_id: 2,
  hidden_act: 'silu',
};

export function tinyTensors(): TensorToWrite[] {
  const layer = 'model.layers.0';
  const shapes: Readonly<Record<string, readonly number[]>> = {
    'model.embed_tokens.weight': [vocab, hidden],
    [`${layer}.input_layernorm.weight`]: [hidden],
    [`${layer}.self_attn.q_proj.weight`]: [heads * headDim, hidden],
    [`${layer}.self_attn.k_proj.weight`]: [headDim, hidden],
    [`${layer}.self_attn.v_proj.weight`]: [headDim, hidden],
    [`${layer}.self_attn.o_proj.weight`]: [hidden, heads * headDim],
    [`${layer}.post_attention_layernorm.weight`]: [hidden],
    [`${layer}.mlp.gate_proj.weight`]: [ffn, hidden],
    [`${layer}.mlp.up_proj.weight`]: [ffn, hidden],
    [`${layer}.mlp.down_proj.weight`]: [hidden, ffn],
    'model.norm.weight': [hidden],
  };
  return Object.entries(shapes).map(([name, shape]) => ({
    name,
    dtype: 'F32',
    shape,
    data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => uniform(7, i) - 0.5),
  }));
}

const special = (id: number, content: string) => ({
  id, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special: true,
}); // prettier-ignore
const added = ['<unk>', '<s>', '</s>'].map((content, id) => special(id, content));
const vocabulary = (tokens: readonly string[]) =>
  Object.fromEntries(['<unk>', '<s>', '</s>', ...tokens].map((token, id) => [token, id]));
/** Qwen2's: one that a GGUF can name. */
const split =
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

/** One of each kind of tokenizer.json that is read. */
export const tokenizerJsons: readonly object[] = [
  {
    added_tokens: added,
    normalizer: { type: 'NFC' },
    pre_tokenizer: {
      type: 'Sequence',
      pretokenizers: [
        { type: 'Split', pattern: { Regex: split }, behavior: 'Isolated', invert: false },
        { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false },
      ],
    },
    post_processor: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: false, use_regex: true },
    decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: {
      type: 'BPE', dropout: null, unk_token: '<unk>', continuing_subword_prefix: null, end_of_word_suffix: null,
      fuse_unk: false, byte_fallback: false, ignore_merges: false,
      vocab: vocabulary(['W', 'h', 'a', 't', 'i', 's', '2', '+', '?', 'Ġ', 'Wh', 'at', 'What', 'is', 'Ġis', 'aa', 'aaaa', '1', 'e']),
      merges: [['W', 'h'], ['a', 't'], ['Wh', 'at'], ['i', 's'], ['Ġ', 'is'], ['a', 'a'], ['aa', 'aa']],
    },
  },
  {
    added_tokens: added,
    normalizer: { type: 'Lowercase' },
    pre_tokenizer: { type: 'Sequence', pretokenizers: [{ type: 'Digits', individual_digits: true }, { type: 'Whitespace' }] },
    post_processor: {
      type: 'TemplateProcessing',
      single: [{ SpecialToken: { id: '<s>', type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }],
      pair: [],
      special_tokens: { '<s>': { id: '<s>', ids: [1], tokens: ['<s>'] } },
    },
    decoder: null,
    model: { type: 'WordLevel', unk_token: '<unk>', vocab: vocabulary(['what', 'is', '2', '+', '?', 'a', '1', '3']) },
  },
  {
    added_tokens: added,
    normalizer: {
      type: 'Sequence',
      normalizers: [{ type: 'Prepend', prepend: '▁' }, { type: 'Replace', pattern: { String: ' ' }, content: '▁' }],
    },
    pre_tokenizer: { type: 'Metaspace', replacement: '▁', prepend_scheme: 'first', split: true },
    post_processor: null,
    decoder: {
      type: 'Sequence',
      decoders: [
        { type: 'Replace', pattern: { String: '▁' }, content: ' ' }, { type: 'ByteFallback' }, { type: 'Fuse' },
        { type: 'Strip', content: ' ', start: 1, stop: 0 },
      ],
    },
    model: {
      type: 'BPE', unk_token: '<unk>', fuse_unk: true, byte_fallback: true,
      vocab: vocabulary(['<0x00>', '<0x0A>', '<0xC3>', '▁', 'a', 'b', '▁a', '▁ab', '2']),
      merges: ['▁ a', '▁a b'],
    },
  },
  {
    added_tokens: added,
    normalizer: { type: 'BertNormalizer', clean_text: true, handle_chinese_chars: true, strip_accents: null, lowercase: true },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: null,
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    model: { type: 'WordPiece', unk_token: '<unk>', continuing_subword_prefix: '##', max_input_chars_per_word: 100, vocab: vocabulary(['what', '##at', 'wh', 'is', '2', '+', '?']) },
  },
  {
    added_tokens: added,
    normalizer: { type: 'NFKC' },
    pre_tokenizer: { type: 'Metaspace', replacement: '▁', add_prefix_space: true },
    post_processor: null,
    decoder: { type: 'Metaspace', replacement: '▁', add_prefix_space: true },
    model: { type: 'Unigram', unk_id: 0, vocab: [['<unk>', 0], ['<s>', 0], ['</s>', 0], ['▁', -2], ['▁a', -3], ['a', -4], ['b', -5], ['2', -6]] },
  },
]; // prettier-ignore

/** In the shapes that model families use. */
export const chatTemplates: readonly string[] = [
  "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}",
  "{{ bos_token }}{% if messages[0]['role'] == 'system' %}{% set system = messages[0]['content'] | trim %}{% set loop_messages = messages[1:] %}{% else %}{% set system = '' %}{% set loop_messages = messages %}{% endif %}{% for message in loop_messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('Roles must alternate') }}{% endif %}{% if message['role'] == 'user' %}{{ '[INST] ' + (system ~ '\\n\\n' if loop.first and system else '') + message['content'] | trim + ' [/INST]' }}{% else %}{{ ' ' + message['content'] | trim + ' ' + eos_token }}{% endif %}{% endfor %}",
  "{%- set ns = namespace(found=false, last=messages|length - 1) -%}{%- macro show(m, end='\\n') -%}<|{{ m.role }}|>{{ m.content | default('') | replace('a', 'a') }}{{ end }}{%- endmacro -%}{%- for m in messages[::-1] -%}{%- if not ns.found and m.role == 'user' -%}{%- set ns.found = true -%}{%- set ns.last = messages|length - 1 - loop.index0 -%}{%- endif -%}{%- endfor -%}{%- for m in messages -%}{{ show(m) }}{%- if '</think>' in m.content -%}{{ m.content.split('</think>')[-1].lstrip('\\n') }}{%- endif -%}{%- endfor -%}{%- if add_generation_prompt -%}<|assistant|>{%- if enable_thinking is defined and enable_thinking is false -%}<think></think>{%- endif -%}{%- endif -%}",
  "{% if tools %}{{ tools | tojson(indent=2) }}{% endif %}{% for message in messages if message.role in ['user', 'assistant'] %}{{ loop.index }}: {{ message.content | upper }} {{ strftime_now('%d %b %Y') }}{{ '%s-%d' | format(message.role, loop.index) }}{% endfor %}",
];
