import type { RunConfig } from '../settings/config';

/** A persona's own model takes the place of the one that the agent would have. */
export function agentSpecs(config: RunConfig, agents: readonly string[]): readonly string[] {
  const { personas, nAgents } = config;
  if (!personas.some(({ model }) => model !== undefined)) return agents.slice(0, nAgents);
  return Array.from({ length: nAgents }, (_, i) => {
    const own = personas[i % personas.length]?.model;
    return own ?? agents[i % agents.length] ?? '';
  });
}

export const foreignKinds = ['endpoint', 'recorded', 'transformers', 'webllm'] as const;

export type ForeignKind = (typeof foreignKinds)[number];

export function foreign(spec: string): ForeignKind | null {
  return foreignKinds.find((kind) => spec.startsWith(`${kind}:`)) ?? null;
}
