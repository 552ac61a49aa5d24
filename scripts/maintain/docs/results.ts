/** The committed results of the demonstrations (scripts/prove/results) as the pages of docs/ read them. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ArmResult, Environment, PairResult, SelfCorrection } from '../../../src/records/records';

type Compared = { readonly arms: readonly ArmResult[]; readonly pairs: readonly PairResult[] };

/** One demonstration: what was run, where, and what came of it. */
export interface Result<T> {
  readonly name: string;
  readonly date: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly machine: string;
  readonly misses: readonly string[];
  /** What the reader must know of how it was measured. */
  readonly note?: string;
  readonly result: T;
}

/** A run of the job. */
export interface RunResult extends Compared {
  readonly command: string;
  readonly seconds: number;
  readonly seed: number;
  readonly environment: Environment;
  readonly splits: Readonly<Record<string, number>>;
  readonly dataset: { readonly kept: number; readonly dropped: Readonly<Record<string, number>> };
  readonly seeds: readonly (Compared & { readonly seed: number })[];
  readonly ood: Compared | null;
  readonly robust: Compared | null;
  readonly selfCorrection: readonly SelfCorrection[];
}

interface Change {
  readonly from: number;
  readonly to: number;
}

export interface RewardModelResult {
  readonly auc: number | null;
  readonly n: number;
  readonly bestOfN: Readonly<
    Record<'n' | 'questions' | 'rewardModel' | 'vote' | 'oracle' | 'single', number>
  > | null;
}

export interface PadRunResult extends RunResult {
  readonly loadAverage: number;
  readonly pad: {
    readonly rewardModel: RewardModelResult;
    readonly rewardModels: readonly { readonly seed: number; readonly auc: number | null }[];
    readonly runs: readonly {
      readonly strategy: string;
      readonly seed: number;
      readonly generatedTokens: number;
      readonly evaluations: readonly {
        readonly step: number;
        readonly accuracy: number;
        readonly n: number;
      }[];
      readonly stopped: { readonly step: number; readonly reward: Change; readonly accuracy: Change } | null;
    }[];
  };
}

/** What is committed: `read` gives what `npm run prove -- --only NAME` wrote. */
export class Results {
  readonly #folder: string;

  constructor(root: string) {
    this.#folder = join(root, 'scripts/prove/results');
  }

  has(name: string): boolean {
    return existsSync(join(this.#folder, `${name}.json`));
  }

  read<T>(name: string): Result<T> {
    return JSON.parse(readFileSync(join(this.#folder, `${name}.json`), 'utf8')) as Result<T>;
  }
}

/** An arm of a comparison. Throws where it is missing: a page must not be written without it. */
export function arm({ arms }: Pick<Compared, 'arms'>, name: string): ArmResult {
  const found = arms.find((one) => one.name === name);
  if (!found) throw new Error(`The results have no arm ${name}.`);
  return found;
}

export function pair({ pairs }: Pick<Compared, 'pairs'>, a: string, b: string): PairResult {
  const found = pairs.find((one) => one.a === a && one.b === b);
  if (!found) throw new Error(`The results have no pair ${a}, ${b}.`);
  return found;
}

/** The accuracies of an arm over all distillation seeds, the run's own first. */
export function overSeeds(run: RunResult, name: string): readonly number[] {
  return [run, ...run.seeds].map((one) => arm(one, name).accuracy);
}

/** Difference of two shares that were not measured on the same runs, with its 95 % interval (normal, unpaired). */
export function unpaired(
  a: Pick<ArmResult, 'accuracy' | 'n'>,
  b: Pick<ArmResult, 'accuracy' | 'n'>,
): { readonly difference: number; readonly ci: readonly [number, number] } {
  const variance = [a, b].reduce((sum, { accuracy, n }) => sum + (accuracy * (1 - accuracy)) / n, 0);
  const half = 1.959963984540054 * Math.sqrt(variance);
  const difference = a.accuracy - b.accuracy;
  return { difference, ci: [difference - half, difference + half] };
}
