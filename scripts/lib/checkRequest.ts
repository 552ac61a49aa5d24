/** What `npm run distil` asks of the page, checked before a browser starts. Loaded through Vite: it reads sources of the page. */
import { basename, join } from 'node:path';
import { commandError } from '../../src/commands/commandError';
import { ConfigError } from '../../src/core/errors';
import { configFromFlags } from '../../src/settings/flags';
import { Mounts, type Mount } from './mounts';
import type { ErrorData } from './product';

export interface PageRequest {
  readonly flags: Record<string, string>;
  readonly mounts: readonly Mount[];
  readonly endpoints: readonly string[];
  /** Addresses under the mounts. */
  readonly questionFile: string | null;
  readonly archive: string | null;
}

type Checked =
  | { readonly request: PageRequest; readonly error: null }
  | { readonly request: null; readonly error: ErrorData };

/** Paths of this machine become addresses under mounts; flags that do not hold are an error as a command prints it. */
export function checkRequest(asked: Readonly<Partial<Record<string, string>>>): Checked {
  const { from, questions, ...given } = asked;
  const flags = { ...given } as Record<string, string>;
  try {
    const mounts = new Mounts();
    if (flags.agents) {
      const names = flags.agents.split(',').map((one) => mounts.spec(one.trim()));
      flags.agents = names.join(',');
    }
    if (flags.personas) flags.personas = mounts.personas(flags.personas);
    const endpoints = [...mounts.endpoints];
    if (flags.student) flags.student = mounts.spec(flags.student);
    const questionFile = questions === undefined ? null : mounts.file(questions);
    if (questions !== undefined) flags.questions = basename(questions);
    const archive = from === undefined ? null : mounts.file(join(from, 'run.arklet.json.gz'));
    configFromFlags(new Map(Object.entries(flags)));
    return { request: { flags, mounts: mounts.paths, endpoints, questionFile, archive }, error: null };
  } catch (thrown) {
    // Settings are named as in the page; here their flags belong to it.
    if (thrown instanceof ConfigError) return { request: null, error: commandError(thrown.toData()) };
    throw thrown;
  }
}
