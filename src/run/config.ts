import * as v from 'valibot';
import { ConfigError } from '../core/errors';
import { personaPresetNames } from '../core/personas';
import type { RunConfig } from '../core/records';
import { controls, strategies } from '../core/strategies';
import { presets } from './presets';

function integer(low: number, high: number) {
  return v.pipe(v.number(), v.integer(), v.minValue(low), v.maxValue(high));
}

function real(low: number, high: number) {
  return v.pipe(v.number(), v.finite(), v.minValue(low), v.maxValue(high));
}

/** The range of every number of a run, for messages and for the page's controls. */
export const ranges = {
  nAgents: [1, 64],
  endpointConcurrency: [1, 256],
  endpointRate: [0, 100_000],
  rounds: [0, 10],
  randomPeers: [1, 63],
  trainQuestions: [0, 1_000_000],
  validationQuestions: [0, 100_000],
  testQuestions: [1, 100_000],
  oodQuestions: [0, 100_000],
  robustQuestions: [0, 100_000],
  shots: [0, 32],
  zeroShotVote: [0, 64],
  maxTokens: [1, 8192],
  temperature: [0, 4],
  topP: [0.01, 1],
  steps: [1, 1_000_000],
  batch: [1, 4096],
  lr: [1e-9, 1],
  warmup: [0, 1_000_000],
  rank: [1, 256],
  alpha: [0.001, 4096],
  distilSeeds: [1, 20],
  seed: [0, 4294967295],
  padUpdates: [1, 1_000_000],
  padQuestions: [1, 1024],
  padGroup: [2, 64],
  padIterations: [1, 16],
  padTemperature: [0.05, 2],
  padKl: [0, 10],
  padLr: [1e-9, 1],
  padRewardSteps: [1, 1_000_000],
  padRewardLr: [1e-9, 1],
  padContinuations: [1, 64],
  padOwnSamples: [0, 64],
  padContrastive: [0, 10],
} as const satisfies Partial<Record<keyof RunConfig, readonly [number, number]>>;

const reals = new Set<string>([
  'temperature',
  'topP',
  'lr',
  'alpha',
  'padTemperature',
  'padKl',
  'padLr',
  'padRewardLr',
  'padContrastive',
]);

const numbers = Object.fromEntries(
  Object.entries(ranges).map(([name, [low, high]]) => [
    name,
    reals.has(name) ? real(low, high) : integer(low, high),
  ]),
) as Record<keyof typeof ranges, ReturnType<typeof real>>;

const persona = v.object({
  name: v.pipe(v.string(), v.minLength(1), v.maxLength(60)),
  system: v.optional(v.pipe(v.string(), v.maxLength(4000))),
  temperature: v.optional(real(...ranges.temperature)),
  topP: v.optional(real(...ranges.topP)),
  seed: v.optional(integer(...ranges.seed)),
  model: v.optional(v.pipe(v.string(), v.minLength(1))),
});

const schema = v.object({
  preset: v.picklist(['quick', 'full', 'custom']),
  agents: v.pipe(v.array(v.pipe(v.string(), v.minLength(1))), v.minLength(1), v.maxLength(64)),
  personas: v.pipe(v.array(persona), v.maxLength(64)),
  protocol: v.picklist(['debate', 'self-consistency']),
  consensusStop: v.boolean(),
  summariser: v.boolean(),
  selfCheck: v.boolean(),
  visibility: v.picklist(['all', 'ring', 'random']),
  student: v.pipe(v.string(), v.minLength(1)),
  strategies: v.pipe(v.array(v.picklist(strategies)), v.maxLength(strategies.length)),
  controls: v.pipe(v.array(v.picklist(controls)), v.maxLength(controls.length)),
  questions: v.nullable(v.string()),
  accept: v.picklist(['correct', 'any']),
  exclude: v.array(v.pipe(v.string(), v.minLength(1))),
  backend: v.picklist(['auto', 'webgpu', 'cpu']),
  padReward: v.picklist(['both', 'verifiable', 'process']),
  padAdvantage: v.picklist(['rloo', 'z-score']),
  padLabels: v.picklist(['auto', 'exact', 'monte-carlo']),
  padLabelForm: v.picklist(['soft', 'hard']),
  padSplitter: v.picklist(['sentence', 'line', 'equation']),
  padAfterError: v.picklist(['own', 'bad']),
  padKlForm: v.picklist(['k3-loss', 'k1-reward']),
  padNormalisation: v.picklist(['dapo', 'grpo']),
  padMaskTruncated: v.boolean(),
  padStopOnHacking: v.boolean(),
  padRewardStart: v.picklist(['rsft', 'base']),
  padHeldOutAgents: v.pipe(v.array(integer(0, 63)), v.maxLength(63)),
  schedule: v.picklist(['together', 'agents-out', 'one-at-a-time']),
  ...numbers,
});

/** What a value may be, in words, for the setting that failed. */
function allowed(name: string): string {
  if (name in ranges) {
    const [low, high] = ranges[name as keyof typeof ranges];
    return `${reals.has(name) ? 'a number' : 'a whole number'} from ${low} to ${high}`;
  }
  switch (name) {
    case 'strategies':
      return strategies.join(', ');
    case 'controls':
      return controls.join(', ');
    case 'personas':
      return `${personaPresetNames.join(', ')}, or a list of at most 64 {name, system?, temperature?, topP?, seed?, model?}`;
    case 'protocol':
      return 'debate or self-consistency';
    case 'accept':
      return 'correct or any';
    case 'backend':
      return 'auto, webgpu or cpu';
    case 'schedule':
      return 'together, agents-out or one-at-a-time';
    case 'visibility':
      return 'all, ring or random';
    case 'preset':
      return 'quick, full or custom';
    case 'padReward':
      return 'both, verifiable or process';
    case 'padAdvantage':
      return 'rloo or z-score';
    case 'padLabels':
      return 'auto, exact or monte-carlo';
    case 'padLabelForm':
      return 'soft or hard';
    case 'padRewardStart':
      return 'rsft or base';
    case 'padSplitter':
      return 'sentence, line or equation';
    case 'padAfterError':
      return 'own or bad';
    case 'padKlForm':
      return 'k3-loss or k1-reward';
    case 'padNormalisation':
      return 'dapo or grpo';
    case 'padHeldOutAgents':
      return 'a list of indices of agents, from 0';
    default:
      return 'see the list of settings';
  }
}

/**
 * Settings that a config of an older version lacks stand at preset quick's values, which is what that version did; its
 * reward models started from nothing.
 */
function completed(input: unknown): unknown {
  if (typeof input !== 'object' || input === null) return input;
  return { ...presets.quick, padRewardStart: 'base', ...input };
}

/** A validated config. Throws ConfigError that names the setting, its value and its range. */
export function parseConfig(input: unknown): RunConfig {
  const result = v.safeParse(schema, completed(input));
  if (!result.success) {
    const issue = result.issues[0];
    const key = issue.path?.[0]?.key;
    const name = typeof key === 'string' ? key : 'config';
    const value = JSON.stringify(issue.path?.[0]?.value ?? null);
    if (issue.path === undefined) {
      throw new ConfigError(
        `The settings are ${input === null ? 'missing' : typeof input}, not an object of settings.`,
        'Start again with the settings of a preset.',
      );
    }
    throw new ConfigError(
      `${name} is ${value}, but must be ${allowed(name)}.`,
      `Change ${name} and start again.`,
      { details: { name, allowed: allowed(name) } },
    );
  }
  const config = result.output as RunConfig;
  if (new Set(config.strategies).size !== config.strategies.length) {
    throw new ConfigError(
      `strategies names ${config.strategies.join(', ')}: one of them twice.`,
      'Name each strategy once.',
    );
  }
  const heldOut = new Set(config.padHeldOutAgents);
  if (heldOut.size >= config.nAgents && heldOut.size > 0) {
    throw new ConfigError(
      `padHeldOutAgents holds out ${heldOut.size} of ${config.nAgents} agents.`,
      'Leave the reward model at least one agent to learn from.',
    );
  }
  if (config.strategies.length + config.controls.length > 0 && config.trainQuestions === 0) {
    throw new ConfigError(
      'trainQuestions is 0, but a strategy needs questions to learn from.',
      'Ask for at least 1 training question, or name no strategy.',
    );
  }
  return config;
}
