/** Text of a growing reply. */
import type { Tokenizer } from '../types';

/**
 * Text of a growing reply, token by token; the pieces together are the decoded text. Characters whose bytes are spread
 * over several tokens come when they are complete. Only a short tail is decoded again at each step.
 */
export class TextStream {
  readonly #tokenizer: Tokenizer;
  readonly #ids: number[] = [];
  #prefix = 0;
  #read = 0;
  /** Text of ids [prefix, read). */
  #before = '';
  /** The text of the last tokens may still change. */
  #open = false;
  /** Text not yet handed out, where blanks are cleaned up later. */
  #raw = '';
  text = '';

  constructor(tokenizer: Tokenizer) {
    this.#tokenizer = tokenizer;
  }

  /** Adds a token; returns the new text, which may be empty. */
  push(id: number): string {
    this.#ids.push(id);
    if (this.#tokenizer.unsettled?.(id)) this.#open = true;
    // Special tokens are skipped: a run of bytes continues after them.
    else if (this.#open) this.#open = this.#tokenizer.decode([id], { skipSpecial: true }) === '';
    if (this.#open) return '';
    const after = this.#decode(this.#prefix);
    if (after.length <= this.#before.length || after.endsWith('\uFFFD')) return '';
    return this.#hand(this.#advance(after), false);
  }

  /** The rest: incomplete characters as replacement characters. */
  flush(): string {
    return this.#hand(this.#advance(this.#decode(this.#prefix)), true);
  }

  #advance(after: string): string {
    const delta = after.slice(this.#before.length);
    // The window may start later where decoding from there gives the same end. Some decoders take blanks away at the
    // start of what they are given, so it starts with tokens that hold more than blanks.
    const later = this.#read > this.#prefix ? this.#decode(this.#read) : '';
    this.#before = after;
    if (later !== '' && after.endsWith(later) && /\S/u.test(later) && !later.startsWith('\uFFFD')) {
      this.#prefix = this.#read;
      this.#before = later;
    }
    this.#read = this.#ids.length;
    return delta;
  }

  #hand(delta: string, end: boolean): string {
    const { cleanUp } = this.#tokenizer;
    let piece = delta;
    if (cleanUp) {
      // What is cleaned up starts with a blank, so text up to a letter before a blank is final.
      this.#raw += delta;
      const cut = end ? this.#raw.length : Math.max(0, ...Array.from(this.#raw.matchAll(/\w(?= [^'])/g), ({ index }) => index + 1)); // prettier-ignore
      piece = cleanUp(this.#raw.slice(0, cut));
      this.#raw = this.#raw.slice(cut);
    }
    this.text += piece;
    return piece;
  }

  #decode(from: number): string {
    return this.#tokenizer.decode(this.#ids.slice(from), { skipSpecial: true, cleanUp: false });
  }
}
