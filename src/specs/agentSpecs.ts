/** A persona's own model takes the place of the one that the agent would have. */
export function agentSpecs(
  config: { readonly personas: readonly { readonly model?: string }[]; readonly nAgents: number },
  agents: readonly string[],
): readonly string[] {
  const { personas, nAgents } = config;
  if (!personas.some(({ model }) => model !== undefined)) return agents.slice(0, nAgents);
  return Array.from({ length: nAgents }, (_, i) => {
    const own = personas[i % personas.length]?.model;
    return own ?? agents[i % agents.length] ?? '';
  });
}
