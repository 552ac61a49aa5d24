/** How many debates carry a tag and how many votes were right, by split; kept as debates change, so that asking counts nothing. */
import type { Split } from '../../records/records';
import type { TieBreak } from '../../debate/vote';
import type { Turn } from '../../records/records';

/** How a vote went: more than half agree, more than for any other answer, a tie, or every voter alone, nothing to read. */
export type VoteKind = 'majority' | 'plurality' | 'tie' | 'alone' | 'none';

export interface RoundSummary {
  readonly round: number;
  /** By agent; undefined where the agent has no turn. */
  readonly turns: readonly (Turn | undefined)[];
  /** The peers whose turn of the round before an agent was shown, whole or its end; none where it has no turn. */
  readonly readBy: (agent: number) => readonly number[];
  /** The answer with the most votes, null when no reply could be read. */
  readonly majority: string | null;
  readonly majorityCorrect: boolean;
  readonly votes: number;
  readonly kind: VoteKind;
  /** How many answers share the most votes; of two or more, which one counted. */
  readonly tied: { readonly ways: number; readonly by: 'draw' | 'first' | 'likelier' } | null;
  /** How its ties are broken. */
  readonly ties: TieBreak;
  /** Another winner of the vote than in the round before. */
  readonly flipped: boolean;
}

export type DebateTag = 'unanimous' | 'split' | 'flipped' | 'wrongVote' | 'corrective';

export interface QuestionSummary {
  readonly questionId: string;
  readonly rounds: readonly RoundSummary[];
  readonly tags: ReadonlySet<DebateTag>;
}

/** Facts of the debates of a split. */
export interface DebateTotals {
  readonly questions: number;
  readonly tags: ReadonlyMap<DebateTag, number>;
  /** Debates with a vote, and how many of the votes are right in round 0 and in the last round. */
  readonly voted: number;
  readonly first: number;
  readonly last: number;
}

interface Standing {
  readonly split: Split | null;
  readonly tags: ReadonlySet<DebateTag>;
  readonly voted: number;
  readonly first: number;
  readonly last: number;
}

type Mutable = { -readonly [K in keyof DebateTotals]: DebateTotals[K] } & { tags: Map<DebateTag, number> };

const nothing = (): Mutable => ({ questions: 0, tags: new Map(), voted: 0, first: 0, last: 0 });

export class DebateCounts {
  readonly #standings = new Map<string, Standing>();
  readonly #all = nothing();
  readonly #bySplit = new Map<Split, Mutable>();

  /** What a debate is now takes the place of what it was. */
  set({ questionId, rounds, tags }: QuestionSummary, split: Split | null): void {
    const before = this.#standings.get(questionId);
    const now: Standing = {
      split,
      tags,
      voted: Number(rounds.length > 0),
      first: Number(rounds.at(0)?.majorityCorrect === true),
      last: Number(rounds.at(-1)?.majorityCorrect === true),
    };
    this.#standings.set(questionId, now);
    if (before) this.#add(before, -1);
    this.#add(now, 1);
  }

  /** Splits that have a debate. */
  get splits(): readonly Split[] {
    return [...this.#bySplit].filter(([, { questions }]) => questions > 0).map(([split]) => split);
  }

  of(split: Split | null): DebateTotals {
    return (split === null ? this.#all : this.#bySplit.get(split)) ?? nothing();
  }

  has(questionId: string, tag: DebateTag | null, split: Split | null): boolean {
    const known = this.#standings.get(questionId);
    if (!known || (split !== null && known.split !== split)) return false;
    return tag === null || known.tags.has(tag);
  }

  #add(standing: Standing, sign: 1 | -1): void {
    addTo(this.#all, standing, sign);
    if (standing.split === null) return;
    const own = this.#bySplit.get(standing.split) ?? nothing();
    this.#bySplit.set(standing.split, own);
    addTo(own, standing, sign);
  }
}

function addTo(totals: Mutable, standing: Standing, sign: 1 | -1): void {
  totals.questions += sign;
  totals.voted += sign * standing.voted;
  totals.first += sign * standing.first;
  totals.last += sign * standing.last;
  for (const tag of standing.tags) totals.tags.set(tag, (totals.tags.get(tag) ?? 0) + sign);
}
