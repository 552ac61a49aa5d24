/**
 * Turns grouped by question, and what happened in each debate: the vote of every round, who changed, which filters it
 * falls under. Summaries are made when asked for and kept until another turn of that question comes.
 */
import type { Question, Split, Turn } from '../../records/records';
import { majority, type TieBreak } from '../../debate/vote';
import { DebateCounts } from './debateCounts';
import type { DebateTag, QuestionSummary } from './debateCounts';
import type { RoundSummary } from './debateCounts';
import type { VoteKind } from './debateCounts';

export const debateTags: readonly DebateTag[] = ['unanimous', 'split', 'flipped', 'wrongVote', 'corrective'];

/** An agent that answers otherwise than a round before, and the peers it read who had that answer then. */
export interface Change {
  readonly from: string | null;
  readonly to: string | null;
  readonly peers: readonly number[];
}

/** The vote as the comparison counts it (debate/vote.ts): plurality of parsed answers, ties as there. */
export function countVotes(
  turns: readonly (Turn | undefined)[],
  ties?: TieBreak,
): {
  majority: string | null;
  majorityCorrect: boolean;
  votes: number;
  kind: VoteKind;
} {
  const cast = turns.filter((turn) => turn !== undefined);
  const { answer, winner, count, tied } = majority(cast, (turn) => turn.answer, ties);
  return {
    majority: answer,
    majorityCorrect: winner?.correct ?? false,
    votes: count,
    kind: voteKind(count, cast.length, tied),
  };
}

/** How many answers share the most votes, and by what one of them counts. Null without a tie. */
export function tieOf(
  turns: readonly (Turn | undefined)[],
  ties: TieBreak = { rule: 'draw', seed: 0 },
): RoundSummary['tied'] {
  const cast = turns.filter((turn) => turn !== undefined);
  const { answer: counted, count, tied } = majority(cast, (turn) => turn.answer, ties);
  if (!tied) return null;
  const votes = new Map<string, number>();
  for (const { answer } of cast) if (answer !== null) votes.set(answer, (votes.get(answer) ?? 0) + 1);
  const leaders = [...votes].filter(([, most]) => most === count).map(([answer]) => answer);
  const by = ties.rule === 'draw' ? 'draw' : leaders[0] === counted ? 'first' : 'likelier';
  return { ways: leaders.length, by };
}

function voteKind(votes: number, voters: number, tied: boolean): VoteKind {
  if (votes === 0) return 'none';
  if (2 * votes > voters) return 'majority';
  if (votes === 1) return 'alone';
  return tied ? 'tie' : 'plurality';
}

export class DebateIndex {
  readonly questions = new Map<string, Question>();
  readonly #turns = new Map<string, Map<string, Turn>>();
  readonly #summaries = new Map<string, QuestionSummary>();
  readonly #counts = new DebateCounts();
  /** Debates that changed since they were counted. */
  readonly #uncounted = new Set<string>();
  readonly #lists = new Map<string, readonly string[]>();
  readonly #ties: () => TieBreak;
  #agents = 0;
  #count = 0;

  /** `ties`: how the run breaks them. */
  constructor(ties: () => TieBreak = () => ({ rule: 'draw', seed: 0 })) {
    this.#ties = ties;
  }

  /** Agents seen so far. */
  get agents(): number {
    return this.#agents;
  }

  /** Turns held. */
  get turns(): number {
    return this.#count;
  }

  /** Facts of the debates so far; only those that changed are computed again. */
  get counts(): DebateCounts {
    for (const id of this.#uncounted)
      this.#counts.set(this.summary(id), this.questions.get(id)?.split ?? null);
    this.#uncounted.clear();
    return this.#counts;
  }

  /**
   * Questions that have at least one turn, carry the tag (any when null) and belong to the split (any when null), in the
   * order of their first turns. The same array as before while they are the same.
   */
  questionIds(tag: DebateTag | null, split: Split | null): readonly string[] {
    const { counts } = this;
    const key = `${tag}|${split}`;
    const known = this.#lists.get(key) ?? [];
    const all = tag === null && split === null;
    if (all && known.length === this.#turns.size) return known;
    const ids = [...this.#turns.keys()];
    const made = all ? ids : ids.filter((id) => counts.has(id, tag, split));
    if (made.length === known.length && made.every((id, at) => id === known[at])) return known;
    this.#lists.set(key, made);
    return made;
  }

  allTurns(): readonly Turn[] {
    return [...this.#turns.values()].flatMap((turns) => [...turns.values()]);
  }

  addQuestions(questions: readonly Question[]): void {
    for (const question of questions) {
      this.questions.set(question.id, question);
      if (this.#turns.has(question.id)) this.#uncounted.add(question.id);
    }
  }

  /** A turn that comes again (a resumed run) replaces itself. */
  add(turn: Turn): void {
    const turns = this.#turns.get(turn.questionId) ?? new Map<string, Turn>();
    this.#turns.set(turn.questionId, turns);
    const key = `${turn.round}|${turn.agent}`;
    if (!turns.has(key)) this.#count += 1;
    turns.set(key, turn);
    this.#agents = Math.max(this.#agents, turn.agent + 1);
    this.#summaries.delete(turn.questionId);
    this.#uncounted.add(turn.questionId);
  }

  summary(questionId: string): QuestionSummary {
    const known = this.#summaries.get(questionId);
    if (known) return known;
    const made = this.#summarise(questionId);
    this.#summaries.set(questionId, made);
    return made;
  }

  #summarise(questionId: string): QuestionSummary {
    const turns = [...(this.#turns.get(questionId)?.values() ?? [])];
    const rounds = roundsOf(turns, this.#agents, this.#ties());
    return { questionId, rounds, tags: tagsOf(rounds) };
  }
}

/** The turns of one question by round, each with its vote. */
export function roundsOf(
  turns: readonly Turn[],
  agents: number,
  ties: TieBreak = { rule: 'draw', seed: 0 },
): readonly RoundSummary[] {
  const last = turns.reduce((latest, turn) => Math.max(latest, turn.round), -1);
  const rounds: RoundSummary[] = [];
  for (let round = 0; round <= last; round++) {
    const row: (Turn | undefined)[] = Array.from({ length: agents }, () => undefined);
    for (const turn of turns) if (turn.round === round) row[turn.agent] = turn;
    const before = rounds.at(-1);
    const vote = countVotes(row, ties);
    rounds.push({
      round,
      turns: row,
      readBy: (agent) => row[agent]?.read ?? [],
      ...vote,
      tied: tieOf(row, ties),
      ties,
      flipped: before !== undefined && before.majority !== vote.majority,
    });
  }
  return rounds;
}

function tagsOf(rounds: readonly RoundSummary[]): ReadonlySet<DebateTag> {
  const tags = new Set<DebateTag>();
  const last = rounds.at(-1);
  if (!last) return tags;
  const cast = last.turns.filter((turn) => turn !== undefined);
  const same = new Set(cast.map((turn) => turn.answer)).size === 1 && cast[0]?.answer !== null;
  tags.add(same ? 'unanimous' : 'split');
  if (!last.majorityCorrect) tags.add('wrongVote');
  if (rounds.some((round) => round.flipped)) tags.add('flipped');
  rounds.forEach((round, index) => {
    const next = rounds[index + 1];
    const mended = round.turns.some((turn, agent) => turn?.correct === false && next?.turns[agent]?.correct);
    if (mended) tags.add('corrective');
  });
  return tags;
}

/** Null in the first round, before the agent's turn, or when it kept its answer. */
export function changeOf(rounds: readonly RoundSummary[], round: number, agent: number): Change | null {
  const before = rounds[round - 1];
  const old = before?.turns[agent];
  const now = rounds[round]?.turns[agent];
  if (!before || !old || !now || old.answer === now.answer) return null;
  const read = now.answer === null ? [] : (rounds[round]?.readBy(agent) ?? []);
  const peers = read.filter((peer) => before.turns[peer]?.answer === now.answer);
  return { from: old.answer, to: now.answer, peers };
}
