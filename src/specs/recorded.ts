/** Names of debates that were recorded: their turns answer instead of a model. */
import { ConfigError } from '../core/errors';
import { isReadable, type Located } from './addresses';
import type { Grammar } from './grammar';

export type RecordedSpec =
  /** trajectories.jsonl or an archive. */
  | (Located & { readonly runtime: 'recorded' })
  /** A run that this browser holds. */
  | { readonly runtime: 'recorded'; readonly place: 'run'; readonly runId: string }
  /** What was imported with the run itself. */
  | { readonly runtime: 'recorded'; readonly place: 'imported' };

const imported = 'imported';
const runPrefix = 'run:';

/** `recorded:FILE`, `recorded:run:ID` or `recorded:imported`. */
export const recorded: Grammar<RecordedSpec> = {
  prefix: 'recorded:',
  parse(rest, text) {
    if (rest === imported) return { runtime: 'recorded', place: 'imported' };
    if (rest.startsWith(runPrefix) && rest !== runPrefix) {
      return { runtime: 'recorded', place: 'run', runId: rest.slice(runPrefix.length) };
    }
    if (rest === '' || rest === runPrefix || !isReadable(rest)) {
      throw new ConfigError(
        `"${text}" names no recorded debate.`,
        'Name its trajectories.jsonl, its archive, or a run of this browser.',
      );
    }
    return { runtime: 'recorded', place: /^https?:\/\//.test(rest) ? 'address' : 'path', address: rest };
  },
  write(spec) {
    switch (spec.place) {
      case 'imported':
        return imported;
      case 'run':
        return `${runPrefix}${spec.runId}`;
      case 'address':
      case 'path':
        return spec.address;
      default:
        return spec satisfies never;
    }
  },
  label: (spec) => recorded.write(spec),
  contacts: (spec) => (spec.place === 'address' || spec.place === 'path' ? [spec.address] : []),
  keeper: () => 'none',
};
