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

/** A remark about a loaded model; it stays until it is dismissed. */
export function tellOfModel(notices: Notices, { model, notice }: Extract<JobEvent, { type: 'load' }>): void {
  if (notice === undefined) return;
  const name = specLabel(model);
  const message = errorStrings.splitUnsaid(name);
  notices.add({ code: 'model-notice', message, hint: errorStrings.splitUnsaidHint }, `loaded/${model}`);
}
