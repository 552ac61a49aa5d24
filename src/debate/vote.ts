import { hashKey, RandomStream } from '../core/rng';
import type { Turn } from '../records/records';

/** What a vote needs of a turn; question and round key the draw of a tie. */
export type Ballot = Pick<Turn, 'answer' | 'model' | 'logprobs' | 'logprobKind'> &
  Partial<Pick<Turn, 'questionId' | 'round'>>;

/**
 * How ties are broken. draw: by a draw keyed by seed, question and round, so that nobody's place decides. likelier: by the higher
 * mean token log-probability where every ballot's are raw and all are from one model, else for the answer seen first (what
 * versions up to 0.1 did).
 */
export interface TieBreak {
  readonly rule: 'draw' | 'likelier';
  readonly seed: number;
}

const seededDraw: TieBreak = { rule: 'draw', seed: 0 };

/** How a run's votes break ties. Settings that lack a rule are of a version before there was a draw. */
export function tieBreakOf({
  tieBreak,
  seed,
}: {
  readonly tieBreak?: TieBreak['rule'];
  readonly seed: number;
}): TieBreak {
  return { rule: tieBreak ?? 'likelier', seed };
}

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

/** Whether log-probabilities of different ballots can be held against each other. */
function comparable(ballots: readonly Ballot[]): boolean {
  return ballots.every(
    ({ logprobKind, logprobs, model }) =>
      logprobKind === 'raw' && (logprobs?.length ?? 0) > 0 && model === ballots[0]?.model,
  );
}

type Group<T> = readonly [answer: string, ballots: readonly T[]];

function tieWinner<T extends Ballot>(
  leaders: readonly Group<T>[],
  voting: readonly T[],
  { rule, seed }: TieBreak,
): Group<T> | undefined {
  if (leaders.length < 2) return leaders[0];
  if (rule === 'draw') {
    const { questionId = '', round = 0 } = voting[0] ?? {};
    // By text: the order of the ballots must not count.
    const sorted = [...leaders].sort(([a], [b]) => (a < b ? -1 : 1));
    return new RandomStream(hashKey(seed, 'tie', questionId, round)).pick(sorted);
  }
  if (!comparable(voting)) return leaders[0];
  return leaders.reduce((best, leader) => (meanLogprob(leader[1]) > meanLogprob(best[1]) ? leader : best));
}

/** Majority by matched answer (docs/method.md section 1). Unparsable ballots do not count. */
export function majority<T extends Ballot>(
  ballots: readonly T[],
  answerOf: (ballot: T) => string | null = (ballot) => ballot.answer,
  ties: TieBreak = seededDraw,
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
  const best = tieWinner<T>(leaders, [...groups.values()].flat(), ties);
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
