/** Tokenizer over @huggingface/tokenizers and @huggingface/jinja, from a Hugging Face folder or a GGUF's metadata. */
import { Template } from '@huggingface/jinja';
import { Tokenizer as HuggingFaceTokenizer } from '@huggingface/tokenizers';
import * as v from 'valibot';
import { FileFormatError, ModelError } from '../core/errors';
import { readText, type FileSource } from '../core/fileSource';
import type { Message } from '../core/records';
import { openGguf } from './gguf';
import { ggufTokenizer } from './ggufModel';
import type { Tokenizer } from './types';
import { findGguf, readConfig, readJson } from './weightFiles';

const tokenizerSchema = v.looseObject({
  added_tokens: v.optional(v.array(v.looseObject({ id: v.number(), content: v.string() })), []),
  model: v.looseObject({ type: v.nullish(v.string()), unk_token: v.nullish(v.string()) }),
});
const tokenSchema = v.union([v.string(), v.looseObject({ content: v.string() })]);
const configSchema = v.looseObject({
  bos_token: v.nullish(tokenSchema),
  eos_token: v.nullish(tokenSchema),
  unk_token: v.nullish(tokenSchema),
  pad_token: v.nullish(tokenSchema),
  chat_template: v.nullish(
    v.union([v.string(), v.array(v.looseObject({ name: v.string(), template: v.string() }))]),
  ),
  clean_up_tokenization_spaces: v.nullish(v.boolean()),
});
const damaged = 'Download the tokenizer files again.';

/**
 * Reads the tokenizer of a model. `eosIds` (those of the model's config) are used beside the tokenizer's own.
 * Throws FileFormatError or ModelError.
 */
export async function loadTokenizer(
  source: FileSource,
  options: { readonly eosIds?: readonly number[]; readonly signal?: AbortSignal } = {},
): Promise<Tokenizer> {
  const { signal } = options;
  const file = await findGguf(source);
  if (file !== null) {
    const gguf = await openGguf(source, file, signal);
    const { tokenizer, config } = ggufTokenizer(gguf);
    return createTokenizer(tokenizer, config, options.eosIds);
  }
  const tokenizer = await readJson(source, 'tokenizer.json', signal);
  const hasConfig = await source.has('tokenizer_config.json');
  const config = hasConfig ? await readJson(source, 'tokenizer_config.json', signal) : {};
  const template = 'chat_template.jinja';
  const chat = (await source.has(template))
    ? { chat_template: await readText(source, template, signal) }
    : {};
  let { eosIds } = options;
  if (!eosIds && (await source.has('config.json'))) eosIds = (await readConfig(source, signal)).eosIds;
  return createTokenizer(tokenizer, { ...(config as object), ...chat }, eosIds);
}

/** From the parsed tokenizer.json and tokenizer_config.json (with chat_template). Throws FileFormatError. */
export function createTokenizer(json: unknown, config: unknown, eosIds: readonly number[] = []): Tokenizer {
  const tokenizer = v.safeParse(tokenizerSchema, json);
  const settings = v.safeParse(configSchema, config);
  if (!tokenizer.success) throw new FileFormatError('tokenizer.json is malformed.', damaged);
  if (!settings.success) throw new FileFormatError('tokenizer_config.json is malformed.', damaged);
  try {
    return new EngineTokenizer(tokenizer.output, settings.output, eosIds);
  } catch (cause) {
    throw new FileFormatError(
      `The tokenizer could not be built: ${cause instanceof Error ? cause.message : String(cause)}.`,
      damaged,
      { cause },
    );
  }
}

class EngineTokenizer implements Tokenizer {
  readonly vocab: number;
  readonly eosIds: readonly number[];
  readonly #inner: HuggingFaceTokenizer;
  readonly #template: Template | null;
  readonly #specials: Readonly<Record<string, string>>;
  readonly #unknown: number | undefined;

  constructor(
    json: v.InferOutput<typeof tokenizerSchema>,
    config: v.InferOutput<typeof configSchema>,
    eosIds: readonly number[],
  ) {
    const specials: Record<string, string> = {};
    for (const name of ['bos_token', 'eos_token', 'unk_token', 'pad_token'] as const) {
      const token = config[name];
      if (token != null) specials[name] = typeof token === 'string' ? token : token.content;
    }
    // A WordLevel model names its unknown token itself; the library looks for it in the config.
    const unknown = json.model.unk_token ?? specials['unk_token'];
    const { chat_template: chat, ...plain } = config;
    this.#inner = new HuggingFaceTokenizer(
      { decoder: null, post_processor: null, pre_tokenizer: null, normalizer: null, ...json },
      {
        ...plain,
        ...specials,
        ...(unknown === undefined ? {} : { unk_token: unknown }),
        clean_up_tokenization_spaces: config.clean_up_tokenization_spaces ?? false,
      },
    );
    this.vocab = this.#inner.get_vocab().size;
    this.#unknown = unknown === undefined ? undefined : this.#inner.token_to_id(unknown);
    const eos =
      specials['eos_token'] === undefined ? undefined : this.#inner.token_to_id(specials['eos_token']);
    this.eosIds = [...new Set([...eosIds, ...(eos === undefined ? [] : [eos])])];
    this.#specials = specials;
    const text = typeof chat === 'string' ? chat : chat?.find((item) => item.name === 'default')?.template;
    this.#template = text === undefined ? null : new Template(text);
  }

  encode(text: string, options: { addSpecial?: boolean } = {}): number[] {
    if (text === '' && options.addSpecial === false) return [];
    const { ids } = this.#inner.encode(text, { add_special_tokens: options.addSpecial ?? true });
    const bad = ids.findIndex((id) => (id as number | undefined) === undefined);
    if (bad >= 0) {
      throw new ModelError(
        'The text holds something that the tokenizer has no token for, and it has no unknown token.',
        'Leave that part of the text out.',
      );
    }
    return ids;
  }

  decode(ids: readonly number[], options: { skipSpecial?: boolean } = {}): string {
    if (ids.length === 0) return '';
    return this.#inner.decode([...ids], { skip_special_tokens: options.skipSpecial ?? false });
  }

  chatText(messages: readonly Message[], options: { addGenerationPrompt: boolean }): string {
    if (!this.#template) {
      throw new ModelError(
        'This model has no chat template.',
        'Use it with plain prompts, or choose a chat model.',
      );
    }
    try {
      return this.#template.render({
        ...this.#specials,
        messages,
        add_generation_prompt: options.addGenerationPrompt,
      });
    } catch (cause) {
      throw new ModelError(
        `The chat template refused the messages: ${cause instanceof Error ? cause.message : String(cause)}.`,
        'Some models allow no system message, or want user and assistant in turn.',
        { cause },
      );
    }
  }

  chatIds(messages: readonly Message[], options: { addGenerationPrompt: boolean }): number[] {
    return this.encode(this.chatText(messages, options), { addSpecial: false });
  }

  unknownWords(text: string): string[] {
    const words = new Set(text.match(/[\p{L}\p{M}'’]+|\d+|[^\s\p{L}\p{M}\d]/gu) ?? []);
    return [...words].filter((word) => {
      const { ids } = this.#inner.encode(word, { add_special_tokens: false });
      return (ids as (number | undefined)[]).some((id) => id === undefined || id === this.#unknown);
    });
  }
}

/**
 * Text of a growing reply, token by token. Characters whose bytes are spread over several tokens come when they are
 * complete. Only a short tail is decoded again at each step.
 */
export class TextStream {
  readonly #tokenizer: Tokenizer;
  readonly #ids: number[] = [];
  #prefix = 0;
  #read = 0;
  /** Text of ids [prefix, read). */
  #before = '';
  text = '';

  constructor(tokenizer: Tokenizer) {
    this.#tokenizer = tokenizer;
  }

  /** Adds a token; returns the new text, which may be empty. */
  push(id: number): string {
    this.#ids.push(id);
    const after = this.#decode(this.#prefix, this.#ids.length);
    if (after.length <= this.#before.length || after.endsWith('\uFFFD')) return '';
    return this.#advance(after.slice(this.#before.length));
  }

  /** The rest: incomplete characters as replacement characters. */
  flush(): string {
    const after = this.#decode(this.#prefix, this.#ids.length);
    return this.#advance(after.slice(this.#before.length));
  }

  #advance(delta: string): string {
    this.#prefix = this.#read;
    this.#read = this.#ids.length;
    this.#before = this.#decode(this.#prefix, this.#read);
    this.text += delta;
    return delta;
  }

  #decode(from: number, to: number): string {
    return this.#tokenizer.decode(this.#ids.slice(from, to), { skipSpecial: true });
  }
}
