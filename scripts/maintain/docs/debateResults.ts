/** The sections of docs/results.md on the debate and on supervised distillation. */
import type { ArmResult } from '../../../src/records/records';
import { trainingOf } from '../../../src/eval/arm';
import { arm, overSeeds, pair, unpaired, type Results, type RunResult } from './results';
import { change, count, deviceOf, duration, interval, origin, percent, spread, table } from './words';

/** What agents answer alone and vote at the student's decoding. */
export interface GreedyRun extends Pick<RunResult, 'command' | 'arms' | 'environment' | 'seconds' | 'seed'> {
  readonly agents: readonly (Pick<ArmResult, 'n' | 'accuracy' | 'ci' | 'correct'> & {
    readonly model: string;
  })[];
  readonly ood: { readonly arms: readonly ArmResult[] } | null;
  readonly robust: { readonly arms: readonly ArmResult[] } | null;
}

export interface Greedy {
  readonly quick: GreedyRun;
  readonly full: GreedyRun;
}

const splitOrder = ['train', 'validation', 'test', 'ood', 'robust'];

function sizes({ splits, seed, seconds, seeds }: RunResult): string {
  const parts = splitOrder
    .filter((split) => splits[split] !== undefined)
    .map((split) => `${count(splits[split] ?? 0)} ${split}`);
  const repeats = seeds.length > 0 ? `, ${seeds.length + 1} distillation seeds` : '';
  return `questions: ${parts.join(', ')}; seed ${seed}${repeats}; ${duration(seconds)}`;
}

/** Every arm with its difference from `base`. */
export function armTable(run: RunResult): string {
  const rows = run.arms.map(({ name, n, accuracy, ci, strict, tokensPerQuestion }) => {
    const found = run.pairs.find(({ a, b }) => a === name && b === 'base');
    return [
      `\`${name}\``,
      count(n),
      percent(accuracy),
      interval(ci),
      percent(strict.accuracy),
      found ? change(found) : '',
      count(tokensPerQuestion),
    ];
  });
  return table(['arm', 'n', 'accuracy', '95 %', 'strict', 'over base (points)', 'tokens/question'], rows);
}

function greedyTable({ arms, agents }: GreedyRun): string {
  const rows = [
    ...agents.map(({ model, n, accuracy, ci }) => [
      `${model} alone`,
      count(n),
      percent(accuracy),
      interval(ci),
      '',
    ]),
    ...arms.map(({ name, n, accuracy, ci, tokensPerQuestion }) => [
      `\`${name}\``,
      count(n),
      percent(accuracy),
      interval(ci),
      count(tokensPerQuestion),
    ]),
  ];
  return table(['greedy', 'n', 'accuracy', '95 %', 'tokens/question'], rows);
}

function runSection(results: Results, name: string, title: string, who?: string): string[] {
  const result = results.read<RunResult>(name);
  const run = result.result;
  return [
    `## ${title}`,
    origin(result, {
      command: run.command,
      what: who === undefined ? sizes(run) : `${who}; ${sizes(run)}`,
      device: deviceOf(run.environment),
    }),
    armTable(run),
  ];
}

function full(results: Results): string[] {
  const run = results.read<RunResult>('full').result;
  const alone = results.read<Greedy>('single-greedy').result.full;
  const student = arm(run, 'distilled:rsft');
  const [greedy, vote] = [arm(alone, 'single-greedy'), arm(alone, 'vote:3')];
  const trained = run.arms.filter(({ name }) => trainingOf(name) !== null);
  const seeds = trained.map(({ name }) => [`\`${name}\``, spread(overSeeds(run, name))]);
  const check = run.selfCorrection.map(
    ({ arm: name, temperature = 0, n, before, after, wrongToRight, rightToWrong }) => [
      `\`${name}\`${temperature === 0 ? '' : ', first answer sampled'}`,
      ...[n, before, after, wrongToRight, rightToWrong].map(count),
    ],
  );
  const less = unpaired(greedy, student);
  const [debate, ratio] = [arm(run, 'debate'), vote.tokensPerQuestion / arm(run, 'debate').tokensPerQuestion];
  return [
    ...runSection(results, 'full', 'Preset full', '5 agents, 2 rounds'),
    'Other work ran on the machine beside this run, so its seconds are an upper bound.',
    `Mean (range) over ${run.seeds.length + 1} distillation seeds:`,
    table(['arm', 'accuracy'], seeds),
    `**What it says.** Training lifts the student (${change(pair(run, 'distilled:rsft', 'base'))} points), but no gain from the ` +
      `debate is shown. The agents sample at temperature 1 and the student decodes greedily; one agent alone, decoded as ` +
      `the student is, gets ${percent(greedy.accuracy)} at ${count(greedy.tokensPerQuestion)} tokens a question: ` +
      `${change(less)} points more than the student (unpaired interval). A greedy vote of three agents gets ` +
      `${percent(vote.accuracy)} at ${percent(ratio)} of the debate's tokens.`,
    `The debate (${percent(debate.accuracy)}) beats the vote of its own first answers (${change(pair(run, 'debate', 'vote:5'))}), ` +
      `but not a vote of independent answers at the same number of tokens (${change(pair(run, 'debate', 'vote-equal-tokens'))}). ` +
      `DA is below RSFT. RSFT on debate traces minus RSFT on self-consistency traces is ${change(pair(run, 'distilled:rsft', 'control:self-consistency'))}; ` +
      `minus training on the generator's own solutions ${change(pair(run, 'distilled:rsft', 'control:gold-sft'))}.`,
    ...elsewhere(run, alone),
    'Asked to check its own answer, right before and after:',
    table(['arm', 'n', 'before', 'after', 'wrong to right', 'right to wrong'], check),
  ];
}

/** Out of distribution and perturbed. */
function elsewhere(run: RunResult, alone: GreedyRun): string[] {
  const { ood, robust } = run;
  if (!ood || !robust || !alone.ood || !alone.robust) throw new Error('The results have no other questions.');
  const others = [alone.ood, alone.robust];
  const rows = [
    ...ood.arms.map(({ name, n, accuracy }) => [
      `\`${name}\``,
      count(n),
      percent(accuracy),
      percent(arm(robust, name).accuracy),
    ]),
    ...alone.ood.arms.map(({ name, n }) => [
      `\`${name}\`, greedy agents`,
      count(n),
      ...others.map((one) => percent(arm(one, name).accuracy)),
    ]),
  ];
  return [
    'Other questions: `ood` has unseen words and one more step, `robust` has renamed entities and an idle sentence.',
    table(['arm', 'n each', 'ood', 'robust'], rows),
    `Out of distribution the debate loses to the vote of its own first answers: ${change(pair(ood, 'debate', 'vote:5'))}. ` +
      'Models of this size do not generalise.',
  ];
}

function greedySection(results: Results): string[] {
  const result = results.read<Greedy>('single-greedy');
  const { quick, full: whole } = result.result;
  return [
    "## Agents at the student's decoding",
    origin(result, {
      command: whole.command,
      what: `temperature 0, on the questions of preset full (${duration(whole.seconds)}) and, with \`--preset quick\`, of preset quick (${duration(quick.seconds)}); seed ${whole.seed}`,
      device: deviceOf(whole.environment),
    }),
    'Questions of preset full:',
    greedyTable(whole),
    'Questions of preset quick:',
    greedyTable(quick),
    '`single-greedy` is the agent that the validation questions choose.',
  ];
}

function repeat(results: Results): string[] {
  interface Repeat {
    readonly command: string;
    readonly environment: RunResult['environment'];
    readonly bytes: readonly {
      readonly trajectories: string;
      readonly adapters: readonly (readonly string[])[];
    }[];
    readonly same: boolean;
  }
  const result = results.read<Repeat>('repeat');
  const { command, environment, bytes, same } = result.result;
  return [
    '## The same seed twice',
    origin(result, {
      command,
      what: '60 training and 40 test questions, twice',
      device: deviceOf(environment),
    }),
    `Trajectories and adapter of the two runs ${same ? 'are the same bytes' : 'DIFFER'}: SHA-256 ` +
      `\`${bytes[0]?.trajectories.slice(0, 16)}…\` and \`${bytes[0]?.adapters[0]?.[1]?.slice(0, 16)}…\`.`,
  ];
}

function smollm2(results: Results): string[] {
  const run = results.read<RunResult>('smollm2').result;
  const against = (b: string): string => change(pair(run, 'distilled:rsft', b));
  return [
    ...runSection(results, 'smollm2', 'A real language model: SmolLM2-135M'),
    `SmolLM2-135M-Instruct as agents and student on easy one- and two-step word problems in GSM8K's format, ${run.dataset.kept} correct traces. Other work ran on the machine.`,
    `**What it says.** The student gains over the base (${against('base')} points) and over its own vote ` +
      `without examples (${against('vote-zero-shot:8')}). It is not shown to be above the vote with examples (${against('vote:8')}), nor above answer-only ` +
      `training (${against('control:answer-only')}): much of the gain may be the format and the questions' kind. Wrong traces ` +
      `teach nothing (${change(pair(run, 'control:wrong', 'base'))}).`,
    ...runSection(results, 'smollm2-small', 'SmolLM2-135M, the whole chain in little'),
    ...runSection(
      results,
      'smollm2-small-webgpu',
      'SmolLM2-135M, the whole chain in little, on software WebGPU',
    ),
    'The last two show that the chain runs; 8 questions measure nothing.',
  ];
}

export function debateSections(results: Results): string[] {
  return [
    ...runSection(results, 'quick', 'Preset quick', '3 agents, 2 exchanges'),
    ...repeat(results),
    ...smollm2(results),
  ];
}

/** Of the first bundled agents. */
export function earlierSections(results: Results): string[] {
  return [
    ...full(results),
    ...greedySection(results),
    ...runSection(
      results,
      'quick-webgpu',
      'Preset quick on software WebGPU',
      '3 agents, 1 round, other work beside',
    ),
  ];
}
