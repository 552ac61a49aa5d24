/**
 * The training that the page shows by default: the one in progress, then the student of the headline,
 * else the first by the settings. One rule for a run in progress, a resumed one, and one from storage.
 */
import type { JobStatus } from '../state/job/jobStatus';
import type { RunView } from '../state/runView.svelte';
import { inTrainingOrder } from '../../records/trainings';
import { trainingOf } from '../../eval/arm';
import { keyArms } from '../../eval/keyArms';

export interface ShownTraining {
  /** Everything that was trained or has data, in the order of the settings. */
  readonly names: readonly string[];
  readonly strategy: string | null;
  /** What the job trains now; null where none trains this run. */
  readonly training: { readonly strategy: string; readonly seed: number } | null;
  /** The job, while it trains this run. */
  readonly job: JobStatus | null;
}

export function shownTraining(
  view: RunView,
  { active, job }: { readonly active: boolean; readonly job: JobStatus | null },
): ShownTraining {
  const known = [...view.logs, ...view.datasets].map(({ strategy }) => ({ strategy }));
  const names = [...new Set(inTrainingOrder(known, view.run.config).map(({ strategy }) => strategy))];
  const distilling = active && job?.runId === view.run.id && job.phase === 'distil' ? job : null;
  const training = distilling ? view.training : null;
  const arm = view.report ? keyArms(view.report)?.distilled : undefined;
  const headline = arm === undefined ? null : trainingOf(arm);
  const strategy =
    [training?.strategy, headline].find((name) => name != null && names.includes(name)) ?? names[0] ?? null;
  return { names, strategy, training, job: distilling };
}

/** The log of a strategy that is shown until a seed is chosen: the one in work, else the first seed's. */
export function shownLog(
  view: RunView,
  strategy: string | null,
  training: ShownTraining['training'],
): RunView['logs'][number] | undefined {
  const logs = view.logs.filter((log) => log.strategy === strategy);
  return (training?.strategy === strategy && logs.find(({ seed }) => seed === training?.seed)) || logs[0];
}
