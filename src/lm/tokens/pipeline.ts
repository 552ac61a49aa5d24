/**
 * A tokenizer.json in use: added tokens, normaliser, pre-tokenizer, post-processor and decoder as Hugging Face's
 * tokenizers does them; merges and vocabularies are @huggingface/tokenizers'.
 */
import { Tokenizer as HuggingFaceTokenizer } from '@huggingface/tokenizers';
import * as v from 'valibot';
import { FileFormatError, ModelError } from '../../core/errors';
import { AddedVocabulary, mostIds, sectioner, type AddedToken } from './addedTokens';
import { createDecoder, fallbackByte } from './decoders';
import { createNormalizer } from './normalizers';
import { createFrame, type Frame } from './postProcessors';
import { asJson, createPreTokenizer, type PreTokenizer } from './preTokenizers';
import { unsupported } from './regex';

const id = v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(mostIds - 1));
const flag = v.nullish(v.boolean());
const flags = { single_word: flag, lstrip: flag, rstrip: flag, normalized: flag, special: flag };
export const addedTokenSchema = v.looseObject({ content: v.string(), ...flags });
export const tokenizerSchema = v.looseObject({
  added_tokens: v.nullish(v.array(v.looseObject({ id, content: v.string(), ...flags })), []),
  model: v.looseObject({ type: v.nullish(v.string()), unk_token: v.nullish(v.string()), vocab: v.unknown() }),
});
export type TokenizerJson = v.InferOutput<typeof tokenizerSchema>;
export const idSchema = id;

const damaged = 'Download the tokenizer files again.';

export function addedToken(value: v.InferOutput<typeof addedTokenSchema>): AddedToken {
  const special = value.special ?? false;
  return {
    content: value.content,
    special,
    normalized: value.normalized ?? !special,
    singleWord: value.single_word ?? false,
    lstrip: value.lstrip ?? false,
    rstrip: value.rstrip ?? false,
  };
}

/** Refuses models whose ids the library would get wrong. */
function checkModel(model: TokenizerJson['model']): void {
  const ids = Array.isArray(model.vocab) ? [] : Object.values(asJson(model.vocab));
  if (!ids.every((item) => v.is(id, item)))
    throw new FileFormatError(`A token of tokenizer.json has no id from 0 to ${mostIds - 1}.`, damaged);
  const type = model.type ?? (Array.isArray(model.vocab) ? 'Unigram' : 'merges' in model ? 'BPE' : null);
  const has = (name: string) => Boolean((model as Record<string, unknown>)[name]);
  if (type === 'BPE') {
    if (has('continuing_subword_prefix')) throw unsupported('a prefix for continued words in BPE');
    if (has('dropout')) throw unsupported('random merges (dropout)');
  } else if (type === 'Unigram') {
    if (has('byte_fallback')) throw unsupported('bytes for unknown characters in a Unigram model');
  } else if (type !== null && type !== 'WordPiece' && type !== 'WordLevel')
    throw unsupported(`a model of type ${type}`);
}

type Model = NonNullable<HuggingFaceTokenizer['model']>;

export class TokenPipeline {
  readonly added: AddedVocabulary;
  /** The model's type: BPE, WordPiece, Unigram or WordLevel. */
  readonly type: string;
  /** Ids before and after a text with special tokens. */
  readonly frame: Frame;
  readonly #model: Model;
  readonly #unknown: number | undefined;
  readonly #fuse: boolean;
  readonly #pre: PreTokenizer;
  readonly #sections: ReturnType<typeof sectioner>;
  readonly #decode: (tokens: readonly string[]) => string[];
  readonly #byteFallback: boolean;
  readonly #content: (string | undefined)[] = [];
  readonly #special = new Set<number>();

  /** `more` are added tokens that stand in other files, with the ids said there. */
  constructor(
    json: TokenizerJson,
    options: { unknown?: string | undefined; more?: readonly (readonly [AddedToken, number | null])[] } = {},
  ) {
    checkModel(json.model);
    const normalizer = createNormalizer(json['normalizer']);
    this.#pre = createPreTokenizer(json['pre_tokenizer']);
    this.frame = createFrame(json['post_processor']);
    const unknown = json.model.unk_token ?? options.unknown;
    const { model } = new HuggingFaceTokenizer(
      {
        decoder: null,
        post_processor: null,
        pre_tokenizer: null,
        normalizer: null,
        added_tokens: [],
        model: json.model,
      },
      unknown === undefined ? {} : { unk_token: unknown },
    );
    if (!model) throw new FileFormatError('tokenizer.json has no model.', damaged);
    this.#model = model;
    this.type = json.model.type ?? (Array.isArray(json.model.vocab) ? 'Unigram' : 'BPE');
    this.#unknown = this.type === 'Unigram' ? model.unk_token_id : this.#own(unknown ?? '');
    this.#fuse = this.type === 'Unigram' || (this.type === 'BPE' && model.fuse_unk);
    for (const [content, own] of model.tokens_to_ids) this.#content[own] = content;
    this.added = new AddedVocabulary((content) => this.#own(content), model.tokens_to_ids.size);
    const listed = [...(json.added_tokens ?? [])].sort((a, b) => a.id - b.id);
    for (const token of listed) this.added.add(addedToken(token), token.id);
    for (const [token, declared] of options.more ?? []) this.added.add(token, declared);
    for (const token of this.added.tokens.values()) {
      this.#content[token.id] = token.content;
      if (token.special) this.#special.add(token.id);
    }
    this.#sections = sectioner(this.added, normalizer);
    this.#decode = createDecoder(json['decoder']);
    this.#byteFallback = JSON.stringify(json['decoder'] ?? null).includes('"ByteFallback"');
  }

  get size(): number {
    return this.#content.reduce((count, content) => count + (content === undefined ? 0 : 1), 0);
  }

  get unknown(): number | undefined {
    return this.#unknown;
  }

  id(content: string): number | undefined {
    return this.added.id(content) ?? this.#own(content);
  }

  content(token: number): string | undefined {
    return this.#content[token];
  }

  /** Ids of a text without those of the post-processor; undefined where there is no token and no unknown token. */
  encode(text: string): (number | undefined)[] {
    return this.#sections(text).flatMap((section) =>
      section.id !== null
        ? [section.id]
        : this.#pre([{ text: section.text, first: section.first }]).flatMap((piece) =>
            this.#word(piece.text),
          ),
    );
  }

  decode(ids: readonly number[], skipSpecial: boolean): string {
    const tokens: string[] = [];
    for (const token of ids) {
      const content = this.#content[token];
      if (content !== undefined && !(skipSpecial && this.#special.has(token))) tokens.push(content);
    }
    return tokens.length === 0 ? '' : this.#decode(tokens).join('');
  }

  /** The added token that a text starts with, or null. */
  firstAdded(text: string): number | null {
    return this.#sections(text)[0]?.id ?? null;
  }

  /** The text of this token may still change with the next one (bytes are read in runs). */
  unsettled(token: number): boolean {
    return this.#byteFallback && fallbackByte(this.#content[token] ?? '') !== null;
  }

  /** Whether text may change behind the last token at all. */
  get settlesLate(): boolean {
    return this.#byteFallback;
  }

  #own(content: string): number | undefined {
    return this.#model.tokens_to_ids.get(content);
  }

  #word(text: string): (number | undefined)[] {
    const ids: (number | undefined)[] = [];
    let fused = false;
    for (const token of this.#model.encode([text])) {
      const own = this.#own(token);
      const unknown = own === undefined || (own === this.#unknown && token !== text);
      if (unknown && fused && this.#fuse) continue;
      ids.push(own ?? this.#unknown);
      fused = unknown;
    }
    return ids;
  }
}

/** A text with no token for some of it. */
export function noToken(): ModelError {
  return new ModelError(
    'The text holds something that the tokenizer has no token for, and it has no unknown token.',
    'Leave that part of the text out.',
  );
}
