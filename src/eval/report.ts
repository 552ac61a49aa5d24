/** report.json (docs/contracts.md) out of finished arms. */
import type {
  ArmResult,
  ChosenStudent,
  Dataset,
  Environment,
  PairResult,
  PrimaryContrast,
  Question,
  Report,
  ReportItem,
  RowsCut,
  SelfCorrection,
  Verdict,
} from '../records/records';
import type { RunConfig } from '../settings/config';
import { familyOf, trainingOf } from './arm';
import type { AnsweredArm } from './arms';
import { diagnosisOf } from './dataWords';
import { shownStudent } from './keyArms';
import { armResult, gainKept, pairResults, withAdjusted } from './pairs';
import type { Contrast } from './primary';

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
  readonly commits?: Report['commits'];
  readonly repeatable: Report['repeatable'];
  /** Questions by split. */
  readonly splits: Readonly<Record<string, number>>;
  /** What each strategy and control was trained on, by name; the first is the report's `dataset`. */
  readonly datasets: readonly {
    readonly name: string;
    readonly dataset: Omit<Dataset, 'traces'>;
    readonly rows?: RowsCut | undefined;
  }[];
  /** Test split: every arm of the first distillation seed. */
  readonly test: Comparison;
  /** What was named before the run. */
  readonly primary?: PrimaryContrast | null;
  /** The students' answers to the validation questions, which choose the one that the headline names; none where there is no choice. */
  readonly validation?: Comparison;
  readonly agentBy?: Report['agentBy'];
  readonly ood: Comparison | null;
  readonly robust: Comparison | null;
  /** Evaluation sets beside those two. */
  readonly evalSets?: readonly (Comparison & { readonly name: string; readonly file: string | null })[];
  readonly overlap?: Report['overlap'];
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
  primary: Contrast | null,
): { arms: readonly ArmResult[]; pairs: readonly PairResult[] } {
  const { arms, questions } = comparison;
  return {
    arms: arms.map((arm) => armResult(arm, questions)),
    pairs: pairResults(arms, questions, seed, primary),
  };
}

/** Another split, with Holm over all of its pairs: what was named before the run is named for the test questions. */
function compareOther(comparison: Comparison, seed: number) {
  const { arms, pairs } = compare(comparison, seed, null);
  return { arms, pairs: withAdjusted(pairs) };
}

/** The student that the headline names; null without students. */
function chosenStudent(arms: readonly ArmResult[], validation: Comparison | undefined): ChosenStudent | null {
  const students = arms.filter(({ name }) => familyOf(name) === 'distilled');
  const told = (validation?.arms ?? []).map((arm) => armResult(arm, validation?.questions ?? []));
  const rows = told.map(({ name, n, correct }) => ({ name, n, correct }));
  const best = shownStudent({ arms: told.length > 0 ? told : arms });
  if (!best) return null;
  const by = students.length === 1 ? 'only' : told.length > 0 ? 'validation' : 'test';
  return { strategy: best.name, by, validation: rows };
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
  const { config, test, primary = null } = input;
  const { seed } = config;
  const { arms, pairs } = compare(test, seed, primary);
  const chosen = chosenStudent(arms, input.validation);
  const first = input.datasets[0];
  const audit = input.datasets.find(({ dataset }) => dataset.audit)?.dataset.audit;
  const seeds = input.seeds.map((other) => {
    const names = new Set(other.arms.map((arm) => arm.name));
    const shared = test.arms.filter((arm) => trainingOf(arm.name) === null);
    const result = compare({ questions: test.questions, arms: [...shared, ...other.arms] }, seed, primary);
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
    ...(input.commits && Object.keys(input.commits).length > 0 && { commits: input.commits }),
    repeatable: input.repeatable,
    splits: input.splits,
    dataset: { kept: first?.dataset.kept ?? 0, dropped: first?.dataset.dropped ?? {} },
    datasets: Object.fromEntries(
      input.datasets.map(({ name, dataset: { kept, dropped, audit: made, parts }, rows }) => [
        name,
        { kept, dropped, ...(made && { audit: made }), ...(rows && { rows }), ...(parts && { parts }) },
      ]),
    ),
    ...(audit && { data: diagnosisOf(audit) }),
    arms,
    pairs: withAdjusted(pairs, primary),
    gainKept: chosen && gainKept(test.arms, chosen.strategy, test.questions, seed),
    ...(primary && { primary }),
    ...(chosen && { chosen }),
    ...(input.agentBy && { agentBy: input.agentBy }),
    items: itemsOf(test),
    trainQuestions: input.trainQuestions.map(({ id, text }) => ({ id, question: text })),
    ood: input.ood && compareOther(input.ood, seed),
    robust: input.robust && compareOther(input.robust, seed),
    ...(input.evalSets && {
      evalSets: input.evalSets.map(({ name, file, ...set }) => ({
        name,
        file,
        answerTypes: [...new Set(set.questions.map(({ answerType }) => answerType))],
        ...compareOther(set, seed),
      })),
    }),
    ...(input.overlap && { overlap: input.overlap }),
    selfCorrection: input.selfCorrection,
    seeds,
    pad: input.pad,
    timings: input.timings,
  };
}
