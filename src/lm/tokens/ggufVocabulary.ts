/** The tokens that a GGUF's metadata lists: their types, which of them are special, and which end a reply. */
import * as v from 'valibot';
import { FileFormatError } from '../../core/errors';
import type { GgufFile, GgufValue } from '../gguf/gguf';

export const damagedGguf = 'Download the file again, or convert it again with llama.cpp.';
const strings = v.array(v.string());
const numbers = v.array(v.number());

/** Values of tokenizer.ggml.token_type. */
export const tokenType = { normal: 1, unknown: 2, control: 3, userDefined: 4, unused: 5, byte: 6 } as const;

/** Tokens that end a reply by their name, whatever the file's ids say. */
const endNames: ReadonlySet<string> = new Set([
  '<|eot_id|>', '<|im_end|>', '<|end|>', '<|return|>', '<|call|>', '<|flush|>', '<|calls|>', '<end_of_turn>', '<|endoftext|>', '</s>',
  '<|eom_id|>', '<EOT>', '_<EOT>', '[EOT]', '[EOS]', '<|end_of_text|>', '<end_of_utterance>', '<eos>', '<turn|>', '<|tool_response>',
  '<｜end▁of▁sentence｜>', '[e~[',
  // Of fill-in-the-middle models: padding, next repository, next file.
  '<|fim_pad|>', '<fim-pad>', '<fim_pad>', '<PAD>', '[PAD]', '<|fim_repo|>', '<|repo_name|>', '<fim-repo>', '<REPO>', '<reponame>', '<|file_sep|>',
]); // prettier-ignore

/** An entry of added_tokens in tokenizer.json. */
export interface AddedEntry {
  readonly id: number;
  readonly content: string;
  readonly special: boolean;
  readonly normalized: false;
  readonly single_word: false;
  readonly lstrip: false;
  readonly rstrip: boolean;
}

/** Ids that a kind of tokenizer has where the file names none. */
export type DefaultIds = Readonly<Partial<Record<'bos' | 'eos' | 'unknown' | 'padding', number>>>;

/** A name that llama.cpp knows as that of Phi-3, whose special tokens take the blanks behind them. */
const phi3 = /phi-?3/i;
const keepsBlanks: ReadonlySet<string> = new Set(['<unk>', '<s>', '<|endoftext|>']);

export class GgufVocabulary {
  readonly tokens: readonly string[];
  readonly ids: Readonly<Record<string, number>>;
  readonly #gguf: GgufFile;
  readonly #types: readonly GgufValue[] | null;
  readonly #defaults: DefaultIds;

  /** Throws FileFormatError where there are no tokens, or one is there twice. */
  constructor(gguf: GgufFile, defaults: DefaultIds) {
    this.#gguf = gguf;
    this.#defaults = defaults;
    const parsed = v.safeParse(strings, this.get('ggml.tokens'));
    if (!parsed.success) throw new FileFormatError('The GGUF lacks the tokenizer’s tokens.', damagedGguf);
    this.tokens = parsed.output.map((content, id) => (content === '' ? `[EMPTY_${id}]` : content));
    const types = this.get('ggml.token_type');
    this.#types = Array.isArray(types) ? (types as readonly GgufValue[]) : null;
    const ids: Record<string, number> = Object.create(null) as Record<string, number>;
    this.tokens.forEach((content, id) => {
      if (Object.hasOwn(ids, content)) throw new FileFormatError(`The GGUF has the token ${JSON.stringify(content)} twice.`, damagedGguf); // prettier-ignore
      ids[content] = id;
    });
    this.ids = ids;
  }

  get(name: string): GgufValue | undefined {
    return this.#gguf.metadata.get(`tokenizer.${name}`);
  }

  type(id: number): number {
    const type = this.#types?.[id];
    return typeof type === 'number' ? type : tokenType.normal;
  }

  /** The strings of a list that the tokenizer needs. Throws FileFormatError. */
  strings(name: string, what: string): string[] {
    const parsed = v.safeParse(strings, this.get(name));
    if (!parsed.success) throw new FileFormatError(`The GGUF lacks the tokenizer’s ${what}.`, damagedGguf);
    return parsed.output;
  }

  /** The score of each token; 0 where the file has none. Throws FileFormatError where it has too few. */
  scores(): readonly number[] {
    const said = this.get('ggml.scores');
    if (said === undefined) return this.tokens.map(() => 0);
    const parsed = v.safeParse(numbers, said);
    if (!parsed.success || parsed.output.length < this.tokens.length)
      throw new FileFormatError(`The GGUF has not a score for each of ${this.tokens.length} tokens.`, damagedGguf); // prettier-ignore
    return parsed.output;
  }

  flag(name: string, fallback: boolean): boolean {
    const value = this.get(name);
    return typeof value === 'boolean' ? value : fallback;
  }

  /** The token that the file names for a purpose, as bos or eos; of a kind of tokenizer that has one, its own else. */
  special(name: 'bos' | 'eos' | 'unknown' | 'padding'): string | undefined {
    const id = this.#idOf(name) ?? this.#defaults[name];
    return id === undefined ? undefined : this.tokens[id];
  }

  #idOf(name: string): number | null {
    const value = this.get(`ggml.${name}_token_id`);
    const valid = typeof value === 'number' && Number.isInteger(value) && value >= 0;
    return valid && value < this.tokens.length ? value : null;
  }

  /** Tokens that are taken as written wherever they stand in a text. */
  added(): readonly AddedEntry[] {
    const name = this.#gguf.metadata.get('general.name');
    const strips = typeof name === 'string' && phi3.test(name);
    return this.tokens.flatMap((content, id) => {
      const type = this.type(id);
      const special = type === tokenType.control || type === tokenType.unknown || endNames.has(content);
      if (!special && type !== tokenType.userDefined) return [];
      const rstrip = strips && !keepsBlanks.has(content);
      return [{ id, content, special, normalized: false, single_word: false, lstrip: false, rstrip }];
    });
  }

  /** All ids that end a reply: those that the file names, and those that are known by their name. */
  endIds(): number[] {
    const { tokens } = this;
    const named = tokens.flatMap((content, id) => (endNames.has(content) ? id : []));
    const said = ['eos', 'eot', 'eom', 'fim_pad', 'fim_rep', 'fim_sep'].flatMap((name) => this.#idOf(name) ?? []); // prettier-ignore
    const own = this.special('eos');
    const ends = new Set([...said, ...(own === undefined ? [] : [this.ids[own]!]), ...named]);
    const has = (...names: readonly string[]) => [...ends].some((id) => names.includes(tokens[id]!));
    const drop = (name: string) => ends.forEach((id) => tokens[id] === name && ends.delete(id));
    // gpt-oss and Solar end parts of a reply with <|end|>; in Gemma 4 </s> is a word.
    if (has('<|call|>', '<|calls|>') && has('<|return|>', '<|flush|>')) drop('<|end|>');
    if (has('<|tool_response>')) drop('</s>');
    return [...ends];
  }
}
