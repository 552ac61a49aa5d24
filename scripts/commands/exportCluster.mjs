/** `npm run -s export:cluster -- --run DIR --out DIR [--json]`: a run's data and settings as a project for TRL on many machines. */
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { badArgument, readFlags } from '../lib/commandError.mjs';
import { writableFolder } from '../lib/outFolder.mjs';
import { root } from '../lib/root.mjs';
import { readRun } from '../lib/runFolder.mjs';
import { withSources } from '../node.mjs';

/** @param {string[]} args @returns {Promise<number>} exit code */
export async function main(args) {
  const { flags, rest } = readFlags(args, (name) => name !== 'json');
  /** @type {Partial<Record<string, string>>} */
  const given = flags;
  const { run, out, json, ...unknown } = given;
  const odd = [...rest, ...Object.keys(unknown)];
  if (odd.length > 0) throw badArgument(`"${odd[0]}" is not known.`, 'Flags: --run, --out, --json.');
  if (out === undefined) throw badArgument('--out is missing.', 'Say where the project goes.');
  const folder = resolve(out);
  const { files, missing } = await withSources(async (load) => {
    const { clusterProject } = /** @type {typeof import('../../src/exports/cluster/project')} */ (
      await load('/src/exports/cluster/project.ts')
    );
    return clusterProject(await readRun(load, run));
  });
  writableFolder(folder);
  cpSync(join(root, 'scripts/cluster'), folder, { recursive: true });
  for (const [path, text] of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  for (const { format, reason } of missing) console.error(`without data/${format}: ${reason}`);
  console.log(
    json === undefined ? folder : JSON.stringify({ out: folder, files: [...files.keys()], missing }),
  );
  return 0;
}
