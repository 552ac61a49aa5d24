/** What the settings say of a command's flags. Loaded through Vite: the settings are sources of the page. */
import { ConfigError } from '../../src/core/errors';
import { commandError } from '../../src/commands/commandError';
import { configFromFlags } from '../../src/settings/flags';
import type { ErrorData } from './product';

/** Null for flags that hold, else the error as a command prints it: settings are named as in the page, with their flags. */
export function flagError(flags: Readonly<Record<string, string>>): ErrorData | null {
  try {
    configFromFlags(new Map(Object.entries(flags)));
    return null;
  } catch (thrown) {
    if (thrown instanceof ConfigError) return commandError(thrown.toData());
    throw thrown;
  }
}
