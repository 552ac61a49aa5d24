/** What a run of given settings will take, and where that figure is from. */
import type { RunConfig } from '../../settings/config';
import { formatLeft } from '../format';
import { strings } from '../strings';
import { secondsOf, timedLike, type Timed } from './runTime';
import type { Session } from './session.svelte';

/** The newest run of the same models on this machine, else the recorded one. */
export function timed(
  session: Session,
  config: RunConfig,
): { readonly known: Timed | null; readonly here: boolean } {
  const own = timedLike(config, session.runs, session.shelf.results);
  const report = session.recorded?.report;
  if (own || !report) return { known: own, here: true };
  return { known: { config: report.config, timings: report.timings }, here: false };
}

/** A sentence; empty where nothing was measured. */
export function duration(session: Session, config: RunConfig): string {
  const { known, here } = timed(session, config);
  const seconds = secondsOf(config, known);
  if (seconds === null) return '';
  const time = formatLeft(seconds);
  return here ? strings.transport.takes(time) : strings.transport.took(time);
}
