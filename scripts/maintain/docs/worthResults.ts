/** The section of docs/results.md on what a debate is worth: five debate seeds of the bundled agents. */
import { debate as bounds, debateBounds } from '../../prove/hypotheses.mjs';
import type { Spread, Worth as Measured } from '../../prove/hypotheses.mjs';
import type { Environment } from '../../../src/records/records';
import type { Result, Results } from './results';
import { boundsTable, gap, level, one } from './spreads';
import { count, deviceOf, duration, origin, table } from './words';

export interface Worth extends Measured {
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
      `at its prompt and generated tokens. With three copies of one agent none of it is left (debate minus first vote ` +
      `${gap(worth.fullOverlap.debateGain)}). DA minus RSFT is ${gap(worth.daMinusRsft)}; RSFT on the debate minus RSFT on the best agent's ` +
      `greedy answers ${gap(worth.teacher)}. These agents are made to need each other; how much real models do is not measured here.`,
  ];
}
