import type { Turn } from '../records/records';

/** What a vote needs of a turn. */
export type Ballot = Pick<Turn, 'answer' | 'model' | 'logprobs' | 'logprobKind'>;

export interface Vote<T> {
  /** Winning answer in normal form; null when no ballot was parsable. */
  readonly answer: string | null;
  /** First ballot with the winning answer, in the order given. */
  readonly winner: T | null;
  readonly count: number;
  readonly total: number;
  /** Whether another answer had as many ballots. */
  readonly tied: boolean;
}

/** Mean over the ballots of their mean token log-probability; null unless all are raw and from one model. */
function meanLogprob(ballots: readonly Ballot[]): number {
  const means = ballots.map((ballot) => {
    const values = ballot.logprobs ?? [];
    return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
  });
  return means.reduce((sum, value) => sum + value, 0) / means.length;
}

/**
 * Majority by matched answer (docs/method.md section 1). Unparsable ballots do not count. Ties: the answer with the higher mean
 * token log-probability, but only when every ballot's are raw and all are from one model; else the answer seen first.
 */
export function majority<T extends Ballot>(
  ballots: readonly T[],
  answerOf: (ballot: T) => string | null = (ballot) => ballot.answer,
): Vote<T> {
  const groups = new Map<string, T[]>();
  for (const ballot of ballots) {
    const answer = answerOf(ballot);
    if (answer === null) continue;
    const group = groups.get(answer);
    if (group) group.push(ballot);
    else groups.set(answer, [ballot]);
  }
  const most = Math.max(0, ...[...groups.values()].map((group) => group.length));
  const leaders = [...groups].filter(([, group]) => group.length === most);
  const voting = [...groups.values()].flat();
  const comparable =
    voting.every((b) => b.logprobKind === 'raw' && (b.logprobs?.length ?? 0) > 0) &&
    voting.every((b) => b.model === voting[0]?.model);
  let best = leaders[0];
  if (comparable) {
    for (const leader of leaders) {
      if (best && meanLogprob(leader[1]) > meanLogprob(best[1])) best = leader;
    }
  }
  return {
    answer: best?.[0] ?? null,
    winner: best?.[1][0] ?? null,
    count: best ? most : 0,
    total: ballots.length,
    tied: leaders.length > 1,
  };
}

/** All ballots parsable and the same. */
export function unanimous(ballots: readonly Ballot[]): boolean {
  const first = ballots[0]?.answer ?? null;
  return first !== null && ballots.every((ballot) => ballot.answer === first);
}
