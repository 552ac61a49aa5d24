/** The sections of docs/results.md on process-aware distillation. */
import { arm, overSeeds, pair, type PadRunResult, type Results, type RunResult } from './results';
import { armTable } from './debateResults';
import { change, count, deviceOf, duration, interval, origin, percent, points, spread, table } from './words';

interface Between {
  readonly n: number;
  readonly difference: number;
  readonly ci: readonly number[];
  readonly bySeed: readonly number[];
  readonly overSeeds: { readonly mean: number; readonly ci: readonly number[] };
}

interface Pad {
  readonly comparisons: Readonly<Record<string, Between>>;
  readonly curve: {
    readonly supervised: readonly {
      readonly strategy: string;
      readonly tokens: number;
      readonly accuracy: number;
    }[];
    readonly pad: readonly {
      readonly strategy: string;
      readonly debateTokens: number;
      readonly ownSampleTokens: number;
      readonly generatedTokens: number;
      readonly accuracy: number;
    }[];
  };
  readonly supervised: RunResult;
  readonly modes: Readonly<Record<'both' | 'verifiable' | 'process', PadRunResult>>;
}

const rewards = { both: 'answer and steps', verifiable: 'answer alone', process: 'steps alone' } as const;
const modes = Object.keys(rewards) as (keyof typeof rewards)[];
const [fromBase, fromRsft] = ['distilled:pad', 'distilled:rsft+pad'];

function between(pad: Pad, name: string): Between {
  const found = pad.comparisons[name];
  if (!found) throw new Error(`The results have no comparison ${name}.`);
  return found;
}

function rewardTables(pad: Pad): string[] {
  const base = modes.map((mode) => {
    const run = pad.modes[mode];
    return [
      rewards[mode],
      percent(arm(run, fromBase).accuracy),
      change(pair(run, fromBase, 'base')),
      spread(overSeeds(run, fromBase)),
    ];
  });
  const rsft = modes.map((mode) => {
    const run = pad.modes[mode];
    const less = between(pad, `rsft+pad - rsft, ${mode}`);
    return [
      rewards[mode],
      percent(arm(run, fromRsft).accuracy),
      change(less),
      spread(overSeeds(run, fromRsft)),
      `${points(less.overSeeds.mean)} ${interval(less.overSeeds.ci)}`,
    ];
  });
  const seeds = `over ${pad.modes.both.seeds.length + 1} seeds`;
  return [
    'PAD from the base:',
    table(['reward', 'first seed', 'over base (points)', seeds], base),
    'PAD from the RSFT adapter:',
    table(['reward', 'first seed', 'minus RSFT (points)', seeds, `minus RSFT ${seeds}`], rsft),
  ];
}

function compared(pad: Pad): string {
  const rows = modes
    .filter((mode) => mode !== 'both')
    .flatMap((mode) =>
      ['from base', 'from RSFT'].map((from) => {
        const found = between(pad, `both - ${mode}, ${from}`);
        const better = found.bySeed.filter((difference) => difference > 0).length;
        return [
          `answer and steps minus ${rewards[mode]}, ${from}`,
          count(found.n),
          change(found),
          `${points(found.overSeeds.mean)} ${interval(found.overSeeds.ci)}`,
          `${better} of ${found.bySeed.length}`,
        ];
      }),
    );
  return table(
    ['difference (points)', 'n', 'first seed', "over seeds (Student's interval)", 'seeds above 0'],
    rows,
  );
}

function curve({ curve: { supervised, pad } }: Pad): string {
  const rows = [
    ...supervised.map(({ strategy, tokens, accuracy }) => [
      strategy,
      count(tokens),
      '',
      '',
      percent(accuracy),
    ]),
    ...pad.map(({ strategy, debateTokens, ownSampleTokens, generatedTokens, accuracy }) => [
      strategy,
      count(debateTokens),
      count(ownSampleTokens),
      count(generatedTokens),
      percent(accuracy),
    ]),
  ];
  return table(
    ['strategy', 'debate tokens', 'on-policy samples for the reward model', 'tokens of group RL', 'accuracy'],
    rows,
  );
}

function padSection(results: Results): string[] {
  const result = results.read<Pad>('pad');
  const pad = result.result;
  const { both } = pad.modes;
  const aucs = both.pad.rewardModels.flatMap(({ auc }) => (auc === null ? [] : [auc]));
  const best = both.pad.rewardModel.bestOfN;
  if (!best) throw new Error('The results have no best of n.');
  const minutes = modes.map((mode) => `${rewards[mode]} ${duration(pad.modes[mode].seconds)}`).join(', ');
  return [
    '## PAD',
    origin(result, {
      command: both.command,
      what: `800 training and 1,000 test questions, 3 agents, one debate for all (\`${pad.supervised.command}\`), 40 updates of 16 questions x 8 samples; seed ${both.seed}, ${both.seeds.length + 1} distillation seeds; ${minutes}`,
      device: deviceOf(both.environment),
    }),
    ...rewardTables(pad),
    compared(pad),
    `The student starts at ${percent(arm(both, 'base').accuracy)}; RSFT alone reaches ${spread(overSeeds(both, 'distilled:rsft'))}, PAD then DA ${spread(overSeeds(both, 'distilled:pad+da'))}. ` +
      `The reward model's step AUC on held-out questions is ${Math.min(...aucs).toFixed(2)} to ${Math.max(...aucs).toFixed(2)} over the seeds. ` +
      `Picking one of ${best.n} traces, the first seed's is right on ${percent(best.rewardModel)} of ${best.questions} questions ` +
      `(one drawn ${percent(best.single)}, vote ${percent(best.vote)}); over the seeds it was right on 68 to 88 %, of which the committed result keeps the first alone.`,
    '**What it says.** That steps and answer beat the answer alone is not shown. They beat the steps alone from the base. At this ' +
      'learning rate (1e-3, not tuned) RSFT then PAD stays below RSFT alone with every reward, and PAD then DA is below RSFT.',
    'Accuracy against generated tokens, first seed:',
    curve(pad),
    "Tuned on the bundled models and kept as defaults: KL weight 0.1 (the paper's is 0.001), temperature 0.8, one pass over each " +
      "rollout, so that clipping is idle. The reward model's LoRA is trained by the shaders, its head of 2 x 64 numbers on the host.",
  ];
}

function quick(results: Results): string[] {
  const result = results.read<PadRunResult>('quick-pad');
  const run = result.result;
  const { auc, n } = run.pad.rewardModel;
  return [
    '## Preset quick with PAD',
    origin(result, {
      command: run.command,
      what: `800 training and 300 test questions; seed ${run.seed}; ${duration(run.seconds)}`,
      device: deviceOf(run.environment),
    }),
    armTable(run),
    `Step AUC ${auc?.toFixed(3)} on ${count(n)} held-out steps.`,
  ];
}

function judge(results: Results): string[] {
  interface Fold {
    readonly command: string;
    readonly environment: RunResult['environment'];
    readonly heldOut: {
      readonly agent: string;
      readonly auc: number;
      readonly n: number;
      readonly baselines: Readonly<Record<'position' | 'operator' | 'answerOnly', number>>;
    };
  }
  const result = results.read<{ readonly preset: readonly Fold[]; readonly more: readonly Fold[] }>(
    'pad-judge',
  );
  const { preset, more } = result.result;
  const rows = (
    [
      [3200, more],
      [800, preset],
    ] as const
  ).flatMap(([questions, folds]) =>
    [...folds]
      .sort((a, b) => a.heldOut.agent.localeCompare(b.heldOut.agent))
      .map(({ heldOut: { agent, auc, n, baselines } }) => [
        agent.replace(/#\d+$/, ''),
        count(questions),
        count(n),
        ...[auc, baselines.position, baselines.operator, baselines.answerOnly].map((value) =>
          value.toFixed(3),
        ),
      ]),
  );
  const [first] = preset;
  if (!first) throw new Error('The results have no held-out agent.');
  return [
    '## Judging agents it never saw',
    origin(result, {
      command: first.command,
      what: 'one agent is left out of all that the reward model learns from, three times over; seed 0',
      device: deviceOf(first.environment),
    }),
    "Step AUC on that agent's held-out traces, beside judges that read no arithmetic on the same steps:",
    table(
      [
        'held-out agent',
        'training questions',
        'steps (n)',
        'reward model',
        'position',
        'operator',
        'answer only',
      ],
      rows,
    ),
    "With the preset's 800 questions a judge does not carry over to every agent; with four times as many it does.",
  ];
}

function hacking(results: Results): string[] {
  const result = results.read<Readonly<Record<string, PadRunResult>>>('pad-hacking');
  const kinds = {
    weak: 'weak reward model alone, no KL',
    weakMixedFree: 'weak reward model and verdict, no KL',
    weakMixed: "weak reward model and verdict, the preset's KL and rate",
    mixed: "the preset's reward model, verdict, KL and rate",
  };
  const rows = Object.entries(kinds).map(([key, title]) => {
    const run = result.result[key];
    const training = run?.pad.runs[0];
    const [first, last] = [training?.evaluations[0], training?.evaluations.at(-1)];
    if (!run || !training || !first || !last) throw new Error(`The results have no run ${key}.`);
    return [
      title,
      run.pad.rewardModel.auc?.toFixed(3) ?? '',
      training.stopped ? `update ${training.stopped.step}` : 'never',
      `${percent(first.accuracy)} to ${percent(last.accuracy)}`,
      `${percent(arm(run, 'base').accuracy)} to ${percent(arm(run, fromBase).accuracy)}`,
      change(pair(run, fromBase, 'base')),
    ];
  });
  const { weak } = result.result;
  if (!weak) throw new Error('The results have no weak reward model.');
  return [
    '## Reward hacking',
    origin(result, {
      command: weak.command,
      what: '400 training questions, 60 updates, held out n = 128, test n = 100; the weak reward model has 40 steps; seed 0',
      device: deviceOf(weak.environment),
    }),
    table(
      ['reward', 'step AUC', 'detector fires', 'held out, first to last', 'test', 'over base (points)'],
      rows,
    ),
    'Rewarded by a weak model alone and without KL, the reward rises while accuracy falls. The verdict alone does not save a run; verdict and KL do.',
  ];
}

function smollm2(results: Results): string[] {
  const parts = ['pad-smollm2', 'pad-smollm2-webgpu'].flatMap((name) => {
    const result = results.read<PadRunResult>(name);
    const run = result.result;
    const what = `2 questions x 4 samples of 16 tokens an update; test n = 2; seed ${run.seed}; ${duration(run.seconds)}`;
    return [origin(result, { command: run.command, what, device: deviceOf(run.environment) })];
  });
  return [
    '## PAD on SmolLM2-135M',
    ...parts,
    'Ten updates on the CPU path and one on software WebGPU run to their end and move the adapter. This shows that it runs, not that it learns: nothing longer was run, and no real GPU was at hand.',
  ];
}

export function padSections(results: Results): string[] {
  return [
    ...padSection(results),
    ...quick(results),
    ...judge(results),
    ...hacking(results),
    ...smollm2(results),
  ];
}
