/**
 * Which questions are near one of a set: by the same numbers in nearly the same words (a template filled again, in another order
 * or with other names), or by phrases (13 words in a row). One pass over the set, one look-up a question.
 */
import type { OverlapRule } from '../records/overlap';
import type { Question } from '../records/records';
import { normaliseText } from './questionText';

/** Words of a phrase; a shorter text is one phrase. */
const phraseWords = 13;
/** Share of the phrases of the shorter text, and of the words beside equal numbers, from which on two texts are near. */
const nearShare = 0.5;
/** One number alone makes no template. */
const leastNumbers = 2;
/** A phrase of more questions than this, or than this share of them, is a heading or an instruction. */
const commonPhrase = { questions: 10, share: 0.02 } as const;

const small =
  'zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen';
const tens = 'twenty thirty forty fifty sixty seventy eighty ninety hundred';
const numberWords = new Map([
  ...small.split(' ').map((word, value) => [word, String(value)] as const),
  ...tens.split(' ').map((word, place) => [word, String(10 * (place + 2))] as const),
]);
const digits = /^[$-]?\d[\d.,/]*%?$/;

type Text = Pick<Question, 'id' | 'text' | 'options'>;

interface Near<Q> {
  readonly question: Q;
  readonly rule: OverlapRule;
}

interface Entry<Q> {
  readonly question: Q;
  readonly words: ReadonlySet<number>;
  /** Different phrases, without common ones once all are known. */
  phrases: number;
}

export class NearDuplicates<Q extends Text> {
  readonly #ids = new Map<string, number>();
  readonly #entries: Entry<Q>[];
  readonly #byId = new Map<string, Q>();
  /** Entries by phrase. */
  readonly #byPhrase = new Map<number, number[]>();
  readonly #common = new Set<number>();
  /** Entries by their sorted numbers. */
  readonly #byNumbers = new Map<string, number[]>();

  constructor(others: readonly Q[]) {
    const append = <K>(map: Map<K, number[]>, key: K, at: number): void => {
      const list = map.get(key);
      if (list) list.push(at);
      else map.set(key, [at]);
    };
    this.#entries = others.map((question, at) => {
      this.#byId.set(question.id, question);
      const words = wordsOf(question);
      const ids = words.map((word) => this.#idOf(word));
      const phrases = new Set([...phrasesOf(ids)].filter((phrase) => phrase !== null));
      for (const phrase of phrases) append(this.#byPhrase, phrase, at);
      const numbers = numbersOf(words);
      if (numbers !== null) append(this.#byNumbers, numbers, at);
      return { question, words: this.#wordSet(words), phrases: phrases.size };
    });
    const most = Math.max(commonPhrase.questions, commonPhrase.share * others.length);
    for (const [phrase, places] of this.#byPhrase) {
      if (places.length <= most) continue;
      this.#common.add(phrase);
      this.#byPhrase.delete(phrase);
      for (const at of places) {
        const entry = this.#entries[at];
        if (entry) entry.phrases -= 1;
      }
    }
  }

  /** The question of the set that is nearest by the first rule that holds; null for none. */
  near(question: Text): Near<Q> | null {
    const same = this.#byId.get(question.id);
    if (same) return { question: same, rule: 'same' };
    const words = wordsOf(question);
    return this.#byTemplate(words) ?? this.#byPhrases(words);
  }

  #byPhrases(words: readonly string[]): Near<Q> | null {
    const hits = new Map<number, number>();
    const met = new Set<number>();
    let own = 0;
    for (const phrase of phrasesOf(words.map((word) => this.#ids.get(word) ?? 0))) {
      if (phrase !== null && this.#common.has(phrase)) continue;
      own += 1;
      const places = phrase === null ? undefined : this.#byPhrase.get(phrase);
      if (phrase === null || !places || met.has(phrase)) continue;
      met.add(phrase);
      for (const at of places) hits.set(at, (hits.get(at) ?? 0) + 1);
    }
    let best: { readonly entry: Entry<Q>; readonly share: number } | null = null;
    for (const [at, shared] of hits) {
      const entry = this.#entries[at];
      if (!entry) continue;
      const share = shared / Math.min(own, entry.phrases);
      if (share >= nearShare && share > (best?.share ?? 0)) best = { entry, share };
    }
    return best && { question: best.entry.question, rule: 'phrases' };
  }

  #byTemplate(words: readonly string[]): Near<Q> | null {
    const numbers = numbersOf(words);
    const places = numbers === null ? undefined : this.#byNumbers.get(numbers);
    if (!places) return null;
    const own = this.#wordSet(words);
    for (const at of places) {
      const entry = this.#entries[at];
      if (entry && shareOf(own, entry.words) >= nearShare)
        return { question: entry.question, rule: 'numbers' };
    }
    return null;
  }

  #idOf(word: string): number {
    const known = this.#ids.get(word);
    if (known !== undefined) return known;
    // Spread over 32 bits; the factor is odd, so that no two are equal.
    const id = Math.imul(this.#ids.size + 1, 0x9e3779b1);
    this.#ids.set(word, id);
    return id;
  }

  /** Words that are no numbers. */
  #wordSet(words: readonly string[]): ReadonlySet<number> {
    return new Set(words.filter((word) => numberOf(word) === null).map((word) => this.#idOf(word)));
  }
}

const bases = [0x01000193, 0x5bd1e995] as const;
/** What the word that leaves a phrase still counts in its hash. */
const leaving = bases.map((base) => {
  let power = 1;
  for (let i = 0; i < phraseWords; i++) power = Math.imul(power, base);
  return power;
});

/** A hash of 53 bits for each run of 13 words, or for all of a shorter text; null where it holds a word that is not known (0). */
function* phrasesOf(ids: readonly number[]): Generator<number | null> {
  const length = Math.min(phraseWords, ids.length);
  let [low, high, lastUnknown] = [0, 0, -1];
  for (const [at, id] of ids.entries()) {
    if (id === 0) lastUnknown = at;
    const first = at - length + 1;
    const gone = first > 0 ? (ids[first - 1] ?? 0) : 0;
    low = (Math.imul(low, bases[0]) + id - Math.imul(gone, leaving[0] ?? 0)) | 0;
    high = (Math.imul(high, bases[1]) + id - Math.imul(gone, leaving[1] ?? 0)) | 0;
    if (first < 0) continue;
    // A short text is no phrase of a long one.
    yield lastUnknown >= first ? null : (high >>> 11) * 0x100000000 + ((low + length) >>> 0);
  }
}

function wordsOf({ text, options }: Text): readonly string[] {
  const normal = normaliseText([text, ...(options ?? [])].join(' '));
  return normal === '' ? [] : normal.split(' ');
}

function numberOf(word: string): string | null {
  return numberWords.get(word) ?? (digits.test(word) ? word : null);
}

function numbersOf(words: readonly string[]): string | null {
  const numbers = words.flatMap((word) => numberOf(word) ?? []);
  return numbers.length < leastNumbers ? null : numbers.sort().join(' ');
}

/** Jaccard. */
function shareOf(a: ReadonlySet<number>, b: ReadonlySet<number>): number {
  const [less, more] = a.size < b.size ? [a, b] : [b, a];
  let shared = 0;
  for (const word of less) if (more.has(word)) shared += 1;
  const all = a.size + b.size - shared;
  return all === 0 ? 1 : shared / all;
}
