/** Why a trace, or a whole question, is not in a dataset: codes. The words for them are in eval/droppedWords.ts. */

/** What each filter removes, and the key that reports, archives and databases before these codes had for it. */
const filters = {
  'failed-trace': { removes: 'trace', was: 'failed traces' },
  'empty-trace': { removes: 'trace', was: 'empty traces' },
  'excluded-trace': { removes: 'trace', was: 'traces excluded by hand' },
  'wrong-trace': { removes: 'trace', was: 'wrong traces' },
  'truncated-trace': { removes: 'trace', was: 'truncated traces' },
  'correct-trace': { removes: 'trace', was: 'correct traces' },
  'unparsed-trace': { removes: 'trace', was: 'traces without an answer' },
  'near-duplicate': { removes: 'trace', was: 'near-duplicate traces' },
  'correct-not-drawn': { removes: 'trace', was: 'correct traces not drawn' },
  'wrong-not-drawn': { removes: 'trace', was: 'wrong traces not drawn' },
  'correct-of-dropped-question': { removes: 'trace', was: 'correct traces of dropped questions' },
  'held-out-agent': { removes: 'trace', was: 'traces of held-out agents' },
  'unlabelled-trace': { removes: 'trace', was: 'traces of questions without a label' },
  'peer-quoting-trace': { removes: 'trace', was: 'traces that mention peers' },
  'wrong-step-trace': { removes: 'trace', was: 'traces with a wrong step' },
  'unsupported-step-trace': {
    removes: 'trace',
    was: 'traces with a result that hardly any other has',
  },
  'repeated-answer': { removes: 'trace', was: 'repeated answers' },
  'right-answer-not-drawn': { removes: 'trace', was: 'right answers not drawn' },
  'excluded-question': { removes: 'question', was: 'questions excluded by hand' },
  'no-solution': { removes: 'question', was: 'questions without a solution' },
  'no-correct-trace': { removes: 'question', was: 'questions without a correct trace' },
  'fewer-than-2-correct-traces': { removes: 'question', was: 'questions with fewer than 2 correct traces' },
  'no-wrong-trace': { removes: 'question', was: 'questions without a wrong trace' },
  'short-of-debate-tokens': { removes: 'question', was: 'questions short of the debate tokens' },
  'unlabelled-question': { removes: 'question', was: 'questions without a label' },
  'no-clean-trace': { removes: 'question', was: 'questions of which no trace passed the filters' },
} as const satisfies Record<string, { readonly removes: 'trace' | 'question'; readonly was: string }>;

export type DropReason = keyof typeof filters;

/** How much each filter removed; absent = nothing. */
export type DropCounts = Readonly<Partial<Record<DropReason, number>>>;

export const dropReasons = Object.keys(filters) as readonly DropReason[];

/** Whether the filter's count is of questions: those are no part of a count of traces. */
export function countsQuestions(reason: DropReason): boolean {
  return filters[reason].removes === 'question';
}

const byKey = new Map<string, DropReason>(
  dropReasons.flatMap((reason) => [
    [reason, reason],
    [filters[reason].was, reason],
  ]),
);

/** Counts as they are kept today, from those of any version; keys that nobody wrote are left out, as everywhere in a record. */
export function dropCounts(stored: Readonly<Record<string, number>>): DropCounts {
  const counts: Partial<Record<DropReason, number>> = {};
  for (const [key, count] of Object.entries(stored)) {
    const reason = byKey.get(key);
    if (reason) counts[reason] = (counts[reason] ?? 0) + count;
  }
  return counts;
}

interface Counted {
  readonly dropped: Readonly<Record<string, number>>;
}

/** A record with today's counts, whatever its version. */
export function withDropCounts<T extends Counted>(
  stored: T,
): Omit<T, 'dropped'> & { readonly dropped: DropCounts } {
  return { ...stored, dropped: dropCounts(stored.dropped) };
}

/** The same for a report, whose datasets have such counts. */
export function reportWithDropCounts<
  T extends { readonly dataset: Counted; readonly datasets: Readonly<Record<string, Counted>> },
>(report: T) {
  return {
    ...report,
    dataset: withDropCounts(report.dataset as T['dataset']),
    datasets: Object.fromEntries(
      Object.entries(report.datasets).map(([name, dataset]) => [
        name,
        withDropCounts(dataset as T['datasets'][string]),
      ]),
    ),
  };
}
