/** `npm run -s dataset -- --run DIR --format F --out DIR [--strategy S] [--json]`: docs/exports.md tells the formats. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { badArgument, readFlags } from '../lib/commandError.mjs';
import { writableFolder } from '../lib/outFolder.mjs';
import { readRun } from '../lib/runFolder.mjs';
import { withSources } from '../node.mjs';
/** @import {DatasetCounts} from '../lib/product' */

/** Files that an earlier export may have left, and this one need not have. */
const splitFiles = ['train.jsonl', 'valid.jsonl'];

/**
 * Makes the files; throws before any is written where the run has nothing for the format.
 * @param {{run: string | undefined, format: string | undefined, strategy: string | undefined, out: string}} asked
 * @returns {Promise<{counts: DatasetCounts, texts: readonly string[]}>}
 */
function makeDataset({ run, format = '', strategy, out }) {
  return withSources(async (load) => {
    const [{ exportDataset }, formats, { leftOutTexts }] =
      /** @type {[typeof import('../../src/exports/dataset'), typeof import('../../src/exports/formats'), typeof import('../../src/exports/leftOut')]} */ (
        await Promise.all(['dataset', 'formats', 'leftOut'].map((name) => load(`/src/exports/${name}.ts`)))
      );
    const { datasetFormatNames, isDatasetFormat } = formats;
    if (!isDatasetFormat(format))
      throw badArgument(
        format === '' ? '--format is missing.' : `--format is "${format}".`,
        `Formats: ${datasetFormatNames.join(', ')}.`,
      );
    const archive = await readRun(load, run);
    const { counts, files } = await exportDataset(archive, format, { strategy: strategy ?? null });
    writableFolder(out);
    if (format !== 'lm-eval') for (const name of splitFiles) rmSync(join(out, name), { force: true });
    for (const [path, text] of files) {
      mkdirSync(dirname(join(out, path)), { recursive: true });
      writeFileSync(join(out, path), text);
    }
    return { counts, texts: leftOutTexts(counts.leftOut) };
  });
}

/** @param {string[]} args @returns {Promise<number>} exit code */
export async function main(args) {
  const { flags, rest } = readFlags(args, (name) => name !== 'json');
  /** @type {Partial<Record<string, string>>} */
  const given = flags;
  const { run, format, strategy, out, json, ...unknown } = given;
  const odd = [...rest, ...Object.keys(unknown)];
  if (odd.length > 0)
    throw badArgument(`"${odd[0]}" is not known.`, 'Flags: --run, --format, --out, --strategy, --json.');
  if (out === undefined) throw badArgument('--out is missing.', 'Say where the files go.');
  const folder = resolve(out);
  const { counts, texts } = await makeDataset({ run, format, strategy, out: folder });
  for (const { path, rows } of counts.files) console.error(`${path}: ${rows} ${rows === 1 ? 'row' : 'rows'}`);
  for (const text of texts) console.error(`left out: ${text}`);
  console.log(json === undefined ? folder : JSON.stringify({ ...counts, out: folder }));
  return 0;
}
