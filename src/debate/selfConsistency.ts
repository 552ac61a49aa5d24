import { ConfigError } from '../core/errors';
import type { Turn } from '../records/records';
import type { Protocol, TurnPrompt } from './protocol';

/** A debate of 10 exchanges takes about 11 times the tokens of its round 0. */
const mostTimes = 16;

export interface SelfConsistencyOptions {
  /** Independent samples of a question; sample i is spoken by agent i (the run maps agent i to a model). */
  readonly samples: number;
  readonly prompt: TurnPrompt;
  /** Under which its turns are stored; default self-consistency. */
  readonly name?: string;
  /** Samples that exist already (the debate's round 0 of this question): their agents do not speak again. */
  readonly prior?: (questionId: string) => readonly Turn[];
  /**
   * Generated tokens to reach for a question (what its debate took): sampling goes on beyond `samples`, one at a time, until
   * the samples hold at least as many, at most `mostTimes` x `samples`.
   */
  readonly budget?: (questionId: string) => number;
}

/** k independent samples and a vote: the baseline that a debate must beat at equal tokens. */
export function selfConsistency(options: SelfConsistencyOptions): Protocol {
  const { samples, prompt, name = 'self-consistency', prior, budget } = options;
  if (!Number.isInteger(samples) || samples < 1) {
    throw new ConfigError(`A vote needs at least 1 sample, not ${samples}.`, 'Use 1 or more samples.');
  }
  return {
    name,
    maxTurns: samples,
    next(question, turns) {
      const known = [...(prior?.(question.id) ?? []), ...turns];
      const spoken = new Set(known.map((turn) => turn.agent));
      const plan = (agent: number) => ({
        round: 0,
        agent,
        messages: prompt({ question, agent, round: 0, own: [], peers: [] }),
      });
      const missing = Array.from({ length: samples }, (_, i) => i).filter((agent) => !spoken.has(agent));
      if (missing.length > 0) return missing.map(plan);
      if (budget && spoken.size < mostTimes * samples) {
        const tokens = known.reduce((sum, turn) => sum + turn.usage.completion, 0);
        if (tokens < budget(question.id)) return [plan(spoken.size)];
      }
      return [];
    },
  };
}
