/** The section of docs/results.md on what a debate is worth: five debate seeds of the bundled agents. */
import { debate as bounds, debateBounds } from '../../prove/hypotheses.mjs';
import type { Spread, Worth as Measured } from '../../prove/hypotheses.mjs';
import type { Environment } from '../../../src/records/records';
import type { Result, Results } from './results';
import { boundsTable, gap, level, one } from './spreads';
import { count, deviceOf, duration, origin, table } from './words';

interface Taught {
  readonly kept: Spread;
  readonly corrective: Spread;
  readonly coverage: Spread;
}
type TaughtArms = Readonly<Record<'distilled:rsft' | 'control:self-consistency', Taught>>;

export interface Worth extends Measured {
  readonly traces: TaughtArms;
  readonly fullOverlap: Measured['fullOverlap'] & {
    readonly studentOverAgent: Spread;
    readonly traces: TaughtArms;
  };
  readonly consensusStudentOverAgent: Spread;
  readonly debateOverVote: Spread;
  readonly daMinusRsft: Spread;
  readonly teacher: Spread;
  readonly environment: Environment;
  readonly runs: readonly {
    readonly command: string;
    readonly seconds: number;
    readonly arms: readonly { readonly name: string; readonly n: number }[];
  }[];
}

/** An arm's spread. Throws where it is missing. */
export function accuracyOf({ accuracy }: Worth, arm: string): Spread {
  const found = accuracy[arm];
  if (!found) throw new Error(`The results have no arm ${arm}.`);
  return found;
}

/** Why the two contrasts with right answers as labels are what they are, with what the students were taught. */
function causes({ traces, fullOverlap }: Worth): readonly string[] {
  const [debate, control] = [traces['distilled:rsft'], traces['control:self-consistency']];
  const [copies, copied] = [
    fullOverlap.traces['distilled:rsft'],
    fullOverlap.traces['control:self-consistency'],
  ];
  return [
    `**Why the contrast with right answers is small.** Independent samples solve ${level(control.coverage)} of the training questions ` +
      `(the debate ${level(debate.coverage)}), so ${one(control.kept.mean)} traces teach the control and ${one(debate.kept.mean)} the ` +
      'student. But every kind of step stands in some question that one agent solves alone: with enough questions the control learns ' +
      'all kinds and composes them. With fewer questions the contrast is larger (below). Labels by consensus leave the control nothing to compose.',
    `**Why it does not vanish with three copies.** The copies’ debate gains nothing, but right answers as labels pick ${one(copies.corrective.mean)} ` +
      `corrective traces on average in which a copy, having read the others, left its misconception by chance (questions solved: ${level(copies.coverage)} ` +
      `against ${level(copied.coverage)} of independent samples). So few traces teach a kind of step that the control never sees. ` +
      'That is sampling and a filter, not an exchange of knowledge; how much of the contrast above is of that kind is not known.',
  ];
}

const notYet = [
  '## What a debate is worth',
  'Over several debate seeds it is not measured yet: `npm run prove -- --only debate` does it, and its bounds were written down before ' +
    '(`scripts/prove/hypotheses.mjs`). One seed is below.',
];

export function worthSection(results: Results): string[] {
  if (!results.has('debate')) return notYet;
  const result: Result<Worth> = results.read('debate');
  const worth = result.result;
  const { runs, environment } = worth;
  const n = runs[0]?.arms[0]?.n ?? 0;
  const seconds = runs.reduce((sum, run) => sum + run.seconds, 0);
  const rows = Object.entries(worth.accuracy).map(([arm, spread]) => [
    `\`${arm}\``,
    level(spread),
    `[${one(spread.ci[0])}, ${one(spread.ci[1])}]`,
    spread.values.map(one).join(' '),
  ]);
  return [
    '## What a debate is worth',
    origin(result, {
      command: runs[0]?.command ?? '',
      what: `3 agents, 2 exchanges, ${bounds.seeds.length} seeds, each with its own 800 training and ${count(n)} test questions, debate and training; ${runs.length} runs in ${duration(seconds)}`,
      device: deviceOf(environment),
    }),
    'Means over the seeds with Student’s 95 % intervals. The agents have complementary, systematic gaps by construction: each never ' +
      'gets one kind of step right, alone or sampled. About a fifth of the test questions need a step that no training question holds.',
    table(['arm', 'accuracy', '95 %', 'by seed'], rows),
    boundsTable(debateBounds(worth)),
    `**What it says.** The student decodes in one pass what no agent knows alone: ${gap(worth.studentOverAgent)} points over the best agent ` +
      `at the same decoding, ${gap(worth.goldContrast)} over RSFT on independent samples of the same agents at the debate's tokens, ` +
      `${gap(worth.consensusContrast)} where no right answer is used. The debate itself is ${gap(worth.debateOverVote)} points over a vote ` +
      `at its prompt and generated tokens. With three copies of one agent the debate gains nothing (debate minus first vote ` +
      `${gap(worth.fullOverlap.debateGain)}), and its student ${gap(worth.fullOverlap.studentOverAgent)} over the agent. DA minus RSFT is ${gap(worth.daMinusRsft)}; RSFT on the debate minus RSFT on the best agent's ` +
      `greedy answers ${gap(worth.teacher)}.`,
    ...causes(worth),
    'These agents are made to need each other; how much real models do is not measured here.',
  ];
}
