/** The flags of `npm run distil`, which are also the keys of the page's address. */
import { ConfigError } from '../core/errors';
import {
  entries,
  parseConfig,
  presets,
  sameValue,
  valueAt,
  withUnchecked,
  withValue,
  type Entry,
  type Path,
  type Preset,
  type RunConfig,
} from './config';
import { calledNow } from './setting';

const byFlag = new Map(entries.map((entry) => [entry.setting.flag, entry]));
/** Flags of older versions, still read. */
const byOldFlag = new Map(
  entries.flatMap((entry) => (entry.setting.wasFlag === undefined ? [] : [[entry.setting.wasFlag, entry]])),
);

/** The flags that set a field of the config, without their dashes. */
export const configFlags: readonly string[] = [...byFlag.keys()];

/** `--name value`, `--name=value` and bare `--name` as pairs. Throws ConfigError on anything else. */
export function splitFlags(args: readonly string[]): Map<string, string> {
  const flags = new Map<string, string>();
  for (let i = 0; i < args.length; i++) {
    const argument = args[i] ?? '';
    const match = /^--([a-z][a-z0-9-]*)(?:=([\s\S]*))?$/.exec(argument);
    if (!match?.[1]) throw new ConfigError(`"${argument}" is not a flag.`, 'Write flags as --name value.');
    const next = args[i + 1];
    if (match[2] !== undefined) flags.set(match[1], match[2]);
    else if (next !== undefined && !next.startsWith('--')) {
      flags.set(match[1], next);
      i++;
    } else flags.set(match[1], 'true');
  }
  return flags;
}

export interface BadFlag {
  readonly flag: string;
  readonly text: string;
  /** The setting that cannot have this value; null where no setting has this flag. */
  readonly entry: Entry | null;
}

/** Settings that say where a run is and which draw it is: changing them alone makes no custom run. */
const besidePreset: readonly Path[] = ['seed', 'backend'];

/**
 * A preset with single settings changed, unchecked, and what could not be read. Alpha follows the rank (twice) unless it is given.
 */
export function readFlags(
  flags: Iterable<readonly [string, string]>,
  preset: Preset,
): { readonly config: RunConfig; readonly bad: readonly BadFlag[] } {
  let config = presets[preset];
  const bad: BadFlag[] = [];
  const read = new Set<Path>();
  for (const [flag, text] of flags) {
    const old = byOldFlag.get(flag);
    const entry = byFlag.get(flag) ?? old;
    const value = entry?.setting.read(old ? String(calledNow(old.setting, text)) : text);
    if (!entry || value === undefined) {
      bad.push({ flag, text, entry: entry ?? null });
      continue;
    }
    read.add(entry.path);
    config = withUnchecked(config, entry.path, value);
  }
  if (read.has('rank') && !read.has('alpha')) config = withValue(config, 'alpha', 2 * config.rank);
  const custom = [...read].some((path) => !besidePreset.includes(path));
  return { config: { ...config, preset: custom ? 'custom' : preset }, bad };
}

/** A preset with single settings changed. Throws ConfigError for unknown flags and absurd values. */
export function configFromFlags(flags: ReadonlyMap<string, string>): RunConfig {
  const preset = flags.get('preset') ?? 'quick';
  if (preset !== 'quick' && preset !== 'full') {
    throw new ConfigError(`--preset is "${preset}", but must be quick or full.`, 'Name one of the two.');
  }
  const { config, bad } = readFlags(
    [...flags].filter(([flag]) => flag !== 'preset'),
    preset,
  );
  const [first] = bad;
  if (first?.entry) {
    throw new ConfigError(
      `--${first.flag} is "${first.text.slice(0, 60)}", but must be ${first.entry.setting.allowed}.`,
      `Change --${first.flag}.`,
      { details: { name: first.entry.path, flag: first.flag } },
    );
  }
  if (first) {
    throw new ConfigError(
      `There is no flag --${first.flag}.`,
      `The flags are --preset, --${configFlags.join(', --')}.`,
    );
  }
  return parseConfig(config);
}

/** The flags that lead from a preset to this config, in the order of the table: for an address to share. */
export function flagsOf(config: RunConfig, preset: Preset): Map<string, string> {
  const base = presets[preset];
  const changed = entries.filter(({ path }) => !sameValue(valueAt(config, path), valueAt(base, path)));
  const { alpha, rank } = config;
  return new Map(
    changed
      // Alpha follows the rank by itself, unless it is said.
      .filter(({ path }) => path !== 'alpha' || rank === base.rank || alpha !== 2 * rank)
      .flatMap(({ path, setting }) => {
        const value = valueAt(config, path);
        return value === null ? [] : [[setting.flag, setting.write(value)] as const];
      }),
  );
}
