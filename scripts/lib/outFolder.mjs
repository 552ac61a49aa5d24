/** Makes the folder of a command's results, or says in words why it cannot be. */
import { accessSync, constants, existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { badArgument, systemCode } from './commandError.mjs';

/**
 * One folder after the other: Node's own way to make several at once never ends under /proc.
 * @param {string} path
 */
export function makeFolder(path, flag = 'out') {
  const folder = resolve(path);
  const hint = `Give --${flag} a folder that can be written.`;
  if (existsSync(folder)) {
    if (!statSync(folder).isDirectory()) throw badArgument(`${folder} is a file, not a folder.`, hint);
  } else {
    makeFolder(dirname(folder), flag);
    try {
      mkdirSync(folder);
    } catch (error) {
      // Another command may have made it in this moment.
      if (systemCode(error) !== 'EEXIST')
        throw badArgument(`${folder} cannot be made (${systemCode(error)}).`, hint);
    }
  }
  try {
    accessSync(folder, constants.R_OK | constants.X_OK);
  } catch (error) {
    throw badArgument(`${folder} cannot be read (${systemCode(error)}).`, hint);
  }
}

/**
 * Throws where nothing can be written in the folder.
 * @param {string} path
 */
export function writableFolder(path, flag = 'out') {
  makeFolder(path, flag);
  try {
    accessSync(resolve(path), constants.W_OK);
  } catch (error) {
    throw badArgument(
      `${resolve(path)} cannot be written (${systemCode(error)}).`,
      `Give --${flag} another folder.`,
    );
  }
}
