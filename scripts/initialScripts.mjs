/** The JavaScript that the first paint of a build needs: the page's entry and all that it imports statically. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

/**
 * @param {string} root the built app with Vite's manifest
 * @returns {{files: string[], gzipBytes: number}} files relative to root; bytes of each by gzip, added
 */
export function initialScripts(root) {
  const manifest = JSON.parse(readFileSync(join(root, '.vite/manifest.json'), 'utf8'));
  const entry = Object.keys(manifest).find((key) => manifest[key].isEntry && key.endsWith('.html'));
  const seen = new Set();
  const visit = (key) => {
    if (seen.has(key)) return;
    seen.add(key);
    for (const next of manifest[key].imports ?? []) visit(next);
  };
  visit(entry);
  const files = [...seen].map((key) => manifest[key].file);
  const gzipBytes = files.reduce((sum, file) => sum + gzipSync(readFileSync(join(root, file))).length, 0);
  return { files, gzipBytes };
}
