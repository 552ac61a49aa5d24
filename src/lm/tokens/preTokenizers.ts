/** Pre-tokenizers of tokenizer.json as Hugging Face's tokenizers does them: a section of text into pieces. */
import { asGiven, blank, compilePattern, unsupported } from './regex';

export interface Piece {
  readonly text: string;
  /** It stands at the start of the whole text (Metaspace asks for that). */
  readonly first: boolean;
}
export type PreTokenizer = (pieces: readonly Piece[]) => Piece[];

export type Json = Readonly<Record<string, unknown>>;
export const asJson = (value: unknown): Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {};
export const asList = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** A text of the file, or what stands for one that is missing. */
export const asText = (value: unknown, fallback: string): string =>
  typeof value === 'string' ? value : fallback;

/** Characters of a text that stands for others, as "▁" for a blank: each place of it grows by so many. */
const mostPiece = 100;

/** As `asText`, for what is put into texts. Throws ModelError where it would make them as long as the file. */
export function asPiece(value: unknown, fallback: string): string {
  const piece = asText(value, fallback);
  if (piece.length > mostPiece) throw unsupported(`a replacement of ${piece.length} characters`);
  return piece;
}

type Behaviour = 'Removed' | 'Isolated' | 'MergedWithPrevious' | 'MergedWithNext' | 'Contiguous';
interface Span {
  start: number;
  end: number;
  match: boolean;
}

function spans(text: string, pattern: RegExp, invert: boolean): Span[] {
  const all: Span[] = [];
  let from = 0;
  for (const { 0: found, index } of text.matchAll(pattern)) {
    if (from !== index) all.push({ start: from, end: index, match: invert });
    all.push({ start: index, end: index + found.length, match: !invert });
    from = index + found.length;
  }
  if (from !== text.length) all.push({ start: from, end: text.length, match: invert });
  return all;
}

function behave(all: readonly Span[], behaviour: Behaviour): Span[] {
  if (behaviour === 'Isolated') return [...all];
  if (behaviour === 'Removed') return all.filter(({ match }) => !match);
  const next = behaviour === 'MergedWithNext';
  const joined: Span[] = [];
  let before = false;
  for (const span of next ? [...all].reverse() : all) {
    const last = joined.at(-1);
    const merge = behaviour === 'Contiguous' ? span.match === before : span.match && !before;
    before = span.match;
    if (!last || !merge) joined.push({ ...span });
    else if (next) last.start = span.start;
    else last.end = span.end;
  }
  return next ? joined.reverse() : joined;
}

const split =
  (pattern: RegExp, behaviour: Behaviour, invert = false): PreTokenizer =>
  (pieces) =>
    pieces.flatMap(({ text, first }) =>
      behave(spans(text, pattern, invert), behaviour)
        .filter(({ start, end }) => start < end)
        .map(({ start, end }) => ({ text: text.slice(start, end), first: first && start === 0 })),
    );

const behaviours: Readonly<Record<string, Behaviour>> = {
  removed: 'Removed',
  isolated: 'Isolated',
  mergedwithprevious: 'MergedWithPrevious',
  mergedwithnext: 'MergedWithNext',
  contiguous: 'Contiguous',
};

function behaviourOf(config: Json, fallback: Behaviour): Behaviour {
  const name = config['behavior'] ?? fallback;
  const known = typeof name === 'string' ? behaviours[name.replaceAll('_', '').toLowerCase()] : undefined;
  if (!known) throw unsupported(`the split behaviour ${asGiven(name)}`);
  return known;
}

/** Letters of the alphabet that GPT-2 writes bytes in, by byte. */
export const byteLetters: readonly string[] = (() => {
  const plain = (byte: number) => (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(plain(byte) ? byte : next++));
})();
const encoder = new TextEncoder();
export const toByteLetters = (text: string): string =>
  Array.from(encoder.encode(text), (byte) => byteLetters[byte]).join('');

const gpt2 = /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\p{White_Space}\p{L}\p{N}]+|\p{White_Space}+(?!\P{White_Space})|\p{White_Space}+/gu; // prettier-ignore

function byteLevel(config: Json): PreTokenizer {
  const prefix = (config['add_prefix_space'] ?? true) === true;
  const regex = (config['use_regex'] ?? true) === true;
  const cut = regex ? split(gpt2, 'Isolated') : (pieces: readonly Piece[]) => [...pieces];
  return (pieces) =>
    cut(
      pieces.map(({ text, first }) => ({ text: prefix && !text.startsWith(' ') ? ` ${text}` : text, first })),
    ).map(({ text, first }) => ({ text: toByteLetters(text), first }));
}

function metaspace(config: Json): PreTokenizer {
  const letter = asPiece(config['replacement'], '▁');
  const legacy = config['add_prefix_space'] === false ? 'never' : 'always';
  const scheme = config['prepend_scheme'] ?? legacy;
  if (scheme !== 'always' && scheme !== 'first' && scheme !== 'never')
    throw unsupported(`the prepend scheme ${asGiven(scheme)}`);
  const cut = split(compilePattern({ String: letter }), 'MergedWithNext');
  const whole = config['split'] === false;
  return (pieces) => {
    const replaced = pieces.map(({ text, first }) => {
      const plain = text.replaceAll(' ', letter);
      const prepend = !plain.startsWith(letter) && (scheme === 'always' || (scheme === 'first' && first));
      return { text: prepend ? letter + plain : plain, first };
    });
    return whole ? replaced : cut(replaced);
  };
}

function fixedLength(config: Json): PreTokenizer {
  const length = config['length'];
  if (typeof length !== 'number' || !Number.isInteger(length) || length < 1)
    throw unsupported(`pieces of length ${asGiven(length)}`);
  return split(new RegExp(`[\\s\\S]{1,${length}}`, 'gu'), 'Isolated');
}

const whiteSpace = new RegExp(blank, 'gu');
const punctuation = /[\p{P}!-/:-@[-`{-~]/gu;
const words = /[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]+|[^\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}\p{White_Space}]+/gu; // prettier-ignore

/** The pre-tokenizer that a tokenizer.json describes; null leaves the section whole. Throws ModelError. */
export function createPreTokenizer(value: unknown): PreTokenizer {
  if (value === null || value === undefined) return (pieces) => [...pieces];
  const config = asJson(value);
  switch (config['type']) {
    case 'Sequence': {
      const steps = asList(config['pretokenizers']).map(createPreTokenizer);
      return (pieces) => steps.reduce<Piece[]>((now, step) => step(now), [...pieces]);
    }
    case 'Split':
      return split(
        compilePattern(config['pattern']),
        behaviourOf(config, 'Isolated'),
        config['invert'] === true,
      );
    case 'ByteLevel':
      return byteLevel(config);
    case 'Metaspace':
      return metaspace(config);
    case 'Digits':
      return split(/\p{N}/gu, config['individual_digits'] === true ? 'Isolated' : 'Contiguous');
    case 'Punctuation':
      return split(punctuation, behaviourOf(config, 'Isolated'));
    case 'Whitespace':
      return split(words, 'Removed', true);
    case 'WhitespaceSplit':
      return split(whiteSpace, 'Removed');
    case 'BertPreTokenizer': {
      const cut = split(whiteSpace, 'Removed');
      const marks = split(punctuation, 'Isolated');
      return (pieces) => marks(cut(pieces));
    }
    case 'CharDelimiterSplit':
      return split(compilePattern({ String: config['delimiter'] }), 'Removed');
    case 'FixedLength':
      return fixedLength(config);
    default:
      throw unsupported(`the pre-tokenizer ${asGiven(config['type'])}`);
  }
}
