/** A finished run on disk: the folder that `distil` leaves, or the file that the page exports. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { badArgument } from './commandError.mjs';
/** @import {Load} from './types' */
/** @import {RunArchive} from './product' */

/**
 * The run's archive, checked as the page checks it. Throws for what is none.
 * @param {Load} load
 * @param {string | undefined} given value of --run
 * @returns {Promise<RunArchive>}
 */
export async function readRun(load, given) {
  if (given === undefined)
    throw badArgument('--run is missing.', 'Give the folder of a finished run, or its .arklet.json.gz file.');
  const place = resolve(given);
  const file = existsSync(place) && statSync(place).isDirectory() ? join(place, 'run.arklet.json.gz') : place;
  if (!existsSync(file))
    throw badArgument(`There is no run in ${given}.`, 'Give the folder that distil named with --out.');
  const { unpackArchive } = /** @type {typeof import('../../src/records/archiveFile')} */ (
    await load('/src/records/archiveFile.ts')
  );
  return unpackArchive(readFileSync(file));
}
