/** The JavaScript that the first paint of a build needs: the page's entry and all that it imports statically. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { readJson } from './json.mjs';

/**
 * @param {string} root the built app with Vite's manifest
 * @returns {{files: string[], gzipBytes: number}} files relative to root; bytes of each by gzip, added
 */
export function initialScripts(root) {
  /** @type {import('vite').Manifest} */
  const manifest = readJson(join(root, '.vite/manifest.json'));
  const entry = Object.keys(manifest).find((key) => manifest[key]?.isEntry && key.endsWith('.html'));
  /** @type {Set<string>} */
  const seen = new Set();
  /** @param {string} key */
  const visit = (key) => {
    if (seen.has(key)) return;
    seen.add(key);
    for (const next of manifest[key]?.imports ?? []) visit(next);
  };
  if (entry !== undefined) visit(entry);
  const files = [...seen].flatMap((key) => manifest[key]?.file ?? []);
  const gzipBytes = files.reduce((sum, file) => sum + gzipSync(readFileSync(join(root, file))).length, 0);
  return { files, gzipBytes };
}
