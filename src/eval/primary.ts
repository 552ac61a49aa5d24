/** The primary contrast: the one comparison that a run is held for. It is named before the run; all others are corrected for their number. */
import { ConfigError } from '../core/errors';
import type { RunConfig } from '../settings/config';
import { armId, parseArm, type Arm } from './arm';

/** Two arms by their ids: the first minus the second. */
export interface Contrast {
  readonly a: string;
  readonly b: string;
}

const between = ' - ';

/** "distilled:rsft - single-greedy", as the setting has it. */
export function contrastText({ a, b }: Contrast): string {
  return `${a}${between}${b}`;
}

/** `contrastText` backwards; null where the text names no two different arms. */
export function parseContrast(text: string): Contrast | null {
  const [a = '', b = '', ...more] = text.split(between).map((part) => part.trim());
  const known = [a, b].every((id) => parseArm(id).kind !== 'unknown');
  return known && a !== b && more.length === 0 ? { a, b } : null;
}

/** Whether a pair compares the same two arms, in whichever order. */
export function isContrast(pair: Contrast, { a, b }: Contrast): boolean {
  return (pair.a === a && pair.b === b) || (pair.a === b && pair.b === a);
}

/** Whether a run of these settings compares that arm (a greedy vote hangs on how many agents differ). */
function isMade(arm: Arm, config: RunConfig): boolean {
  const debates = config.protocol === 'debate';
  switch (arm.kind) {
    case 'base':
    case 'single':
    case 'single-greedy':
      return true;
    case 'base-shots':
      return config.shots > 0;
    case 'vote':
      return arm.k === config.nAgents;
    case 'vote-greedy':
      return arm.k >= 2 && arm.k <= config.nAgents;
    case 'vote-zero-shot':
      return arm.k === config.zeroShotVote;
    case 'debate':
    case 'vote-equal-tokens':
    case 'vote-equal-total-tokens':
      return debates;
    case 'summariser':
      return debates && config.summariser;
    case 'distilled':
      return config.strategies.some((strategy) => strategy === arm.strategy);
    case 'control':
      return config.controls.some((control) => control === arm.control);
    case 'unknown':
      return false;
    default:
      return arm satisfies never;
  }
}

/** What a run is held for where nothing is said: does learning from the debate beat learning from samples, else one agent alone? */
function naturalContrast(config: RunConfig): Contrast | null {
  const [strategy] = config.strategies;
  const debates = config.protocol === 'debate';
  if (strategy !== undefined) {
    const a = armId({ kind: 'distilled', strategy });
    const sampled = debates && config.controls.includes('self-consistency');
    return {
      a,
      b: armId(sampled ? { kind: 'control', control: 'self-consistency' } : { kind: 'single-greedy' }),
    };
  }
  return debates ? { a: armId({ kind: 'debate' }), b: armId({ kind: 'vote-equal-total-tokens' }) } : null;
}

/** The contrast of a run's settings. Throws ConfigError where they name what is no arm of the run. */
export function contrastOf(config: RunConfig): Contrast | null {
  const { primary } = config;
  if (primary === null || primary.trim() === '') return naturalContrast(config);
  const contrast = parseContrast(primary);
  const hint =
    'Name two arms of this run with " - " between them, for example "distilled:rsft - single-greedy".';
  const details = { details: { name: 'primary', settings: ['primary'] } };
  if (!contrast)
    throw new ConfigError(`The primary contrast "${primary.slice(0, 80)}" names no two arms.`, hint, details);
  for (const id of [contrast.a, contrast.b]) {
    if (!isMade(parseArm(id), config))
      throw new ConfigError(
        `The primary contrast names ${id}, which these settings do not compare.`,
        hint,
        details,
      );
  }
  return contrast;
}
