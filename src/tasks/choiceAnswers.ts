/** The option that a reply chooses, by its letter, number or text; letters beyond the options, and the pronoun I, are none. */
import { afterHashes, announcements, boxes, longestAnswer } from './answerPlaces';
import { unwrapped } from './formulaText';
import { plainMath } from './numbers';

const letters = 'ABCDEFGHIJ';

/** What a question's options are, as far as known; without them A to J are letters. */
class Options {
  readonly #texts: readonly string[];
  readonly #count: number;
  readonly known: boolean;

  constructor(options: readonly string[] | undefined) {
    this.known = options !== undefined && options.length > 0;
    this.#texts = (options ?? []).map(plainWords);
    this.#count = this.known ? this.#texts.length : letters.length;
  }

  letter(sign: string | undefined): string | null {
    if (sign === undefined) return null;
    if (/^\d+$/.test(sign)) {
      const numeric = this.#texts.some((text) => /^\W*\d/.test(text));
      return this.known && !numeric ? this.#at(Number(sign) - 1) : null;
    }
    return this.#at(letters.indexOf(sign.toUpperCase()));
  }

  #at(index: number): string | null {
    return index >= 0 && index < this.#count ? letters.charAt(index) : null;
  }

  /** The option whose text this is, or that alone stands in it (where `within`). */
  byText(text: string, within: boolean): string | null {
    const words = plainWords(text);
    if (words === '') return null;
    const same = this.#texts.flatMap((option, i) => (option === words ? [i] : []));
    if (same.length === 1) return this.#at(same[0] ?? -1);
    if (!within || same.length > 1) return null;
    const first = this.#texts.flatMap((option, i) =>
      option !== '' && words.startsWith(`${option} `) && !/^(?:or|and) /.test(words.slice(option.length + 1))
        ? [i]
        : [],
    );
    if (first.length === 1) return this.#at(first[0] ?? -1);
    const inside = this.#texts.flatMap((option, i) =>
      option !== '' && ` ${words} `.includes(` ${option} `) ? [i] : [],
    );
    // "Paris" within "Paris in France": the longer text that holds all others is the one meant.
    const longest = inside.filter((i) =>
      inside.every((other) => ` ${this.#texts[i] ?? ''} `.includes(` ${this.#texts[other] ?? ''} `)),
    );
    return longest.length === 1 ? this.#at(longest[0] ?? -1) : null;
  }
}

function plainWords(text: string): string {
  return plainMath(unwrapped(text))
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}.+\-%/]+|\.(?!\d)/gu, ' ')
    .replace(/^\s*(?:the|an|a)\s+/, '')
    .replace(/\s+/g, ' ')
    .trim();
}

const label = String.raw`(?:(?:option|choice|letter|alternative|answer|number)\s*)`;
const opened = String.raw`[\s"'*_\x60$:]*`;
/** A letter in brackets, of either case; with whatever behind it. */
const bracketed = new RegExp(
  String.raw`^${opened}${label}?${opened}[(\[{<]\s*([A-Ja-j]|\d{1,2})\s*[)\]}>]`,
  'i',
);
/** A letter and its end: nothing, a point, bracket, colon or dash; "B because", "B is correct", "B, Paris", "B or". */
const ended = new RegExp(
  String.raw`^${opened}${label}?${opened}([A-Ja-j]|\d{1,2})(?=["'*_\x60$]*(?:$|[.):,;!\]}>\n](?!\d)|\s*[-:(]|\s+(?:because|since|as|is|was|with|and|which|for|due|based|$)\b|\s*$))`,
);
const labelled = new RegExp(
  String.raw`^${opened}${label}${opened}[(\[{]?\s*([A-Ja-j]|\d{1,2})(?![\w'])`,
  'i',
);

/** The letter with which a text begins. A bare lower-case letter counts only where nothing follows it ("the answer is b"). */
function leading(text: string, options: Options): string | null {
  const plain = plainMath(text).trim();
  const inBrackets = bracketed.exec(plain);
  if (inBrackets) return options.letter(inBrackets[1]);
  const named = labelled.exec(plain);
  if (named) {
    const word = /^(?:a|i)$/.test(named[1] ?? '') && /\b(?:a|i)\s+\w/.test(plain.slice(named[0].length - 1));
    if (!word) return options.letter(named[1]);
  }
  const match = ended.exec(plain);
  const sign = match?.[1];
  if (!match || sign === undefined) return null;
  const rest = plain.slice(match[0].length).replace(/^["'*_`$\s]+/, '');
  if (/^[a-j]$/.test(sign) && !/^[.):!\]}]*$/.test(rest) && !/^[.):]\s/.test(rest)) return null;
  if (/^\d/.test(sign) && !/^[.):\]}]*$/.test(rest)) return null;
  // "I" before a verb is the speaker, "A" before a noun the article.
  if (sign === 'I' && /^(?:,|(?:am|was|is not|think)\b)/i.test(rest)) return null;
  return options.letter(sign);
}

function read(candidate: string, options: Options): string | null {
  const text = unwrapped(candidate);
  return options.byText(text, false) ?? leading(text, options) ?? options.byText(firstSentence(text), true);
}

const firstSentence = (text: string): string => text.split(/[.!?](?:\s|$)/, 1)[0] ?? '';

const chosen =
  /\b(?:(?:correct|right|best|final|chosen|most likely|appropriate)\s+(?:option|choice|letter|alternative|one|statement)\s*(?:is|would be|should be|must be|:)|correct\s*:|(?:option|choice|letter)\s*(?:is|:)|I(?:'ll| will| would|'d)?\s+(?:choose|pick|select|chose|picked|selected|go with|vote for)|(?:choose|pick|select|selecting|choosing|go with))\s*:?/gi;
const verdict =
  /(?<![\w'])[(*"'`$[]{0,4}([A-J])[)*"'`$\]]{0,4}\s+(?:is|seems|would be|must be)\s+(?:the\s+)?(?:most\s+likely\s+)?(?:correct|right|best|true|answer)/g;
const fits = /(?<![\w'])[(*"'`$[]{0,4}([A-HJ])[)*"'`$\]]{0,4}\s+(?:fits|matches|works)\b/g;
/** "It is B.", "So, B": a line that ends in the letter. */
const last =
  /(?:\b(?:it(?:'s|’s| is)|so|hence|thus|therefore|must be|is)[:,]?\s+)["'*_`$([]*([A-HJ])["'*_`$)\]]*[.!]*$/i;

/** The option's letter, or null. */
export function choiceIn(text: string, texts?: readonly string[]): string | null {
  const options = new Options(texts);
  for (const box of boxes(text)) {
    const letter = read(box, options);
    if (letter !== null) return letter;
  }
  const hashes = afterHashes(text);
  const announced = [
    ...(hashes === null ? [] : [hashes]),
    ...announcements(text),
    ...announcements(text, chosen),
  ];
  for (const candidate of announced) {
    const letter = read(candidate, options);
    if (letter !== null) return letter;
  }
  const stated = [...text.matchAll(verdict), ...text.matchAll(fits)]
    .flatMap((match) => options.letter(match[1]) ?? [])
    .at(-1);
  if (stated !== undefined) return stated;
  const lines = text
    .split('\n')
    .map((line) => line.trim().slice(0, longestAnswer))
    .filter((line) => line !== '');
  const end = last.exec(lines.at(-1) ?? '')?.[1];
  if (end !== undefined && end === end.toUpperCase()) return options.letter(end);
  return whole(lines.at(-1), options) ?? whole(lines[0], options) ?? options.byText(lines.at(-1) ?? '', true);
}

/** A line that is nothing but an option: "B", "(b)", "B. Paris", "Option B". */
function whole(line: string | undefined, options: Options): string | null {
  if (line === undefined) return null;
  const plain = plainMath(unwrapped(line)).trim();
  if (/^[a-j]$/.test(plain)) return null;
  const exact = options.byText(line, false);
  if (exact !== null) return exact;
  const start =
    /^["'*_`$([{]*[A-J](?:$|["'*_`$]*[.!):\]}]|\s*[-:]\s)/.test(plain) ||
    /^[A-HJ],\s(?![A-J]\b)/.test(plain) ||
    /^[([{<]\s*[a-j]\s*[)\]}>]/i.test(plain) ||
    /^\(?\d\)?[.:]?$/.test(plain);
  if (start || new RegExp(String.raw`^${label}[("'*\[]*(?:[A-J]|\d)[)"'*\].]*$`, 'i').test(plain))
    return leading(plain, options);
  return null;
}
