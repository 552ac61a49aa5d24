/**
 * `npm run -s site -- [--space] [--out DIR]`: the built app as a folder for a static host such as GitHub Pages, under any path of it. With
 * --space a static Space of the hub: its README.md tells the hub what it is and which headers to send.
 */
import { cpSync, existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ensureBuild } from '../lib/build.mjs';
import { badArgument, readFlags } from '../lib/commandError.mjs';
import { writableFolder } from '../lib/outFolder.mjs';

/** The keys of https://huggingface.co/docs/hub/spaces-config-reference. */
const spaceCard = `---
title: Arklet
emoji: ⛵
colorFrom: green
colorTo: gray
sdk: static
app_file: index.html
header: mini
pinned: false
license: apache-2.0
short_description: Distil a debate of models into one small model
custom_headers:
  cross-origin-embedder-policy: require-corp
  cross-origin-opener-policy: same-origin
  cross-origin-resource-policy: cross-origin
---

# Arklet

Several models debate, one small model learns from them, all inside this browser tab: no server, nothing leaves the machine.
In the frame of this page it has one thread; opened at its own address it has all.
`;

/** @param {string[]} args @returns {Promise<number>} exit code */
export async function main(args) {
  const { flags, rest } = readFlags(args, (name) => name === 'out');
  /** @type {Partial<Record<string, string>>} */
  const { space, out = 'runs/site', ...unknown } = flags;
  const odd = [...rest, ...Object.keys(unknown)];
  if (odd.length > 0) throw badArgument(`"${odd[0]}" is not known.`, 'Flags: --space, --out.');
  const folder = resolve(out);
  writableFolder(folder);
  if (readdirSync(folder).length > 0 && !existsSync(join(folder, 'service.worker.js')))
    throw badArgument(`${folder} holds other files.`, 'Name an empty folder, or an older site.');
  rmSync(folder, { recursive: true });
  cpSync(ensureBuild(), folder, { recursive: true });
  for (const hidden of ['.built', '.vite']) rmSync(join(folder, hidden), { recursive: true, force: true });
  // GitHub Pages would leave out names that begin with an underscore.
  writeFileSync(join(folder, '.nojekyll'), '');
  if (space !== undefined) writeFileSync(join(folder, 'README.md'), spaceCard);
  console.log(folder);
  return 0;
}
