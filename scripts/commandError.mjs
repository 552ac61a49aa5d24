/** An error for the user of a command: printed as {error: {code, message, hint}}. Code "config" ends with exit code 2. */
export class CommandError extends Error {
  constructor({ code, message, hint }) {
    super(message);
    this.code = code;
    this.hint = hint;
  }

  toData() {
    return { code: this.code, message: this.message, hint: this.hint };
  }
}

export const badArgument = (message, hint) => new CommandError({ code: 'config', message, hint });

/**
 * `--name value`, `--name=value` and bare `--name`, which reads "true"; anything else goes to `rest`. Throws where a flag of
 * `valued` has no value.
 */
export function readFlags(args, valued = () => false) {
  const flags = {};
  const rest = [];
  for (let i = 0; i < args.length; i++) {
    const match = /^--([a-z][a-z0-9-]*)(?:=([\s\S]*))?$/.exec(args[i]);
    if (!match) {
      rest.push(args[i]);
      continue;
    }
    const next = args[i + 1];
    if (match[2] !== undefined) flags[match[1]] = match[2];
    else if (next !== undefined && !next.startsWith('--')) flags[match[1]] = args[++i];
    else if (valued(match[1])) throw badArgument(`--${match[1]} has no value.`, `Write --${match[1]} VALUE.`);
    else flags[match[1]] = 'true';
    if (flags[match[1]] === '' && valued(match[1]))
      throw badArgument(`--${match[1]} has an empty value.`, `Write --${match[1]} VALUE.`);
  }
  return { flags, rest };
}
