/** Normal form and identity of a question's text. */
import { hashKey } from '../core/rng';

/** Lower case, NFKC, every run of characters that are neither letters nor digits as one space: what makes two texts "the same". */
export function normaliseText(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/(\d),(?=\d{3}(?!\d))/g, '$1')
    .replace(/[^\p{L}\p{N}.+\-*/=%$]+|\.(?!\d)/gu, ' ')
    .replace(/\s+/g, ' ')
    .trim();
}

/** Stable id: 64 bits (16 hex digits) of the normalised text, whatever its source or seed. */
export function questionId(text: string): string {
  const normal = normaliseText(text);
  const hex = (word: number) => word.toString(16).padStart(8, '0');
  return hex(hashKey('question', normal)) + hex(hashKey('question-2', normal));
}

/** A number in [0, 1) that only the normalised text and the seed decide: which split a question falls into. */
export function textShare(text: string, seed: number): number {
  return hashKey('split', seed, normaliseText(text)) / 0x100000000;
}
