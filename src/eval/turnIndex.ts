import type { TieBreak } from '../debate/vote';
import type { Turn, TurnTiming } from '../records/records';

type Place = Pick<Turn, 'questionId' | 'protocol' | 'round' | 'agent'>;

function placeOf(turn: Place): string {
  return `${turn.protocol}/${turn.questionId}/${turn.round}/${turn.agent}`;
}

/**
 * Seconds of each turn when many run at once: every instant is shared equally among the turns in flight, so that the shares
 * of all turns add up to the time that some turn was running.
 */
export function sharedSeconds(timings: readonly TurnTiming[]): Map<string, number> {
  const events = timings.flatMap((timing, i) => [
    { at: timing.startedAt, i, begins: true },
    { at: timing.startedAt + timing.seconds, i, begins: false },
  ]);
  events.sort((a, b) => a.at - b.at || Number(a.begins) - Number(b.begins));
  // Time that one turn in flight has been given so far, over all instants: a turn's share is the difference of two readings.
  let given = 0;
  let running = 0;
  let last = 0;
  const begun = new Float64Array(timings.length);
  const shares = new Map<string, number>();
  for (const { at, i, begins } of events) {
    if (running > 0) given += (at - last) / running;
    last = at;
    running += begins ? 1 : -1;
    const timing = timings[i];
    if (begins) begun[i] = given;
    else if (timing) shares.set(placeOf(timing), given - begun[i]!);
  }
  return shares;
}

/** Turns of a run, found by protocol and question. */
export class TurnIndex {
  readonly #turns = new Map<string, Turn[]>();
  readonly #seconds: ReadonlyMap<string, number>;
  /** How the votes over these turns break a tie. */
  readonly ties: TieBreak;

  /** `timings` may lack turns (an imported run): their seconds are 0. */
  constructor(
    turns: readonly Turn[],
    timings: readonly TurnTiming[],
    ties: TieBreak = { rule: 'draw', seed: 0 },
  ) {
    this.ties = ties;
    this.#seconds = sharedSeconds(timings);
    for (const turn of turns) {
      const key = `${turn.protocol}/${turn.questionId}`;
      const list = this.#turns.get(key);
      if (list) list.push(turn);
      else this.#turns.set(key, [turn]);
    }
    for (const list of this.#turns.values()) list.sort((a, b) => a.round - b.round || a.agent - b.agent);
  }

  /** By round, then agent. */
  turns(protocol: string, questionId: string): readonly Turn[] {
    return this.#turns.get(`${protocol}/${questionId}`) ?? [];
  }

  seconds(turn: Turn): number {
    return this.#seconds.get(placeOf(turn)) ?? 0;
  }
}
