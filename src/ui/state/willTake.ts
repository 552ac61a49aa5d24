/** What a run of given settings will take, and where that figure is from. */
import type { RunConfig } from '../../settings/config';
import { formatLeft } from '../format';
import { strings } from '../strings';
import { secondsOf, timedLike, type Timed } from './runTime';
import type { Screen } from './screen.svelte';
import type { StoredRuns } from './storedRuns.svelte';
import type { RunHistory } from './runHistory.svelte';

interface Past {
  readonly stored: StoredRuns;
  readonly runHistory: Pick<RunHistory, 'results'>;
  readonly screen: Pick<Screen, 'recorded'>;
}

/** The newest run of the same models on this machine, else the recorded one. */
export function timed(
  { stored, runHistory, screen }: Past,
  config: RunConfig,
): { readonly known: Timed | null; readonly here: boolean } {
  const own = timedLike(config, stored.runs, runHistory.results);
  const report = screen.recorded?.report;
  if (own || !report) return { known: own, here: true };
  return { known: { config: report.config, timings: report.timings }, here: false };
}

/** A sentence; empty where nothing was measured. */
export function duration(past: Past, config: RunConfig): string {
  const { known, here } = timed(past, config);
  const seconds = secondsOf(config, known);
  if (seconds === null) return '';
  const time = formatLeft(seconds);
  return here ? strings.transport.takes(time) : strings.transport.took(time);
}
