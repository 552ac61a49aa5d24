/**
 * Whether a pattern of a file searches texts fast enough: (a+)+b takes twice as long for each further letter, and nothing ends a
 * search once it runs. Tried on short texts that grow until a search is slow or the text is long.
 */

/** Letters of the kinds that patterns tell apart. */
const letters = ['a', 'Z', '7', ' ', '\n', '.', "'", '_', 'é', '中', '\u0301'];
/** What a text of one letter ends with: nothing, or what keeps a search from succeeding. */
const tails = ['', '!', 'b', '\u0001'];
/** A search of n letters may take n² steps, not n³ or 2ⁿ. */
const lengths = [4, 6, 8, 10, 12, 14, 16, 18, 20, 24, 28, 60, 120, 240, 500];
/** Milliseconds of a search; usual ones of so few letters take hundredths. */
const soon = 12;
/** A busy machine may hold up one of them. */
const tries = 4;

function milliseconds(pattern: RegExp, text: string): number {
  const began = performance.now();
  for (const _ of text.matchAll(pattern));
  return performance.now() - began;
}

/** Patterns that were tried already, by their text: a model's tokenizer is opened more than once. */
const known = new Map<string, boolean>();
const mostKnown = 100;

/** `pattern` is global; `source` its text, whose own letters are tried as well. */
export function endsSoon(pattern: RegExp, source: string): boolean {
  const before = known.get(source);
  if (before !== undefined) return before;
  const found = tried(pattern, source);
  if (known.size >= mostKnown) known.clear();
  known.set(source, found);
  return found;
}

function tried(pattern: RegExp, source: string): boolean {
  const own = source.match(/[\p{L}\p{N}]/gu) ?? [];
  for (const letter of new Set([...letters, ...own.slice(0, 40)]))
    for (const tail of tails)
      for (const length of lengths) {
        const text = letter.repeat(length) + tail;
        let least = Infinity;
        for (let i = 0; i < tries && least > soon; i++) least = Math.min(least, milliseconds(pattern, text));
        if (least > soon) return false;
      }
  return true;
}
