/** How fast a model comes, where its loader gives only bytes. */
import type { LoadProgress } from '../agents/agent';
import type { JobEvent } from '../wire/jobEvents';
import { ByteRate } from '../models/rate';

/** `bytesPerSecond` and `secondsLeft` as in the event `load`. */
export type LoadRateProgress = Omit<Extract<JobEvent, { type: 'load' }>, 'type' | 'model'>;

/** Adds the speed to the progress of one model's download; other phases have none. `now` in milliseconds. */
export function withLoadRate(
  tell: (progress: LoadRateProgress) => void,
  now?: () => number,
): (progress: LoadProgress) => void {
  const rate = new ByteRate(now);
  /** Null before the first report: what was there already did not come now. */
  let came: number | null = null;
  return (progress) => {
    const { phase, loaded, total } = progress;
    // Loaders that know no bytes count to 1.
    const counts = phase === 'download' && total > 1;
    if (counts && came !== null && loaded > came) rate.add(loaded - came);
    if (counts) came = Math.max(came ?? 0, loaded);
    const bytesPerSecond = counts ? rate.perSecond : null;
    const secondsLeft = bytesPerSecond === null ? null : Math.max(0, total - loaded) / bytesPerSecond;
    tell({ ...progress, bytesPerSecond, secondsLeft });
  };
}
