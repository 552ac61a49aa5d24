/** Tokens beside the model's own vocabulary: which there are, and where they stand in a text. */
import { FileFormatError } from '../../core/errors';
import type { Normalizer } from './normalizers';
import { blank } from './regex';

export interface AddedToken {
  readonly content: string;
  readonly special: boolean;
  readonly normalized: boolean;
  readonly singleWord: boolean;
  readonly lstrip: boolean;
  readonly rstrip: boolean;
}

/** A stretch of text, or an added token. */
export type Section =
  { readonly text: string; readonly id: null } | { readonly text: string; readonly id: number };

/** More ids than any vocabulary has; a larger one is a damaged or hostile file. */
export const mostIds = 4_194_304;

/** Added tokens by content, with the ids that tokenizers gives them: the vocabulary's own, else the next free one. */
export class AddedVocabulary {
  readonly tokens = new Map<string, AddedToken & { readonly id: number }>();
  readonly #own: (content: string) => number | undefined;
  #next: number;

  constructor(own: (content: string) => number | undefined, size: number) {
    this.#own = own;
    this.#next = size;
  }

  /** Adds a token or renews its flags. Throws FileFormatError where the file gives it another id. */
  add(token: AddedToken, declared: number | null): void {
    if (token.content === '') return;
    const id = this.tokens.get(token.content)?.id ?? this.#own(token.content) ?? this.#next;
    if (declared !== null && declared !== id)
      throw new FileFormatError(
        `The added token ${JSON.stringify(token.content)} has id ${declared} in the file, where ${id} is the next free one.`,
        'Download the tokenizer files again.',
      );
    if (id === this.#next) this.#next++;
    this.tokens.set(token.content, { ...token, id });
  }

  id(content: string): number | undefined {
    return this.tokens.get(content)?.id;
  }
}

interface Node {
  readonly next: Map<string, Node>;
  token: (AddedToken & { readonly id: number }) | null;
}

const wordLetter = /^[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]$/u;
const blankLetter = new RegExp(`^${blank}$`, 'u');

const letterAfter = (text: string, at: number): string =>
  at < text.length ? String.fromCodePoint(text.codePointAt(at)!) : '';
function letterBefore(text: string, at: number): string {
  const low = at > 1 && /[\uDC00-\uDFFF]/.test(text[at - 1]!) ? text.codePointAt(at - 2)! : 0;
  return low > 0xffff ? String.fromCodePoint(low) : (text[at - 1] ?? '');
}

/** Finds the longest added token at each place, from the left. */
export class TokenFinder {
  readonly #root: Node = { next: new Map(), token: null };

  constructor(tokens: Iterable<readonly [string, AddedToken & { readonly id: number }]>) {
    for (const [content, token] of tokens) {
      let node = this.#root;
      for (let i = 0; i < content.length; i++) {
        let next = node.next.get(content[i]!);
        if (!next) node.next.set(content[i]!, (next = { next: new Map(), token: null }));
        node = next;
      }
      node.token ??= token;
    }
  }

  split(text: string): Section[] {
    const sections: Section[] = [];
    let from = 0;
    for (let i = 0; i < text.length;) {
      const found = this.#at(text, i);
      if (!found) {
        i++;
        continue;
      }
      const { token } = found;
      let [start, end] = [i, found.end];
      i = end;
      if (
        token.singleWord &&
        (wordLetter.test(letterBefore(text, start)) || wordLetter.test(letterAfter(text, end)))
      )
        continue;
      // White space is in the basic plane: one unit a letter.
      if (token.lstrip) while (start > from && blankLetter.test(text[start - 1]!)) start--;
      if (token.rstrip) while (end < text.length && blankLetter.test(text[end]!)) end++;
      if (from < start) sections.push({ text: text.slice(from, start), id: null });
      sections.push({ text: text.slice(start, end), id: token.id });
      from = end;
      i = Math.max(i, end);
    }
    if (from < text.length) sections.push({ text: text.slice(from), id: null });
    return sections;
  }

  #at(text: string, start: number): { token: AddedToken & { readonly id: number }; end: number } | null {
    let node: Node | undefined = this.#root;
    let found: { token: AddedToken & { readonly id: number }; end: number } | null = null;
    for (let i = start; i < text.length; i++) {
      node = node.next.get(text[i]!);
      if (!node) break;
      if (node.token) found = { token: node.token, end: i + 1 };
    }
    return found;
  }
}

/** Two rounds, as in tokenizers: tokens that are taken as written, then, in normalised text, those that are not. */
export function sectioner(
  vocabulary: AddedVocabulary,
  normalizer: Normalizer | null,
): (text: string) => (Section & { readonly first: boolean })[] {
  const all = [...vocabulary.tokens];
  const written = new TokenFinder(all.filter(([, token]) => !token.normalized));
  const normal = new TokenFinder(
    all
      .filter(([, token]) => token.normalized)
      .map(([content, token]) => [normalizer ? normalizer(content) : content, token] as const),
  );
  return (text) =>
    written.split(text).flatMap((section, i) => {
      if (section.id !== null) return [{ ...section, first: false }];
      const parts = normal.split(normalizer ? normalizer(section.text) : section.text);
      return parts.map((part, j) => ({ ...part, first: i === 0 && j === 0 }));
    });
}
