/** Tokenizer from a Hugging Face folder or a GGUF's metadata: the one door to tokens/ and jinja/. */
import * as v from 'valibot';
import { FileFormatError, ArkletError, ModelError } from '../core/errors';
import { readText, type FileSource } from '../core/fileSource';
import type { Message } from '../records/records';
import type { ThinkingMode } from '../records/thoughts';
import { openGguf } from './gguf/gguf';
import { ChatTemplate, type ChatOptions } from './chat/chatTemplate';
import { cleanUp } from './tokens/decoders';
import { ggufTokenizer } from './tokens/ggufTokenizer';
import { noToken, TokenPipeline, tokenizerSchema } from './tokens/pipeline';
import {
  configEosIds,
  optionalJson,
  tokenSettings,
  type TokenFiles,
  type TokenSettings,
} from './tokens/specialTokens';
import type { Tokenizer } from './types';
import { findGguf, readJson } from './weightFiles';

export { TextStream } from './tokens/textStream';

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
  const model = source.name;
  const file = await findGguf(source);
  if (file !== null) {
    const { tokenizer, config, endIds, notice } = ggufTokenizer(await openGguf(source, file, signal));
    const eosIds = [...endIds, ...(options.eosIds ?? [])];
    return build(tokenizer, { config }, { eosIds, model, notice });
  }
  const json = await readJson(source, 'tokenizer.json', signal);
  const config = await optionalJson(source, 'tokenizer_config.json', signal);
  const template = 'chat_template.jinja';
  const chat = (await source.has(template))
    ? { chat_template: await readText(source, template, signal) }
    : {};
  // Older files are read where tokenizer_config.json does not list the added tokens itself.
  const older = (config as { added_tokens_decoder?: unknown } | undefined)?.added_tokens_decoder == null;
  const files: TokenFiles = {
    config: typeof config === 'object' || config === undefined ? { ...(config as object), ...chat } : config,
    ...(older
      ? {
          specialTokensMap: await optionalJson(source, 'special_tokens_map.json', signal),
          addedTokens: await optionalJson(source, 'added_tokens.json', signal),
        }
      : {}),
  };
  const eosIds = options.eosIds ?? (await configEosIds(source, signal));
  return build(json, files, { eosIds, model, notice: null });
}

/** From the parsed tokenizer.json and tokenizer_config.json (with chat_template). Throws FileFormatError or ModelError. */
export function createTokenizer(json: unknown, config: unknown, eosIds: readonly number[] = []): Tokenizer {
  return build(json, { config }, { eosIds, model: 'This model', notice: null });
}

interface About {
  readonly eosIds: readonly number[];
  readonly model: string;
  readonly notice: string | null;
}

function build(json: unknown, files: TokenFiles, about: About): Tokenizer {
  const tokenizer = v.safeParse(tokenizerSchema, json);
  if (!tokenizer.success) {
    const path = tokenizer.issues[0].path?.map((item) => String(item.key)).join('.');
    throw new FileFormatError(`tokenizer.json is malformed${path ? `: ${path}` : ''}.`, damaged);
  }
  const settings = tokenSettings(files);
  try {
    const unknown = settings.named['unk_token'];
    const pipeline = new TokenPipeline(tokenizer.output, { unknown, more: settings.more });
    return new EngineTokenizer(pipeline, settings, about);
  } catch (cause) {
    if (cause instanceof ArkletError) throw cause;
    // What a library says of it is for programmers.
    throw new FileFormatError(
      'The tokenizer could not be built: something in its files is missing, or of another kind than it must be.',
      damaged,
      { cause },
    );
  }
}

class EngineTokenizer implements Tokenizer {
  readonly vocab: number;
  readonly notice: string | null;
  readonly eosId: number | null;
  readonly cleanUp: ((text: string) => string) | null;
  readonly #pipeline: TokenPipeline;
  readonly #chat: ChatTemplate | null;
  readonly #settings: TokenSettings;
  readonly #about: About;
  /** What chats are rendered with where nothing is said. */
  readonly #thinking: ThinkingMode;
  #turnEnd: number | null | undefined;
  #ends: readonly number[] | undefined;

  constructor(
    pipeline: TokenPipeline,
    settings: TokenSettings,
    about: About,
    thinking: ThinkingMode = 'auto',
  ) {
    this.#settings = settings;
    this.#about = about;
    this.#thinking = thinking;
    this.notice = about.notice;
    this.#pipeline = pipeline;
    this.vocab = this.#pipeline.size;
    const eos = settings.named['eos_token'];
    this.eosId = (eos === undefined ? undefined : this.#pipeline.id(eos)) ?? null;
    // As transformers: not for BPE, whose blanks are the text's own.
    this.cleanUp = settings.cleanUp && this.#pipeline.type !== 'BPE' ? cleanUp : null;
    const { template, named } = settings;
    this.#chat = template === null ? null : new ChatTemplate(template, named, about.model);
  }

  thinkingAs(thinking: ThinkingMode): Tokenizer {
    return new EngineTokenizer(this.#pipeline, this.#settings, this.#about, thinking);
  }

  get chats(): boolean {
    return this.#chat !== null;
  }

  get turnEnd(): number | null {
    this.#turnEnd ??= this.#findTurnEnd();
    return this.#turnEnd;
  }

  get eosIds(): readonly number[] {
    this.#ends ??= [
      ...new Set([
        ...this.#about.eosIds,
        ...(this.eosId === null ? [] : [this.eosId]),
        ...(this.turnEnd === null ? [] : [this.turnEnd]),
      ]),
    ];
    return this.#ends;
  }

  encode(text: string, options: { addSpecial?: boolean } = {}): number[] {
    const ids = this.#encode(text);
    if (options.addSpecial === false) return ids;
    const { before, after } = this.#pipeline.frame;
    return [...before, ...ids, ...after];
  }

  promptIds(text: string): number[] {
    return [...this.#pipeline.frame.before, ...this.#encode(text)];
  }

  decode(ids: readonly number[], options: { skipSpecial?: boolean; cleanUp?: boolean } = {}): string {
    const text = this.#pipeline.decode(ids, options.skipSpecial ?? false);
    return this.cleanUp && options.cleanUp !== false ? this.cleanUp(text) : text;
  }

  unsettled(id: number): boolean {
    return this.#pipeline.unsettled(id);
  }

  get settlesLate(): boolean {
    return this.#pipeline.settlesLate || this.cleanUp !== null;
  }

  chatText(messages: readonly Message[], options: ChatOptions): string {
    if (!this.#chat) {
      throw new ModelError(
        'This model has no chat template.',
        'Use it with plain prompts, or choose a chat model.',
      );
    }
    return this.#chat.text(messages, { thinking: this.#thinking, ...options });
  }

  chatIds(messages: readonly Message[], options: ChatOptions): number[] {
    return this.encode(this.chatText(messages, options), { addSpecial: false });
  }

  unknownWords(text: string): string[] {
    const words = new Set(text.match(/[\p{L}\p{M}'’]+|\d+|[^\s\p{L}\p{M}\d]/gu) ?? []);
    const { unknown } = this.#pipeline;
    return [...words].filter((word) =>
      this.#pipeline.encode(word).some((id) => id === undefined || id === unknown),
    );
  }

  #encode(text: string): number[] {
    const ids = this.#pipeline.encode(text);
    if (ids.includes(undefined)) throw noToken();
    return ids as number[];
  }

  /** The token that the template puts after a finished reply, or null: what a reply must be taught to end with. */
  #findTurnEnd(): number | null {
    const after = this.#chat?.afterReply() ?? null;
    return after === null ? null : this.#pipeline.firstAdded(after.trimStart());
  }
}
