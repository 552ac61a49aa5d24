/** What an agent is asked and how it samples: its slot, the run's settings, and its persona. */
import { personaOf } from '../settings/personas';
import { agentThinking } from '../settings/thinking';
import type { RunConfig } from '../settings/config';
import type { TurnPrompt } from '../debate/protocol';
import { turnMessages, type Shot } from '../debate/prompts';
import type { TurnSampling } from '../debate/scheduler';
import type { AgentSlot } from './agentPool';

export interface Speakers {
  readonly config: RunConfig;
  readonly agents: readonly AgentSlot[];
}

export function agentPrompt({ config, agents }: Speakers, shots: readonly Shot[]): TurnPrompt {
  return ({ question, agent, own, peers }) => {
    const persona = personaOf(config.personas, config.nAgents, agent)?.system;
    const style = agents[agent % agents.length]?.style ?? 'natural';
    return turnMessages({ style, question, own, peers, shots, ...(persona && { persona }) });
  };
}

/** The run's sampling with what the agent's persona changes. */
export function agentSampling({ config }: Pick<Speakers, 'config'>, agent: number): TurnSampling {
  const persona = personaOf(config.personas, config.nAgents, agent);
  return {
    temperature: persona?.temperature ?? config.temperature,
    topP: persona?.topP ?? config.topP,
    maxTokens: config.maxTokens,
    ...agentThinking(config),
    ...(persona?.seed === undefined ? {} : { runSeed: persona.seed }),
  };
}
