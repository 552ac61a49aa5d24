/** The tokenizer metadata of a GGUF file, from the base's own GGUF or from its tokenizer.json (byte-level BPE). */
import * as v from 'valibot';
import { ModelError } from '../core/errors';
import { parseJson } from '../core/json';
import { readText } from '../core/fileSource';
import type { FileSource } from '../core/fileSource';
import { openGguf } from '../lm/gguf/gguf';
import type { GgufValue } from '../lm/gguf/gguf';
import { loadTokenizer } from '../lm/tokenizer';
import type { ModelConfig, Tokenizer } from '../lm/types';
import { findGguf } from '../lm/weightFiles';
import { preTokenizerName } from './ggufPreTokenizer';
import type { GgufMeta } from './ggufWriter';

const tokenizerSchema = v.looseObject({
  pre_tokenizer: v.optional(v.unknown()),
  normalizer: v.optional(v.unknown()),
  added_tokens: v.optional(
    v.array(
      v.looseObject({
        id: v.number(),
        content: v.string(),
        special: v.boolean(),
        lstrip: v.optional(v.boolean(), false),
        rstrip: v.optional(v.boolean(), false),
        single_word: v.optional(v.boolean(), false),
      }),
    ),
    [],
  ),
  model: v.looseObject({
    type: v.literal('BPE'),
    ignore_merges: v.nullish(v.boolean(), false),
    byte_fallback: v.nullish(v.boolean(), false),
    continuing_subword_prefix: v.nullish(v.string(), ''),
    end_of_word_suffix: v.nullish(v.string(), ''),
    vocab: v.record(v.string(), v.number()),
    merges: v.array(v.union([v.string(), v.array(v.string())])),
  }),
});
const configSchema = v.looseObject({
  bos_token: v.nullish(v.unknown()),
  eos_token: v.nullish(v.unknown()),
  pad_token: v.nullish(v.unknown()),
  unk_token: v.nullish(v.unknown()),
  chat_template: v.nullish(v.unknown()),
});

/** A metadata value in the type that llama.cpp expects of a tokenizer key. */
function typed(key: string, value: GgufValue): GgufMeta | null {
  if (typeof value === 'string') return { type: 'string', value };
  if (typeof value === 'boolean') return { type: 'bool', value };
  if (typeof value === 'number') return { type: Number.isInteger(value) ? 'u32' : 'f32', value };
  if (!Array.isArray(value)) return null;
  const list = value as readonly GgufValue[];
  if (list.every((item) => typeof item === 'string')) return { type: 'strings', value: list };
  if (!list.every((item) => typeof item === 'number')) return null;
  if (key.endsWith('precompiled_charsmap')) return { type: 'u8s', value: list };
  return { type: key.endsWith('scores') ? 'f32s' : 'i32s', value: list };
}

const contentOf = (token: unknown): string | undefined =>
  typeof token === 'string'
    ? token
    : typeof token === 'object' && token !== null && 'content' in token && typeof token.content === 'string'
      ? token.content
      : undefined;

type Parsed = v.InferOutput<typeof tokenizerSchema>;

const elsewhere = 'Export as merged safetensors and convert them with llama.cpp.';

const refuse = (what: string): never => {
  throw new ModelError(`The tokenizer ${what}, which a GGUF cannot say.`, elsewhere);
};

/** Throws ModelError for what llama.cpp would do differently. */
function checkSayable({ model, added_tokens: added }: Parsed, name: string): void {
  if (model.byte_fallback) refuse('falls back to bytes');
  if (model.continuing_subword_prefix || model.end_of_word_suffix) refuse('marks parts of words');
  const odd = added.find(({ lstrip, rstrip, single_word: word }) => lstrip || rstrip || word);
  if (odd) refuse(`takes ${odd.content} with the blanks around it, or as a whole word only`);
  // llama.cpp takes a word that is a token as it is for Llama 3's split, and merges letter by letter for the others.
  if ((model.ignore_merges ?? false) === (name === 'llama-bpe')) return;
  const made = new Set(
    model.merges.map((merge) => (typeof merge === 'string' ? merge.replace(' ', '') : merge.join(''))),
  );
  const contents = new Set(added.map(({ content }) => content));
  const unmade = Object.keys(model.vocab).find(
    (token) => [...token].length > 1 && !made.has(token) && !contents.has(token),
  );
  if (unmade !== undefined)
    refuse(
      `${model.ignore_merges ? 'knows' : 'never gives'} ${JSON.stringify(unmade)}, which no merge makes`,
    );
}

/** Ids that the tokenizer puts before and after a text, found by asking it. */
function surroundings(tokenizer: Tokenizer): { before: number[]; after: number[] } {
  for (const text of ['a', 'e', '0', '.', ' ']) {
    let plain: number[];
    let all: number[];
    try {
      plain = tokenizer.encode(text, { addSpecial: false });
      all = tokenizer.encode(text);
    } catch (cause) {
      // A small vocabulary may lack this letter.
      if (cause instanceof ModelError) continue;
      throw cause;
    }
    if (plain.length === 0) continue;
    const at = all.findIndex((_, i) => plain.every((id, k) => all[i + k] === id));
    if (at >= 0) return { before: all.slice(0, at), after: all.slice(at + plain.length) };
  }
  return refuse('surrounds texts by tokens in a way that could not be found out');
}

/** Ends of a reply that llama.cpp knows by their text, whatever the file says (llama-vocab.cpp). */
const knownEnds: ReadonlySet<string> = new Set([
  '<|eot_id|>', '<|im_end|>', '<|end|>', '<|return|>', '<|call|>', '<end_of_turn>', '<|endoftext|>', '<|eom_id|>', '<EOT>',
  '_<EOT>', '<|end_of_text|>', '<end_of_utterance>',
]); // prettier-ignore

/** `eos`, `eot` and `eom` ids: all ends of a reply, the tokenizer's own first. */
function endIds(ids: readonly number[], tokens: readonly string[]): ReadonlyMap<string, number> {
  const [first, ...rest] = ids;
  if (first === undefined) return new Map();
  const unknown = rest.filter((id) => !knownEnds.has(tokens[id] ?? ''));
  if (unknown.length > 2) refuse(`ends replies by ${ids.length} tokens`);
  const others = [...unknown, ...rest.filter((id) => knownEnds.has(tokens[id] ?? ''))];
  const named = [first, ...others].slice(0, 3);
  return new Map(named.map((id, i) => [['eos', 'eot', 'eom'][i]!, id]));
}

/** tokenizer_config.json, filled up from special_tokens_map.json. */
async function settingsOf(source: FileSource): Promise<v.InferOutput<typeof configSchema>> {
  let all: object = {};
  for (const file of ['special_tokens_map.json', 'tokenizer_config.json']) {
    if (!(await source.has(file))) continue;
    const given = v.parse(configSchema, parseJson(await readText(source, file)));
    all = { ...all, ...Object.fromEntries(Object.entries(given).filter(([, value]) => value != null)) };
  }
  const jinja = 'chat_template.jinja';
  const template = (await source.has(jinja)) ? { chat_template: await readText(source, jinja) } : {};
  return { ...all, ...template };
}

const templatesSchema = v.array(v.object({ name: v.string(), template: v.string() }));

/** Metadata under `tokenizer.`. Throws ModelError for tokenizers that are not byte-level BPE, or that a GGUF cannot say. */
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
  const parsed = v.safeParse(tokenizerSchema, parseJson(await readText(source, 'tokenizer.json')));
  if (!parsed.success)
    throw new ModelError(
      'The tokenizer is not byte-level BPE, which is all that can be written to GGUF here.',
      'Export as merged safetensors instead.',
    );
  const { model, added_tokens: added } = parsed.output;
  const name = preTokenizerName(parsed.output);
  checkSayable(parsed.output, name);
  const settings = await settingsOf(source);
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
  const set = (key: string, entry: GgufMeta) => meta.set(`tokenizer.${key}`, entry);
  set('ggml.model', { type: 'string', value: 'gpt2' });
  set('ggml.pre', { type: 'string', value: name });
  set('ggml.tokens', { type: 'strings', value: tokens });
  set('ggml.token_type', { type: 'i32s', value: types });
  const merges = model.merges.map((merge) => (typeof merge === 'string' ? merge : merge.join(' ')));
  set('ggml.merges', { type: 'strings', value: merges });

  const tokenizer = await loadTokenizer(source, { eosIds: config.eosIds });
  const { before, after } = surroundings(tokenizer);
  if (before.length > 1 || after.length > 1) refuse('puts several tokens around a text');
  const idOf = (token: unknown): number | undefined => {
    const id = tokens.indexOf(contentOf(token) ?? '');
    return id >= 0 ? id : undefined;
  };
  const bos = before[0] ?? idOf(settings.bos_token) ?? config.bosId ?? undefined;
  const own = idOf(settings.eos_token);
  const ends = [...after, ...(own === undefined ? [] : [own]), ...tokenizer.eosIds, ...config.eosIds];
  const ids = new Map<string, number | undefined>([
    ['bos', bos],
    ...endIds([...new Set(ends)], tokens),
    ['padding', idOf(settings.pad_token)],
    ['unknown', idOf(settings.unk_token)],
  ]);
  for (const [key, id] of ids) {
    if (id !== undefined) set(`ggml.${key}_token_id`, { type: 'u32', value: id });
  }
  set('ggml.add_bos_token', { type: 'bool', value: before.length > 0 });
  set('ggml.add_eos_token', { type: 'bool', value: after.length > 0 });
  const templates = v.safeParse(templatesSchema, settings.chat_template);
  const template = templates.success
    ? templates.output.find((one) => one.name === 'default')?.template
    : settings.chat_template;
  if (typeof template === 'string') set('chat_template', { type: 'string', value: template });
  return meta;
}
