/** The tokenizer metadata of a GGUF file, from the base's own GGUF or from its tokenizer.json (byte-level BPE). */
import * as v from 'valibot';
import { ModelError } from '../core/errors';
import { readText } from '../core/fileSource';
import type { FileSource } from '../core/fileSource';
import { openGguf } from '../lm/gguf';
import type { GgufValue } from '../lm/gguf';
import type { ModelConfig } from '../lm/types';
import { findGguf } from '../lm/weightFiles';
import type { GgufMeta } from './ggufWriter';

const tokenizerSchema = v.looseObject({
  pre_tokenizer: v.unknown(),
  added_tokens: v.optional(
    v.array(v.looseObject({ id: v.number(), content: v.string(), special: v.boolean() })),
    [],
  ),
  model: v.looseObject({
    type: v.literal('BPE'),
    vocab: v.record(v.string(), v.number()),
    merges: v.array(v.union([v.string(), v.array(v.string())])),
  }),
});
const configSchema = v.looseObject({
  bos_token: v.nullish(v.unknown()),
  eos_token: v.nullish(v.unknown()),
  pad_token: v.nullish(v.unknown()),
  chat_template: v.nullish(v.unknown()),
});

/** A metadata value in the type that llama.cpp expects of a tokenizer key. */
function typed(key: string, value: GgufValue): GgufMeta | null {
  if (typeof value === 'string') return { type: 'string', value };
  if (typeof value === 'boolean') return { type: 'bool', value };
  if (typeof value === 'number') return { type: 'u32', value };
  if (!Array.isArray(value)) return null;
  const list = value as readonly GgufValue[];
  if (list.every((item) => typeof item === 'string')) return { type: 'strings', value: list };
  if (!list.every((item) => typeof item === 'number')) return null;
  return { type: key.endsWith('scores') ? 'f32s' : 'i32s', value: list };
}

/** llama.cpp's name of the split pattern, told by the pattern itself. */
function preTokenizer(json: unknown): string {
  const text = JSON.stringify(json);
  if (text.includes('\\\\p{N}{1,3}')) return 'llama-bpe';
  if (text.includes('\\\\p{N}')) return 'qwen2';
  if (text.includes('"Digits"')) return 'smollm';
  if (text.includes('"ByteLevel"')) return 'gpt-2';
  throw new ModelError(
    "llama.cpp has no name for this tokenizer's split pattern.",
    'Export as merged safetensors and convert them with llama.cpp.',
  );
}

const contentOf = (token: unknown): string | undefined =>
  typeof token === 'string'
    ? token
    : typeof token === 'object' && token !== null && 'content' in token && typeof token.content === 'string'
      ? token.content
      : undefined;

/** Metadata under `tokenizer.`. Throws ModelError for tokenizers that are not byte-level BPE. */
export async function ggufTokenizerMeta(
  source: FileSource,
  config: ModelConfig,
): Promise<ReadonlyMap<string, GgufMeta>> {
  const file = await findGguf(source);
  const meta = new Map<string, GgufMeta>();
  if (file !== null) {
    for (const [key, value] of (await openGguf(source, file)).metadata) {
      const entry = key.startsWith('tokenizer.') ? typed(key, value) : null;
      if (entry) meta.set(key, entry);
    }
    return meta;
  }
  const parsed = v.safeParse(tokenizerSchema, JSON.parse(await readText(source, 'tokenizer.json')));
  if (!parsed.success)
    throw new ModelError(
      'The tokenizer is not byte-level BPE, which is all that can be written to GGUF here.',
      'Export as merged safetensors instead.',
    );
  const { model, added_tokens: added, pre_tokenizer: pre } = parsed.output;
  const settingsFile = 'tokenizer_config.json';
  const settings = (await source.has(settingsFile))
    ? v.parse(configSchema, JSON.parse(await readText(source, settingsFile)))
    : {};
  const tokens = Array.from({ length: config.vocab }, (_, id) => `[PAD${id}]`);
  // 1 = normal, 3 = control, 4 = user defined, 5 = unused
  const types = Array.from({ length: config.vocab }, () => 5);
  for (const [token, id] of Object.entries(model.vocab)) {
    if (id >= config.vocab) continue;
    tokens[id] = token;
    types[id] = 1;
  }
  for (const { id, content, special } of added) {
    if (id >= config.vocab) continue;
    tokens[id] = content;
    types[id] = special ? 3 : 4;
  }
  meta.set('tokenizer.ggml.model', { type: 'string', value: 'gpt2' });
  meta.set('tokenizer.ggml.pre', { type: 'string', value: preTokenizer(pre) });
  meta.set('tokenizer.ggml.tokens', { type: 'strings', value: tokens });
  meta.set('tokenizer.ggml.token_type', { type: 'i32s', value: types });
  const merges = model.merges.map((merge) => (typeof merge === 'string' ? merge : merge.join(' ')));
  meta.set('tokenizer.ggml.merges', { type: 'strings', value: merges });
  const ids = {
    bos: tokens.indexOf(contentOf(settings.bos_token) ?? ''),
    eos: tokens.indexOf(contentOf(settings.eos_token) ?? ''),
    padding: tokens.indexOf(contentOf(settings.pad_token) ?? ''),
  };
  for (const [name, id] of Object.entries(ids)) {
    const known = id >= 0 ? id : name === 'bos' ? config.bosId : name === 'eos' ? config.eosIds[0] : null;
    if (known != null) meta.set(`tokenizer.ggml.${name}_token_id`, { type: 'u32', value: known });
  }
  meta.set('tokenizer.ggml.add_bos_token', { type: 'bool', value: preTokenizer(pre) === 'llama-bpe' });
  const jinja = 'chat_template.jinja';
  const template = (await source.has(jinja)) ? await readText(source, jinja) : settings.chat_template;
  if (typeof template === 'string') meta.set('tokenizer.chat_template', { type: 'string', value: template });
  return meta;
}
