/** Trainings that a run takes over from the one whose debate it uses: those whose settings are the same. */
import type { RunConfig } from '../core/records';
import type { JobStore } from '../store/jobStore';
import { rewardModelName, rewardStartName } from './padPhase';

const supervised = [
  'student',
  'backend',
  'steps',
  'batch',
  'lr',
  'warmup',
  'rank',
  'alpha',
  'accept',
  'exclude',
] as const satisfies readonly (keyof RunConfig)[];

const judging = [
  ...supervised,
  'maxTokens',
  'padTemperature',
  'padOwnSamples',
  'padRewardSteps',
  'padRewardLr',
  'padRewardStart',
  'padHeldOutAgents',
  'padLabels',
  'padContinuations',
  'padLabelForm',
  'padSplitter',
  'padAfterError',
  'padContrastive',
] as const satisfies readonly (keyof RunConfig)[];

/** The settings that a training hangs on, beyond the debate and the run's seed. */
function settingsOf(strategy: string, config: RunConfig): readonly (keyof RunConfig)[] {
  if (strategy === rewardModelName || strategy === rewardStartName) return judging;
  if (!strategy.split('+').includes('pad')) return supervised;
  const names = Object.keys(config) as (keyof RunConfig)[];
  return [...supervised, 'maxTokens', ...names.filter((name) => name.startsWith('pad'))];
}

/** Whether a training of `from` would be the same one under `config`. */
function sameTraining(strategy: string, from: RunConfig, config: RunConfig): boolean {
  if (from.seed !== config.seed) return false;
  return settingsOf(strategy, config).every(
    (name) => JSON.stringify(from[name]) === JSON.stringify(config[name]),
  );
}

/** Copies adapters and logs of `from` that `to` would train again to the same bytes. */
export async function reuseTrainings(
  store: JobStore,
  from: { readonly id: string; readonly config: RunConfig },
  to: { readonly id: string; readonly config: RunConfig },
): Promise<void> {
  const logs = await store.getLogs(from.id);
  for (const { strategy, seed } of await store.listAdapters(from.id)) {
    if (!sameTraining(strategy, from.config, to.config)) continue;
    const files = await store.getAdapter({ runId: from.id, strategy, seed });
    if (!files) continue;
    const log = logs.find((one) => one.strategy === strategy && one.seed === seed);
    if (log) await store.putLog({ ...log, runId: to.id });
    await store.putAdapter({ runId: to.id, strategy, seed }, files);
  }
}
