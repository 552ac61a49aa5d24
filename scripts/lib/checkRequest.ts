/** What `npm run distil` asks of the page, checked before a browser starts. Loaded through Vite: it reads sources of the page. */
import { basename, join } from 'node:path';
import { commandError } from '../../src/commands/commandError';
import { ConfigError, ImportError } from '../../src/core/errors';
import { checkToken } from '../../src/models/hub';
import { checkMirror } from '../../src/models/hubSettings';
import { readEvalSet, writeEvalSet } from '../../src/settings/evalSets';
import { configFromFlags } from '../../src/settings/flags';
import { isDatasetName, parseDataset, writeDataset } from '../../src/specs/dataset';
import { checkSet } from '../../src/tasks/generatedSets';
import { Mounts, type Mount } from './mounts';
import type { ErrorData } from './product';
import { unpackAdapters } from './zippedAdapters';

/** What settings call a file: its name without its folder, or a dataset of the hub. */
const fileName = (path: string): string => (isDatasetName(path) ? path : basename(path));

export interface PageRequest {
  readonly flags: Record<string, string>;
  readonly mounts: readonly Mount[];
  readonly endpoints: readonly string[];
  /** Addresses under the mounts, or datasets of the hub by name. */
  readonly files: {
    /** The one file, or the training file. */
    readonly questions: string | null;
    readonly test: string | null;
    readonly sets: Readonly<Record<string, string>>;
  };
  readonly archive: string | null;
  /** Removes what was unpacked for the page. */
  readonly remove: () => void;
}

type Checked =
  | { readonly request: PageRequest; readonly error: null }
  | { readonly request: null; readonly error: ErrorData };

/** Paths of this machine become addresses under mounts; flags that do not hold are an error as a command prints it. */
export async function checkRequest(asked: Readonly<Partial<Record<string, string>>>): Promise<Checked> {
  const { from, ...given } = asked;
  const flags = { ...given } as Record<string, string>;
  let remove = (): void => undefined;
  try {
    const unpacked = await unpackAdapters(flags);
    remove = unpacked.remove;
    const mounts = new Mounts(unpacked.folders);
    if (flags.agents) {
      const names = flags.agents.split(',').map((one) => mounts.spec(one.trim()));
      flags.agents = names.join(',');
    }
    if (flags.personas) flags.personas = mounts.personas(flags.personas);
    const endpoints = [...mounts.endpoints];
    if (flags.student) flags.student = mounts.spec(flags.student);
    const placeOf = (path: string): string =>
      isDatasetName(path) ? writeDataset(parseDataset(path)) : mounts.file(path);
    const file = (flag: string): string | null => {
      const path = flags[flag];
      if (path === undefined) return null;
      flags[flag] = fileName(path);
      return placeOf(path);
    };
    const whole = file('questions');
    const learnt = file('train-file');
    const test = file('test-file');
    const sets: Record<string, string> = {};
    if (flags.eval !== undefined) {
      flags.eval = flags.eval
        .split(',')
        .map((text) => {
          const set = readEvalSet(text.trim());
          if (!set) return text;
          const named = { name: set.name, file: set.file === null ? null : fileName(set.file) };
          checkSet(named);
          if (set.file !== null) sets[set.name] = placeOf(set.file);
          return writeEvalSet(named);
        })
        .join(',');
    }
    const archive = from === undefined ? null : mounts.file(join(from, 'run.arklet.json.gz'));
    configFromFlags(new Map(Object.entries(flags)));
    const files = { questions: whole ?? learnt, test, sets };
    return { request: { flags, mounts: mounts.paths, endpoints, files, archive, remove }, error: null };
  } catch (thrown) {
    remove();
    // Settings are named as in the page; here their flags belong to it.
    if (thrown instanceof ConfigError || thrown instanceof ImportError)
      return { request: null, error: commandError(thrown.toData()) };
    throw thrown;
  }
}

interface Hub {
  readonly token: string | null;
  readonly mirror: string | null;
}

/** The environment's token for the hub and the address of a mirror; what can be neither is an error as a command prints it. */
export function checkHub(
  token: string | null,
  mirror: string | null,
): { readonly hub: Hub; readonly error: null } | { readonly hub: null; readonly error: ErrorData } {
  try {
    return { hub: { token: checkToken(token), mirror: checkMirror(mirror) }, error: null };
  } catch (thrown) {
    if (thrown instanceof ConfigError) return { hub: null, error: commandError(thrown.toData()) };
    throw thrown;
  }
}
