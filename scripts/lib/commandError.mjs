/** Errors of the commands, and how their flags are read. */
/** @import {ErrorData} from '../../src/core/errors' */

/** An error for the user of a command: printed as {error: {code, message, hint}}. Code "config" ends with exit code 2. */
export class CommandError extends Error {
  /** @param {Pick<ErrorData, 'code' | 'message' | 'hint'>} data */
  constructor({ code, message, hint }) {
    super(message);
    this.code = code;
    this.hint = hint;
  }

  toData() {
    return { code: this.code, message: this.message, hint: this.hint };
  }
}

/** @param {string} message @param {string} hint */
export const badArgument = (message, hint) => new CommandError({ code: 'config', message, hint });

/**
 * The code of an error of ours or of the system ("ENOENT"), undefined without one.
 * @param {unknown} error
 * @returns {string | undefined}
 */
export const systemCode = (error) =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;

/**
 * What an error of ours says to do, those of the sources too, whose classes Vite's runner loads; undefined for any other.
 * @param {unknown} error
 * @returns {string | undefined}
 */
export const hintOf = (error) =>
  error instanceof Error && 'hint' in error && typeof error.hint === 'string' ? error.hint : undefined;

/** @param {unknown} error */
export const messageOf = (error) => (error instanceof Error ? error.message : String(error));

/**
 * `--name value`, `--name=value` and bare `--name`, which reads "true"; anything else goes to `rest`. A flag of `repeated` is a
 * list, whose parts it may be given one by one. Throws where a flag of `valued` has no value.
 * @param {readonly string[]} args
 * @param {(name: string) => boolean} valued
 * @param {readonly string[]} repeated
 */
export function readFlags(args, valued = (_name) => false, repeated = []) {
  /** @type {Record<string, string>} */
  const flags = {};
  /** @type {string[]} */
  const rest = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? '';
    const [, name, value] = /^--([a-z][a-z0-9-]*)(?:=([\s\S]*))?$/.exec(arg) ?? [];
    if (name === undefined) {
      rest.push(arg);
      continue;
    }
    const next = args[i + 1];
    const before = repeated.includes(name) ? flags[name] : undefined;
    if (value !== undefined) flags[name] = value;
    else if (next !== undefined && !next.startsWith('--')) {
      flags[name] = next;
      i++;
    } else if (valued(name)) throw badArgument(`--${name} has no value.`, `Write --${name} VALUE.`);
    else flags[name] = 'true';
    if (flags[name] === '' && valued(name))
      throw badArgument(`--${name} has an empty value.`, `Write --${name} VALUE.`);
    if (before !== undefined) flags[name] = `${before},${flags[name]}`;
  }
  return { flags, rest };
}
