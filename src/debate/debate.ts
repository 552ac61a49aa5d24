import { ConfigError } from '../core/errors';
import type { Question, Turn } from '../records/records';
import { readReply } from '../records/thoughts';
import { isShown, shownTurns, type Visibility } from './visibility';
import { unanimous } from './vote';
import { byRound, type PlannedTurn, type Protocol, type TurnPrompt } from './protocol';

export interface DebateOptions extends Visibility {
  /** Exchanges after round 0: an agent generates rounds + 1 turns. */
  readonly rounds: number;
  readonly consensusStop: boolean;
  /** Peers read what was thought before an answer too. */
  readonly readThoughts?: boolean;
  readonly prompt: TurnPrompt;
}

/**
 * Synchronous debate (Du et al. 2305.14325): round 0 alone; from round 1 each agent sees its own earlier turns and the
 * visible peers' turns of the round before. Turns that failed (finishReason "error") are never shown.
 */
export function debate(options: DebateOptions): Protocol {
  const { agents, rounds } = options;
  if (!Number.isInteger(agents) || agents < 1) {
    throw new ConfigError(`A debate needs at least 1 agent, not ${agents}.`, 'Use 1 or more agents.');
  }
  if (!Number.isInteger(rounds) || rounds < 0) {
    throw new ConfigError(`The number of rounds is ${rounds}.`, 'Use a whole number from 0 on.');
  }

  function plan(question: Question, turns: readonly Turn[], round: number, agent: number): PlannedTurn {
    const own = turns.filter((turn) => isShown(turn) && turn.agent === agent && turn.round < round);
    const peers = shownTurns(options, turns, { questionId: question.id, agent, round });
    const earlier = {
      own: own.sort((a, b) => a.round - b.round).map((turn) => readReply(turn)),
      peers: peers.map((turn) => readReply(turn, options.readThoughts)),
      peerAgents: peers.map((turn) => turn.agent),
      render: (kept: readonly string[], read: readonly string[]) =>
        options.prompt({ question, agent, round, own: kept, peers: read }),
    };
    return { round, agent, messages: earlier.render(earlier.own, earlier.peers), earlier };
  }

  return {
    name: 'debate',
    maxTurns: agents * (rounds + 1),
    next(question, turns) {
      const generated = byRound(turns);
      for (let round = 0; round <= rounds; round++) {
        const done = generated[round] ?? [];
        const missing = Array.from({ length: agents }, (_, i) => i).filter(
          (agent) => !done.some((turn) => turn.agent === agent),
        );
        if (missing.length > 0) return missing.map((agent) => plan(question, turns, round, agent));
        if (options.consensusStop && unanimous(done)) return [];
      }
      return [];
    },
  };
}
