/** What the command says of a run beside its progress: the verdict's head, and PAD's results. */
import { padLines } from '../eval/padWords';
import { headlineSentences } from '../eval/words';
import type { Report } from '../records/records';
import type { JobEvent } from '../wire/jobEvents';

/** Lines that an event deserves. */
export function eventLines(event: JobEvent): readonly string[] {
  return event.type === 'pad' ? padLines(event.pad) : [];
}

/** What a finished run says: the sentences that its page and report.md begin with. */
export function reportLines(report: Report): readonly string[] {
  return headlineSentences(report);
}
