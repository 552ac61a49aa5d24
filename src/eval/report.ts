/** report.json (docs/contracts.md) out of finished arms. */
import type {
  ArmResult,
  Dataset,
  Environment,
  PairResult,
  Question,
  Report,
  ReportItem,
  SelfCorrection,
  Verdict,
} from '../records/records';
import type { RunConfig } from '../settings/config';
import { trainingOf } from './arm';
import type { AnsweredArm } from './arms';
import { bestStudent } from './keyArms';
import { armResult, gainKept, pairResults } from './pairs';

/** Arms on one split. */
export interface Comparison {
  readonly questions: readonly Question[];
  readonly arms: readonly AnsweredArm[];
}

export interface ReportInput {
  readonly config: RunConfig;
  readonly environment: Environment;
  readonly agents?: Report['agents'];
  readonly hosts?: Report['hosts'];
  readonly repeatable: 'bytes' | 'settings';
  /** Questions by split. */
  readonly splits: Readonly<Record<string, number>>;
  /** What each strategy and control was trained on, by name; the first is the report's `dataset`. */
  readonly datasets: readonly { readonly name: string; readonly dataset: Omit<Dataset, 'traces'> }[];
  /** Test split: every arm of the first distillation seed. */
  readonly test: Comparison;
  readonly ood: Comparison | null;
  readonly robust: Comparison | null;
  /** Students and controls of the further distillation seeds on the test split (arm names as of the first seed's). */
  readonly seeds: readonly { readonly seed: number; readonly arms: readonly AnsweredArm[] }[];
  readonly selfCorrection: readonly SelfCorrection[];
  readonly trainQuestions: readonly Question[];
  readonly pad: Report['pad'];
  /** Seconds by phase. */
  readonly timings: Readonly<Record<string, number>>;
}

function compare(
  comparison: Comparison,
  seed: number,
): { arms: readonly ArmResult[]; pairs: readonly PairResult[] } {
  const { arms, questions } = comparison;
  return {
    arms: arms.map((arm) => armResult(arm, questions)),
    pairs: pairResults(arms, questions, seed),
  };
}

function itemsOf({ questions, arms }: Comparison): readonly ReportItem[] {
  return questions.map(({ id, text, gold }) => {
    const verdicts: Record<string, Verdict> = {};
    for (const arm of arms) {
      const found = arm.answers.get(id);
      if (!found) continue;
      const { answer, correct, strictCorrect, flexibleCorrect, tokens } = found;
      verdicts[arm.name] = { answer, correct, strictCorrect, flexibleCorrect, tokens };
    }
    return { id, question: text, answer: gold, verdicts };
  });
}

export function buildReport(input: ReportInput): Report {
  const { config, test } = input;
  const { seed } = config;
  const { arms, pairs } = compare(test, seed);
  const best = bestStudent(arms);
  const counts = ({ kept, dropped, parts }: Omit<Dataset, 'traces'>) => ({
    kept,
    dropped,
    ...(parts && { parts }),
  });
  const first = input.datasets[0];
  const seeds = input.seeds.map((other) => {
    const names = new Set(other.arms.map((arm) => arm.name));
    const shared = test.arms.filter((arm) => trainingOf(arm.name) === null);
    const result = compare({ questions: test.questions, arms: [...shared, ...other.arms] }, seed);
    return {
      seed: other.seed,
      arms: result.arms.filter((arm) => names.has(arm.name)),
      pairs: result.pairs.filter((pair) => names.has(pair.a)),
    };
  });
  return {
    config,
    seed,
    environment: input.environment,
    ...(input.agents && { agents: input.agents }),
    ...(input.hosts && { hosts: input.hosts }),
    repeatable: input.repeatable,
    splits: input.splits,
    dataset: first ? { kept: first.dataset.kept, dropped: first.dataset.dropped } : { kept: 0, dropped: {} },
    datasets: Object.fromEntries(input.datasets.map(({ name, dataset }) => [name, counts(dataset)])),
    arms,
    pairs,
    gainKept: best ? gainKept(test.arms, best.name, test.questions, seed) : null,
    items: itemsOf(test),
    trainQuestions: input.trainQuestions.map(({ id, text }) => ({ id, question: text })),
    ood: input.ood && compare(input.ood, seed),
    robust: input.robust && compare(input.robust, seed),
    selfCorrection: input.selfCorrection,
    seeds,
    pad: input.pad,
    timings: input.timings,
  };
}
