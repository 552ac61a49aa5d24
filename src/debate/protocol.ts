import type { Message, PromptStyle, Question, Turn } from '../records/records';

/** A turn that can be generated now. */
export interface PlannedTurn {
  readonly round: number;
  readonly agent: number;
  readonly messages: readonly Message[];
  /** How it is prompted, where that is known. */
  readonly style?: PromptStyle;
  /** The earlier replies that the messages quote, and how the messages look with shortened ones. */
  readonly earlier?: {
    readonly own: readonly string[];
    readonly peers: readonly string[];
    /** The agents whose replies `peers` are, in that order. */
    readonly peerAgents: readonly number[];
    render(own: readonly string[], peers: readonly string[]): readonly Message[];
  };
}

/**
 * A protocol is a pure function from the turns of one question so far to the turns that are ready, so that a resumed job is
 * a replay of the stored turns. All turns returned together form one exchange: they do not see one another.
 */
export interface Protocol {
  /** What a turn stores as `protocol`. */
  readonly name: string;
  /** Most turns one question can take (for progress). */
  readonly maxTurns: number;
  /** Turns that are ready and not among `turns` (which are this protocol's, of this question); none = finished. */
  next(question: Question, turns: readonly Turn[]): readonly PlannedTurn[];
}

/** How a protocol asks for a turn's messages: the run binds style, shots and personas. */
export type TurnPrompt = (input: {
  readonly question: Question;
  readonly agent: number;
  readonly round: number;
  /** The agent's own earlier replies, oldest first. */
  readonly own: readonly string[];
  /** Replies of the peers it sees, of the round before, in order of agent. */
  readonly peers: readonly string[];
}) => readonly Message[];

/** The protocol with the style in which each of its agents is prompted. */
export function styled(protocol: Protocol, styleOf: (agent: number) => PromptStyle): Protocol {
  return {
    ...protocol,
    next: (question, turns) =>
      protocol.next(question, turns).map((plan) => ({ ...plan, style: styleOf(plan.agent) })),
  };
}

/** Turns by round, each round sorted by agent. */
export function byRound(turns: readonly Turn[]): readonly (readonly Turn[])[] {
  const rounds: Turn[][] = [];
  for (const turn of turns) (rounds[turn.round] ??= []).push(turn);
  return Array.from(rounds, (round) => (round ?? []).sort((a, b) => a.agent - b.agent));
}

/** Turns of the last round generated. */
export function lastRound(turns: readonly Turn[]): readonly Turn[] {
  return byRound(turns).at(-1) ?? [];
}
