/** A debate through time: its turns in the order in which they are read, and the votes as they stood after each. */
import type { Turn } from '../../records/records';
import { changeOf, roundsOf } from './debateIndex';
import type { RoundSummary } from './debateCounts';

/** Turns by round, then agent. Agents of one round do not read each other, so their order has no meaning. */
export function turnsInOrder(rounds: readonly RoundSummary[]): readonly Turn[] {
  return rounds.flatMap(({ turns }) => turns.filter((turn) => turn !== undefined));
}

/** The rounds as they stood after the first `count` turns. */
export function roundsAfter(rounds: readonly RoundSummary[], count: number): readonly RoundSummary[] {
  const all = turnsInOrder(rounds);
  if (count >= all.length) return rounds;
  return roundsOf(all.slice(0, count), rounds[0]?.turns.length ?? 0, rounds[0]?.ties);
}

/** Agents with one answer after reading the same peers. */
export interface ChangeGroup {
  readonly agents: readonly number[];
  readonly to: string | null;
  readonly correct: boolean;
  readonly peers: readonly number[];
}

export function changeGroups(rounds: readonly RoundSummary[], round: number): readonly ChangeGroup[] {
  const groups = new Map<
    string,
    { agents: number[]; to: string | null; correct: boolean; peers: readonly number[] }
  >();
  rounds[round]?.turns.forEach((turn, agent) => {
    const change = changeOf(rounds, round, agent);
    if (!change || !turn) return;
    const key = `${change.to}|${change.peers.join()}`;
    const known = groups.get(key) ?? {
      agents: [],
      to: change.to,
      correct: turn.correct,
      peers: change.peers,
    };
    known.agents.push(agent);
    groups.set(key, known);
  });
  return [...groups.values()];
}

/** An answer of a round with those who gave it, the most votes first; null: it could not be read. */
export interface Tally {
  readonly answer: string | null;
  readonly correct: boolean;
  readonly agents: readonly number[];
}

export function tallyOf({ turns }: RoundSummary): readonly Tally[] {
  const groups = new Map<string | null, { answer: string | null; correct: boolean; agents: number[] }>();
  turns.forEach((turn, agent) => {
    if (!turn) return;
    const known = groups.get(turn.answer) ?? { answer: turn.answer, correct: turn.correct, agents: [] };
    known.agents.push(agent);
    groups.set(turn.answer, known);
  });
  return [...groups.values()].sort((a, b) => b.agents.length - a.agents.length);
}
