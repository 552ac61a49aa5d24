/** What an export leaves out, as codes with their words. */

const words = {
  'no-answer': ['question without a right answer', 'questions without a right answer'],
  'no-trace': ['question without a right and clean turn', 'questions without a right and clean turn'],
  'no-pair': [
    'question on which nobody was both right and wrong',
    'questions on which nobody was both right and wrong',
  ],
  'no-turn': ['question without a turn', 'questions without a turn'],
  'no-step': ['turn without a step that can be checked', 'turns without a step that can be checked'],
  'repeated-pair': ['repeated pair', 'repeated pairs'],
  'no-student': ['arm that is no student', 'arms that are no students'],
} as const;

export type LeftOutReason = keyof typeof words;
export type LeftOutCounts = Readonly<Partial<Record<LeftOutReason, number>>>;

/** Counts what is left out. */
export class LeftOut {
  readonly #counts: Partial<Record<LeftOutReason, number>> = {};

  add(reason: LeftOutReason, count = 1): void {
    if (count > 0) this.#counts[reason] = (this.#counts[reason] ?? 0) + count;
  }

  get counts(): LeftOutCounts {
    return this.#counts;
  }
}

/** "3 turns without a step that can be checked", one text a reason. */
export function leftOutTexts(counts: LeftOutCounts): readonly string[] {
  return Object.entries(words).flatMap(([reason, [one, many]]) => {
    const count = counts[reason as LeftOutReason] ?? 0;
    return count === 0 ? [] : [`${count} ${count === 1 ? one : many}`];
  });
}
