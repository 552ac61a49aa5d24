/** Who reads whom in a debate: the same for the debate itself and for what the page says of it. */
import { ConfigError } from '../core/errors';
import type { Turn } from '../records/records';
import type { RunConfig } from '../settings/config';
import { hashKey, RandomStream } from '../core/rng';

/** `agents` in the debate; `seed` of the run decides with `random`, where `randomPeers` are seen. */
export interface Visibility extends Pick<RunConfig, 'visibility' | 'randomPeers' | 'seed'> {
  readonly agents: number;
}

/** Peers that `agent` reads in `round`, in order of agent. Ring: its two neighbours. Throws ConfigError. */
export function visiblePeers(
  options: Visibility,
  questionId: string,
  agent: number,
  round: number,
): readonly number[] {
  const n = options.agents;
  const peers = Array.from({ length: n }, (_, i) => i).filter((i) => i !== agent);
  switch (options.visibility) {
    case 'all':
      return peers;
    case 'ring':
      return peers.filter((i) => i === (agent + 1) % n || i === (agent + n - 1) % n);
    case 'random':
      return new RandomStream(hashKey(options.seed, 'peers', questionId, agent, round))
        .shuffle(peers)
        .slice(0, options.randomPeers)
        .sort((a, b) => a - b);
    default:
      throw new ConfigError(
        `The choice of peers is "${String(options.visibility satisfies never)}".`,
        'Use all, ring or random.',
      );
  }
}

/** Turns that failed are never shown, nor are thoughts without an answer. */
export function isShown({
  finishReason,
  reply,
  thoughts,
}: Pick<Turn, 'finishReason' | 'reply' | 'thoughts'>): boolean {
  return finishReason !== 'error' && (thoughts === undefined || reply.trim() !== '');
}

/** Stands before an earlier reply of which only the end fitted into a prompt. */
export const shortenedMarker = '... ';

/** Of one question's turns, the peers' turns that `agent` is shown in `round`: those of the round before, in order of agent. */
export function shownTurns(
  options: Visibility,
  turns: readonly Turn[],
  { questionId, agent, round }: Pick<Turn, 'questionId' | 'agent' | 'round'>,
): readonly Turn[] {
  const seen = visiblePeers(options, questionId, agent, round);
  return turns
    .filter((turn) => turn.round === round - 1 && isShown(turn) && seen.includes(turn.agent))
    .sort((a, b) => a.agent - b.agent);
}
