/** Names of LoRA adapters that are agents: a trained student of a run, or a PEFT folder, on the model that it belongs to. */
import { ConfigError } from '../core/errors';
import { located, withoutScheme, type Located } from './addresses';
import { engine, noSuchModel } from './engine';
import type { Grammar } from './grammar';

interface OnBase {
  readonly runtime: 'adapter';
  /** Name of the model that it belongs to; null: what its run trained, filled in before a run is stored. */
  readonly base: string | null;
  /** The first 16 digits of the SHA-256 of its files, as turns have it; null: any. */
  readonly hash: string | null;
}

export type AdapterSpec = OnBase &
  (
    | {
        readonly place: 'run';
        /** `imported` stands for adapters that came from elsewhere. */
        readonly runId: string;
        readonly strategy: string;
        readonly seed: number;
      }
    /** A PEFT folder. */
    | Located
  );

const form = /^(.+?)(?:@([0-9a-f]{16}))?(?:\?base=(.+))?$/s;
const stored = /^([\w-]+)\/([a-z0-9+-]+)$/;
/** Stands where a run's id does for adapters that came from elsewhere: no run has it. */
export const importedRunId = 'imported';

function broken(text: string): ConfigError {
  return new ConfigError(
    `"${text}" names no adapter.`,
    'Name a run and its strategy, as in adapter:RUN/rsft, or a PEFT folder and its model, as in adapter:FOLDER/?base=MODEL.',
  );
}

/** `-SEED` at the end is a distillation seed; names of imported adapters may end so by themselves. */
function storedPlace(runId: string, name: string) {
  const [, strategy = name, seed = '0'] =
    (runId === importedRunId ? null : /^(.+?)-(\d{1,4})$/.exec(name)) ?? [];
  return { place: 'run', runId, strategy, seed: Number(seed) } as const;
}

function place(spec: AdapterSpec): string {
  if (spec.place !== 'run') return spec.address;
  return `${spec.runId}/${spec.strategy}${spec.seed === 0 ? '' : `-${spec.seed}`}`;
}

/** `adapter:RUN/STRATEGY[-SEED][?base=MODEL]` or `adapter:FOLDER?base=MODEL`; `@HASH` before the base pins the files. */
export const adapter: Grammar<AdapterSpec> = {
  prefix: 'adapter:',
  parse(rest, text) {
    const [, where = '', hash, base] = form.exec(rest) ?? [];
    const own = { runtime: 'adapter', base: base ?? null, hash: hash ?? null } as const;
    if (base !== undefined) {
      const inside = /^(adapter|transformers|webllm|endpoint|recorded):/.exec(base);
      if (inside) throw noSuchModel(base);
      engine.parse(base, base);
    }
    const at = located(where);
    if (at) {
      if (base !== undefined) return { ...own, ...at };
      throw new ConfigError(
        `"${text}" does not say which model the adapter belongs to.`,
        'Add ?base= and the name of that model.',
      );
    }
    const [, runId, name] = stored.exec(where) ?? [];
    if (runId === undefined || name === undefined) throw broken(text);
    return { ...own, ...storedPlace(runId, name) };
  },
  write: (spec) =>
    `${place(spec)}${spec.hash === null ? '' : `@${spec.hash}`}${spec.base === null ? '' : `?base=${spec.base}`}`,
  label: (spec) => withoutScheme(place(spec)).replace(/\/$/, ''),
  contacts: ({ base, ...spec }) => [
    ...(spec.place === 'address' ? [spec.address] : []),
    ...(base === null ? [] : engine.contacts(engine.parse(base, base))),
  ],
  keeper: () => 'none',
};
