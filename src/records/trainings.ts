/** The order of a run's trainings: that of its settings, in which they are done and shown; storage gives them by name. */
import type { RunConfig } from '../settings/config';

/** Names of stages, strategies and controls, in the order in which a run trains them. */
export function trainingOrder({
  strategies,
  controls,
}: Pick<RunConfig, 'strategies' | 'controls'>): string[] {
  const order = new Set<string>();
  for (const strategy of strategies) {
    const names = strategy.split('+');
    names.forEach((name, i) => {
      // The reward model comes before the student that it judges, and what it starts from before it.
      if (name === 'pad') for (const stage of ['rsft', 'reward-start', 'reward-model']) order.add(stage);
      order.add(names.slice(0, i + 1).join('+'));
    });
  }
  for (const control of controls) order.add(control);
  return [...order];
}

/** Logs or data sets in the order of the settings, then by seed; what the settings do not name comes last. */
export function inTrainingOrder<T extends { readonly strategy: string; readonly seed?: number }>(
  list: readonly T[],
  config: Pick<RunConfig, 'strategies' | 'controls'>,
): T[] {
  const order = trainingOrder(config);
  const place = ({ strategy }: T): number => {
    const at = order.indexOf(strategy);
    return at < 0 ? order.length : at;
  };
  return [...list].sort((a, b) => place(a) - place(b) || (a.seed ?? 0) - (b.seed ?? 0));
}
