/** The order of a run's trainings: that of its settings, in which they are done and shown; storage gives them by name. */
import type { RunConfig } from '../settings/config';
import { equalSteps, stagesOf, withoutPart } from '../settings/strategy';

/** Name under which a run keeps its reward model. */
export const rewardModelName = 'reward-model';

/** And what it starts from, where that is not RSFT's own stage. */
export const rewardStartName = 'reward-start';

/** Control that trains RSFT's rows for as many steps as a stack's last stage, on the adapter that this one starts from. */
export const equalStepsName = 'equal-steps';

/** Names of stages, strategies and controls, in the order in which a run trains them. */
export function trainingOrder({
  strategies,
  controls,
}: Pick<RunConfig, 'strategies' | 'controls'>): string[] {
  const order = new Set<string>();
  for (const strategy of strategies) {
    for (const { kind, name } of stagesOf(strategy)) {
      // The reward model comes before the student that it judges, and what it starts from before it.
      if (kind === 'pad') for (const before of ['rsft', rewardStartName, rewardModelName]) order.add(before);
      order.add(name);
    }
  }
  for (const control of controls) {
    // What that control starts from may be no strategy of the run.
    if (control === equalStepsName) order.add(equalSteps(strategies).after ?? control);
    order.add(control);
  }
  return [...order];
}

/** Logs or data sets in the order of the settings, then by seed; what the settings do not name comes last. */
export function inTrainingOrder<T extends { readonly strategy: string; readonly seed?: number }>(
  list: readonly T[],
  config: Pick<RunConfig, 'strategies' | 'controls'>,
): T[] {
  const order = trainingOrder(config);
  const place = ({ strategy }: T): number => {
    const at = order.indexOf(withoutPart(strategy));
    return at < 0 ? order.length : at;
  };
  return [...list].sort((a, b) => place(a) - place(b) || (a.seed ?? 0) - (b.seed ?? 0));
}
