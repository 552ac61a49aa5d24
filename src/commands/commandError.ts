/** Errors as the commands print them. */
import * as v from 'valibot';
import type { ErrorData } from '../core/errors';

/** What a command prints of an error's details: the page has fields and buttons for it. */
const commandDetails = v.object({
  /** Settings that would help, by their flags. */
  settings: v.optional(v.array(v.string()), []),
  /** How a value is written on the command line. */
  form: v.optional(v.string()),
  /** The variable of the environment that holds what is lacking. */
  variable: v.optional(v.string()),
});

/** An error as the commands print it: its hint ends with the flags, which the page never shows. */
export function commandError(error: ErrorData): ErrorData {
  const found = v.safeParse(commandDetails, error.details ?? {});
  if (!found.success) return error;
  const { settings, form, variable } = found.output;
  const named = [
    ...settings.map((name) => `--${name}`),
    ...(form === undefined ? [] : [form]),
    ...(variable === undefined ? [] : [variable]),
  ];
  return named.length === 0 ? error : { ...error, hint: `${error.hint} (${named.join(', ')})` };
}
