/** What the settings say of thinking, for the agents and for the student: what a reply's sampling holds where it is not the default. */
import type { RunConfig } from './config';
import { defaultThinkingBudget } from './thinkingBudget';

type Thinking = Pick<RunConfig, 'thinking' | 'thinkingBudget'>;

export interface ThinkingSampling {
  readonly thinking?: 'auto' | 'on';
  readonly thinkingBudget?: number;
}

function sampled(thinking: RunConfig['thinking'], { thinkingBudget }: Thinking): ThinkingSampling {
  return {
    ...(thinking !== 'off' && { thinking }),
    ...(thinkingBudget !== defaultThinkingBudget && { thinkingBudget }),
  };
}

export function agentThinking(config: Thinking): ThinkingSampling {
  return sampled(config.thinking, config);
}

/** A student thinks where it was trained to, and only there: it is prompted as in training. */
export function studentThinking(config: Thinking & Pick<RunConfig, 'trainThoughts'>): ThinkingSampling {
  const { trainThoughts, thinking } = config;
  return sampled(!trainThoughts ? 'off' : thinking === 'off' ? 'auto' : thinking, config);
}

/** Tokens that a student's reply may have. */
export function studentTokens(config: Thinking & Pick<RunConfig, 'trainThoughts' | 'maxTokens'>): number {
  return config.maxTokens + (config.trainThoughts ? config.thinkingBudget : 0);
}
