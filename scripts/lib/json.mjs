/** JSON of our own files, of the type that the caller expects. */
import { readFileSync } from 'node:fs';

/**
 * @template T
 * @param {string} text
 * @returns {T}
 */
export function parseJson(text) {
  /** @type {unknown} */
  const value = JSON.parse(text);
  return /** @type {T} */ (value);
}

/**
 * @template T
 * @param {string} file
 * @returns {T}
 */
export const readJson = (file) => parseJson(readFileSync(file, 'utf8'));
