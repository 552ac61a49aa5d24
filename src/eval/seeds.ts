/** The distillation seeds of a report together: one reckoning for the page, the headline and report.md. */
import type { Report } from '../records/records';

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
