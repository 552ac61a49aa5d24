/** Which notice an error of a run becomes. */
import { specLabel } from '../../../specs/spec';
import type { JobEvent } from '../../../wire/jobEvents';
import { errorStrings } from '../../strings/errors';
import type { Notices } from '../notices.svelte';
import type { RunView } from '../runView.svelte';

interface Page {
  readonly live: RunView | null;
  readonly notices: Notices;
}

export function tellProblem(
  { live, notices }: Page,
  { runId, error, place }: Extract<JobEvent, { type: 'error' }>,
): void {
  if (place && error.code === 'token') {
    live?.addTooLong(place.questionId, error.details);
    return;
  }
  // The step that it is of shows it, with what to do.
  if (error.code === 'nothing-to-learn') return;
  if (place) notices.add(error, `run/agent-${place.agent}`);
  else notices.add(error, runId === null ? undefined : `run/${runId}`);
}

/** Remarks about a loaded model; they stay until they are dismissed. */
export function tellOfModel(
  notices: Notices,
  { model, notice, requantised }: Extract<JobEvent, { type: 'load' }>,
): void {
  const name = specLabel(model);
  if (notice !== undefined) {
    const message = errorStrings.splitUnsaid(name);
    notices.add({ code: 'model-notice', message, hint: errorStrings.splitUnsaidHint }, `loaded/${model}`);
  }
  if (requantised === undefined) return;
  void import('../../strings/weights').then(({ weightStrings }) => {
    const message = weightStrings.requantised(name, requantised);
    notices.add({ code: 'model-notice', message, hint: weightStrings.requantisedHint }, `weights/${model}`);
  });
}
