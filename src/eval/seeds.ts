/** The distillation seeds of a report together: one reckoning for the page, the headline and report.md. */
import type { Report } from '../records/records';
import { findPair } from './keyArms';
import type { Contrast } from './primary';
import { meanInterval } from './statistics';

/** Mean and range of an arm's accuracy over the distillation seeds (never pooled into n). */
export interface SeedSummary {
  readonly name: string;
  readonly seeds: number;
  readonly mean: number;
  readonly lo: number;
  readonly hi: number;
}

/** One row for each arm that several seeds trained. */
export function seedSummaries(report: Pick<Report, 'arms' | 'seeds'>): readonly SeedSummary[] {
  return report.arms.flatMap((arm) => {
    const others = report.seeds.flatMap((seed) => seed.arms.filter((other) => other.name === arm.name));
    if (others.length === 0) return [];
    const all = [arm, ...others].map((result) => result.accuracy);
    return [
      {
        name: arm.name,
        seeds: all.length,
        mean: all.reduce((sum, accuracy) => sum + accuracy, 0) / all.length,
        lo: Math.min(...all),
        hi: Math.max(...all),
      },
    ];
  });
}

/** A difference over the distillation seeds, each a training on the same debate and the same questions. */
export interface SeedDifference {
  readonly seeds: number;
  readonly mean: number;
  /** t interval over the seeds. */
  readonly interval: readonly [number, number];
}

/** Null where fewer than two seeds trained the arms. */
export function seedDifference(
  report: Pick<Report, 'pairs' | 'seeds'>,
  { a, b }: Contrast,
): SeedDifference | null {
  const all = [report.pairs, ...report.seeds.map(({ pairs }) => pairs)];
  const differences = all.flatMap((pairs) => findPair(pairs, a, b)?.difference ?? []);
  const over = meanInterval(differences);
  return over && { seeds: differences.length, mean: over.mean, interval: over.ci };
}
