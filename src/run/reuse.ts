/** Trainings that a run takes over from the one whose debate it uses: those whose settings are the same. */
import type { RunConfig } from '../core/records';
import { sameTraining, type TrainingKind } from '../settings/scopes';
import type { JobStore } from '../store/jobStore';
import { rewardModelName, rewardStartName } from './padPhase';

/** What a training hangs on beyond the debate, by its name. */
function kindOf(strategy: string): TrainingKind {
  if (strategy === rewardModelName || strategy === rewardStartName) return 'judge';
  return strategy.split('+').includes('pad') ? 'rl' : 'supervised';
}

/** Copies adapters and logs of `from` that `to` would train again to the same bytes. */
export async function reuseTrainings(
  store: JobStore,
  from: { readonly id: string; readonly config: RunConfig },
  to: { readonly id: string; readonly config: RunConfig },
): Promise<void> {
  const logs = await store.getLogs(from.id);
  for (const { strategy, seed } of await store.listAdapters(from.id)) {
    if (!sameTraining(kindOf(strategy), from.config, to.config)) continue;
    const files = await store.getAdapter({ runId: from.id, strategy, seed });
    if (!files) continue;
    const log = logs.find((one) => one.strategy === strategy && one.seed === seed);
    if (log) await store.putLog({ ...log, runId: to.id });
    await store.putAdapter({ runId: to.id, strategy, seed }, files);
  }
}
