/** The section of docs/results.md on SmolLM2's specialists: problems split by template. */
import { specialistBounds, specialists as design } from '../../prove/hypotheses.mjs';
import type { Specialists as Measured, Spread } from '../../prove/hypotheses.mjs';
import type { TrainOverlap } from '../../../src/records/overlap';
import type { Environment } from '../../../src/records/records';
import type { Result, Results } from './results';
import { deviceOf, duration, origin, percent, table } from './words';
import { boundsTable, gap, level } from './spreads';

type Accuracies = Readonly<Record<string, Spread>>;

interface Expert {
  readonly kind: string;
  readonly ownKind: number;
  readonly otherKinds: number;
}

interface Specialists extends Measured {
  readonly accuracy: Accuracies;
  readonly heldOut: Accuracies;
  readonly debateOverFirstVote: Spread;
  readonly debateOverBest: Spread;
  readonly studentOverBest: Spread;
  readonly heldOutStudentOverControl: Spread;
  readonly heldOutStudentOverUnion: Spread;
  readonly heldOutDebateOverFirstVote: Spread;
  readonly sizes: typeof design.sizes;
  readonly seeds: readonly {
    readonly experts: { readonly test: readonly Expert[] };
    readonly kept: Readonly<Record<string, { readonly kept: number }>>;
    readonly overlap?: TrainOverlap;
  }[];
  readonly environment: Environment;
  readonly runs: readonly { readonly command: string; readonly seconds: number }[];
}

const one = (value: number | undefined): string => (value ?? NaN).toFixed(1);
const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** Every arm on taught and on held-out templates. */
function accuracies({ accuracy, heldOut }: Specialists): string {
  const rows = Object.entries(accuracy).map(([arm, spread]) => {
    const other = heldOut[arm];
    return [
      `\`${arm}\``,
      level(spread),
      spread.values.map(one).join(' '),
      other ? level(other) : '',
      other ? other.values.map(one).join(' ') : '',
    ];
  });
  return table(['arm', 'taught templates', 'by seed', 'held-out templates', 'by seed'], rows);
}

function experts({ seeds }: Specialists): string {
  const rows = (seeds[0]?.experts.test ?? []).map(({ kind }, i) => {
    const of = (key: 'ownKind' | 'otherKinds'): string =>
      percent(mean(seeds.map(({ experts: { test } }) => test[i]?.[key] ?? NaN)));
    return [`taught ${kind}`, of('ownKind'), of('otherKinds')];
  });
  return table(['specialist, greedy', 'on its own kind', 'on the other kinds'], rows);
}

export function specialistSection(results: Results): string[] {
  if (!results.has('specialists')) return [];
  const result: Result<Specialists> = results.read('specialists');
  const found = result.result;
  const { runs, environment, sizes, seeds } = found;
  const main = runs.find(({ command }) => command.includes('--rounds 1'));
  const seconds = runs.reduce((sum, run) => sum + run.seconds, 0);
  const kept = (name: string): string => one(mean(seeds.map((seed) => seed.kept[name]?.kept ?? 0)));
  const shared = (what: string): number => found.leaks.reduce((sum, leak) => sum + (leak[what] ?? NaN), 0);
  const near = seeds.reduce((sum, { overlap }) => sum + (overlap?.dropped ?? 0), 0);
  return [
    '## SmolLM2-135M: specialists debate',
    origin(result, {
      command: main?.command ?? '',
      what: `3 agents, 1 exchange, ${seeds.length} seeds, each with its own questions, debate and trainings: ${sizes.train} debated for the student, ${sizes.test} tested on taught templates, ${sizes.heldOut} on held-out ones, answers of at most 256 tokens; ${runs.length} runs in ${duration(seconds)}`,
      device: deviceOf(environment),
    }),
    `SmolLM2-135M-Instruct as student, and as three agents by a LoRA adapter each, taught ${sizes.each} worked solutions of one kind of problem ` +
      `(sums, groups, shares) in ${sizes.steps} steps of ${sizes.batch} rows, the same for all seeds. 27 templates of one- and two-step problems in GSM8K's format: 18 taught, each to one specialist, ` +
      `9 held out from all. \`union\` is one adapter taught all specialists' worked solutions; union, student and control take ` +
      `${sizes.steps} steps each. \`best-specialist\` is chosen on the test questions, in its favour. Student's 95 % intervals over the seeds.`,
    accuracies(found),
    experts(found),
    boundsTable(specialistBounds(found)),
    `Test questions that share their text with training: ${shared('texts')}; their numbers in one template: ${shared('numbersInOneTemplate')}; ` +
      `of held-out ones their template: ${shared('heldOutTemplates')}. Near duplicates that the program left out of the debated questions: ${near}. ` +
      `Correct traces of ${sizes.train} questions: ${kept('distilled:rsft')} of the debate, ${kept('control:self-consistency')} of independent samples.`,
    `**What it says.** On taught templates the debate is ${gap(found.debateOverFirstVote)} points over its own first vote, ` +
      `${gap(found.debateOverVote)} over a vote at its prompt and generated tokens and ${gap(found.debateOverBest)} over the best specialist. ` +
      `The student is ${gap(found.studentOverBase)} over the base, ${gap(found.studentOverControl)} over RSFT on self-consistency and ` +
      `${gap(found.studentOverUnion)} over the union. On held-out templates it is ${gap(found.heldOutStudentOverBase)} over the base and ` +
      `${gap(found.heldOutStudentOverUnion)} over the union; the debate there is ${gap(found.heldOutDebateOverFirstVote)} over its first vote. ` +
      `With ${seeds.length} seeds of ${sizes.test} and ${sizes.heldOut} questions the intervals are wide.`,
  ];
}
