/** Questions that group RL practises on and that the stages before it do not learn from. */
import { hashKey } from '../../core/rng';

export interface Parts<T> {
  readonly taught: readonly T[];
  readonly practised: readonly T[];
}

/** A seeded share of the questions for RL, at least one on each side; all on both sides where the share is 0 or there is one question. */
export function partQuestions<T extends { readonly id: string }>(
  questions: readonly T[],
  share: number,
  seed: number,
): Parts<T> {
  if (share <= 0 || questions.length < 2) return { taught: questions, practised: questions };
  const count = Math.min(questions.length - 1, Math.max(1, Math.round(share * questions.length)));
  const drawn = questions
    .map(({ id }) => ({ id, key: hashKey(seed, 'rl-share', id) }))
    .sort((a, b) => a.key - b.key || (a.id < b.id ? -1 : 1))
    .slice(0, count);
  const kept = new Set(drawn.map(({ id }) => id));
  return {
    taught: questions.filter(({ id }) => !kept.has(id)),
    practised: questions.filter(({ id }) => kept.has(id)),
  };
}
