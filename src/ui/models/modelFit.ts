/** Whether a model runs here: what the browser lacks for it, and its memory beside the rest of the run. */
import { memoryOfFiles, type Verdict } from '../../models/memoryPlan';
import type { ModelEntry } from '../../specs/modelEntry';
import type { Models } from './models.svelte';

export interface ModelFit {
  /** WebGPU features that it needs and this browser lacks. */
  readonly lacking: readonly string[];
  /** Bytes that it takes; null where that is not known. */
  readonly takes: number | null;
  /** Null where it cannot run at all, or memory is not known. */
  readonly verdict: Verdict | null;
  readonly runs: boolean;
}

/** `others`: bytes of the rest of the run. */
export function modelFit(
  entry: ModelEntry,
  { machine, plan }: Pick<Models, 'machine' | 'plan'>,
  others: number,
): ModelFit {
  const lacking = machine ? entry.features.filter((name) => !machine.features.includes(name)) : [];
  const takes = entry.memoryBytes ?? (entry.bytes === null ? null : memoryOfFiles(entry.bytes));
  const budget = plan?.budget ?? null;
  if (lacking.length > 0) return { lacking, takes, verdict: null, runs: false };
  if (takes === null || budget === null) return { lacking, takes, verdict: null, runs: true };
  const sum = takes + others;
  const verdict = sum <= 0.75 * budget ? 'fits' : sum <= budget ? 'tight' : 'too large';
  return { lacking, takes, verdict, runs: verdict !== 'too large' };
}

const stateRank = { ready: 0, partial: 1, absent: 2 } as const;

/** What runs here first, then what is here already, then the smaller; names decide between equals. */
export function byFit(
  entries: readonly ModelEntry[],
  fitOf: (entry: ModelEntry) => ModelFit,
): readonly ModelEntry[] {
  const keyed = entries.map((entry, at) => {
    const { runs, takes, verdict } = fitOf(entry);
    const rank = verdict === 'tight' ? 1 : runs ? 0 : 2;
    return { entry, at, key: [rank, stateRank[entry.state], takes ?? Infinity] as const };
  });
  return keyed
    .sort((a, b) => {
      for (let i = 0; i < a.key.length; i++) {
        const [left = 0, right = 0] = [a.key[i], b.key[i]];
        if (left !== right) return left < right ? -1 : 1;
      }
      return a.at - b.at;
    })
    .map(({ entry }) => entry);
}
