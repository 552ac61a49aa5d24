/** The flags of `npm run distil`, which are also the keys of the page's address. */
import * as v from 'valibot';
import { ConfigError, type ErrorData } from '../core/errors';
import { personaPresetNames, personasText, readPersonas } from '../core/personas';
import type { RunConfig } from '../core/records';
import { parseConfig } from './config';
import { presets } from './presets';

type Change = Partial<{ -readonly [K in keyof RunConfig]: RunConfig[K] }>;
type Read = (value: string, change: Change) => void;

function number(name: string, value: string): number {
  const parsed = value.trim() === '' ? NaN : Number(value);
  if (Number.isNaN(parsed)) {
    throw new ConfigError(`--${name} is "${value}", which is not a number.`, `Give --${name} a number.`);
  }
  return parsed;
}

function list(value: string): string[] {
  return value
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

function numeric(flag: string, field: keyof RunConfig): [string, Read] {
  return [flag, (value, change) => Object.assign(change, { [field]: number(flag, value) })];
}

function text(flag: string, field: keyof RunConfig): [string, Read] {
  return [flag, (value, change) => Object.assign(change, { [field]: value })];
}

function personasOf(value: string): RunConfig['personas'] {
  const personas = readPersonas(value);
  if (personas) return personas;
  throw new ConfigError(
    `--personas is "${value.slice(0, 60)}", which is neither a preset nor a JSON list.`,
    `Name ${personaPresetNames.join(', ')}, or a JSON file with a list of {name, system?, temperature?, topP?, seed?, model?}.`,
  );
}

const readers = new Map<string, Read>([
  ['agents', (value, change) => (change.agents = list(value))],
  numeric('n-agents', 'nAgents'),
  ['personas', (value, change) => (change.personas = personasOf(value))],
  numeric('endpoint-concurrency', 'endpointConcurrency'),
  numeric('endpoint-rate', 'endpointRate'),
  text('protocol', 'protocol'),
  numeric('rounds', 'rounds'),
  ['consensus-stop', (value, change) => (change.consensusStop = value !== 'false')],
  text('visibility', 'visibility'),
  numeric('random-peers', 'randomPeers'),
  text('student', 'student'),
  ['strategy', (value, change) => (change.strategies = list(value) as RunConfig['strategies'])],
  ['controls', (value, change) => (change.controls = list(value) as RunConfig['controls'])],
  text('questions', 'questions'),
  numeric('train-questions', 'trainQuestions'),
  numeric('validation-questions', 'validationQuestions'),
  numeric('test-questions', 'testQuestions'),
  numeric('ood-questions', 'oodQuestions'),
  numeric('robust-questions', 'robustQuestions'),
  numeric('shots', 'shots'),
  numeric('zero-shot-vote', 'zeroShotVote'),
  ['self-check', (value, change) => (change.selfCheck = value !== 'false')],
  ['summariser', (value, change) => (change.summariser = value !== 'false')],
  numeric('max-tokens', 'maxTokens'),
  numeric('temperature', 'temperature'),
  numeric('top-p', 'topP'),
  numeric('steps', 'steps'),
  numeric('batch', 'batch'),
  numeric('lr', 'lr'),
  numeric('warmup', 'warmup'),
  numeric('rank', 'rank'),
  numeric('alpha', 'alpha'),
  numeric('distil-seeds', 'distilSeeds'),
  text('accept', 'accept'),
  ['exclude', (value, change) => (change.exclude = list(value))],
  numeric('seed', 'seed'),
  text('backend', 'backend'),
  text('pad-reward', 'padReward'),
  text('pad-advantage', 'padAdvantage'),
  numeric('pad-updates', 'padUpdates'),
  numeric('pad-questions', 'padQuestions'),
  numeric('pad-group', 'padGroup'),
  numeric('pad-iterations', 'padIterations'),
  numeric('pad-temperature', 'padTemperature'),
  numeric('pad-kl', 'padKl'),
  numeric('pad-lr', 'padLr'),
  numeric('pad-own-samples', 'padOwnSamples'),
  numeric('pad-reward-steps', 'padRewardSteps'),
  numeric('pad-reward-lr', 'padRewardLr'),
  text('pad-labels', 'padLabels'),
  text('pad-reward-start', 'padRewardStart'),
  ['pad-held-out-agents', (value, change) => (change.padHeldOutAgents = list(value).map(Number))],
  numeric('pad-continuations', 'padContinuations'),
  text('pad-label-form', 'padLabelForm'),
  text('pad-splitter', 'padSplitter'),
  text('pad-after-error', 'padAfterError'),
  numeric('pad-contrastive', 'padContrastive'),
  text('pad-kl-form', 'padKlForm'),
  text('pad-normalisation', 'padNormalisation'),
  ['pad-mask-truncated', (value, change) => (change.padMaskTruncated = value !== 'false')],
  ['pad-stop-on-hacking', (value, change) => (change.padStopOnHacking = value !== 'false')],
  text('schedule', 'schedule'),
]);

/** What an error's details tell a command: the page has fields and buttons for it. */
const commandDetails = v.object({
  /** Settings that would help, by their flags. */
  settings: v.optional(v.array(v.string()), []),
  /** How a value is written on the command line. */
  form: v.optional(v.string()),
  /** The variable of the environment that holds what is lacking. */
  variable: v.optional(v.string()),
});

/** An error as the commands print it: its hint ends with the flags, which the page never shows. */
export function commandError(error: ErrorData): ErrorData {
  const found = v.safeParse(commandDetails, error.details ?? {});
  if (!found.success) return error;
  const { settings, form, variable } = found.output;
  const named = [
    ...settings.map((name) => `--${name}`),
    ...(form === undefined ? [] : [form]),
    ...(variable === undefined ? [] : [variable]),
  ];
  return named.length === 0 ? error : { ...error, hint: `${error.hint} (${named.join(', ')})` };
}

/** The flags that set a field of the config, without their dashes. */
export const configFlags: readonly string[] = [...readers.keys()];

/** `--name value`, `--name=value` and bare `--name` as pairs. Throws ConfigError on anything else. */
export function splitFlags(args: readonly string[]): Map<string, string> {
  const flags = new Map<string, string>();
  for (let i = 0; i < args.length; i++) {
    const argument = args[i] ?? '';
    const match = /^--([a-z][a-z0-9-]*)(?:=([\s\S]*))?$/.exec(argument);
    if (!match?.[1]) throw new ConfigError(`"${argument}" is not a flag.`, 'Write flags as --name value.');
    const next = args[i + 1];
    if (match[2] !== undefined) flags.set(match[1], match[2]);
    else if (next !== undefined && !next.startsWith('--')) {
      flags.set(match[1], next);
      i++;
    } else flags.set(match[1], 'true');
  }
  return flags;
}

/** A preset with single settings changed. Throws ConfigError for unknown flags and absurd values. */
export function configFromFlags(flags: ReadonlyMap<string, string>): RunConfig {
  const preset = flags.get('preset') ?? 'quick';
  if (preset !== 'quick' && preset !== 'full') {
    throw new ConfigError(`--preset is "${preset}", but must be quick or full.`, 'Name one of the two.');
  }
  const change: Change = {};
  for (const [name, value] of flags) {
    if (name === 'preset') continue;
    const read = readers.get(name);
    if (!read) {
      throw new ConfigError(
        `There is no flag --${name}.`,
        `The flags are --preset, --${configFlags.join(', --')}.`,
      );
    }
    read(value, change);
  }
  if (change.rank !== undefined && change.alpha === undefined) change.alpha = 2 * change.rank;
  const custom = Object.keys(change).some((name) => name !== 'seed' && name !== 'backend');
  return parseConfig({ ...presets[preset], ...change, preset: custom ? 'custom' : preset });
}

const fields: Readonly<Record<string, keyof RunConfig>> = {
  'n-agents': 'nAgents',
  'endpoint-concurrency': 'endpointConcurrency',
  'endpoint-rate': 'endpointRate',
  'consensus-stop': 'consensusStop',
  'random-peers': 'randomPeers',
  'zero-shot-vote': 'zeroShotVote',
  'self-check': 'selfCheck',
  strategy: 'strategies',
  'train-questions': 'trainQuestions',
  'validation-questions': 'validationQuestions',
  'test-questions': 'testQuestions',
  'ood-questions': 'oodQuestions',
  'robust-questions': 'robustQuestions',
  'max-tokens': 'maxTokens',
  'top-p': 'topP',
  'distil-seeds': 'distilSeeds',
  'pad-reward': 'padReward',
  'pad-advantage': 'padAdvantage',
  'pad-updates': 'padUpdates',
  'pad-questions': 'padQuestions',
  'pad-group': 'padGroup',
  'pad-iterations': 'padIterations',
  'pad-temperature': 'padTemperature',
  'pad-kl': 'padKl',
  'pad-lr': 'padLr',
  'pad-own-samples': 'padOwnSamples',
  'pad-reward-steps': 'padRewardSteps',
  'pad-reward-lr': 'padRewardLr',
  'pad-labels': 'padLabels',
  'pad-reward-start': 'padRewardStart',
  'pad-held-out-agents': 'padHeldOutAgents',
  'pad-continuations': 'padContinuations',
  'pad-label-form': 'padLabelForm',
  'pad-splitter': 'padSplitter',
  'pad-after-error': 'padAfterError',
  'pad-contrastive': 'padContrastive',
  'pad-kl-form': 'padKlForm',
  'pad-normalisation': 'padNormalisation',
  'pad-mask-truncated': 'padMaskTruncated',
  'pad-stop-on-hacking': 'padStopOnHacking',
};

/** The flags that lead from a preset to this config: for an address to share, and for messages. */
export function flagsFromConfig(config: RunConfig, base: 'quick' | 'full' = 'quick'): Map<string, string> {
  const flags = new Map<string, string>([['preset', base]]);
  for (const flag of configFlags) {
    const field = fields[flag] ?? (flag as keyof RunConfig);
    if (JSON.stringify(config[field]) === JSON.stringify(presets[base][field])) continue;
    if (field === 'personas') {
      flags.set(flag, personasText(config.personas));
      continue;
    }
    const value = config[field];
    if (value !== null) flags.set(flag, Array.isArray(value) ? value.join(',') : String(value));
  }
  return flags;
}
