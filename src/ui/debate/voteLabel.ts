/** How a round's vote went, in words: a tie says which answer counts, one voter is no majority. */
import type { RoundSummary } from '../state/debateCounts';
import { strings } from '../strings';

export type Voted = Pick<RoundSummary, 'kind' | 'tied' | 'turns'>;

/** For a line of a list. */
export function shortVote({ kind, tied, turns }: Voted): string {
  if (tied) return strings.debate.tie(tied.ways);
  const voters = turns.filter((turn) => turn !== undefined).length;
  if (kind === 'majority' && voters === 1) return strings.debate.oneVote;
  return strings.debate.vote[kind].toLowerCase();
}

/** For the round itself. */
export function voteLabel(round: Voted): string {
  const short = shortVote(round);
  if (round.tied) return `${short}: ${strings.debate.tieRule[round.tied.by]}`;
  return short.charAt(0).toUpperCase() + short.slice(1);
}
