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

/** Turns that failed are shown to nobody. */
export function isShown(turn: Pick<Turn, 'finishReason'>): boolean {
  return turn.finishReason !== 'error';
}

/** Stands before an earlier reply of which only the end fitted into a prompt. */
export const shortenedMarker = '... ';

/** A reply as it may stand in a prompt: whole, then ever shorter ends of it. */
function* formsOf(reply: string): Generator<string> {
  const text = reply.trim();
  if (text === '') return;
  yield text;
  for (const { index } of text.matchAll(/\S+/g)) if (index > 0) yield shortenedMarker + text.slice(index);
}

/** Where `form` stands in `text` as words of its own, as far back as possible; -1 where it does not. */
function lastPlace(text: string, form: string): number {
  for (let at = text.lastIndexOf(form); at >= 0; at = at === 0 ? -1 : text.lastIndexOf(form, at - 1)) {
    const around = (text[at - 1] ?? ' ') + (text[at + form.length] ?? ' ');
    if (/^\s\s$/.test(around)) return at;
  }
  return -1;
}

/**
 * Of the turns that an agent was to be shown, in order of agent, those that it was shown: where its context was too small for
 * all, those whose reply stands in the messages of its `turn`, whole or its end. Replies keep their order, and the last are the
 * last to be left out, so they are looked for from the end: a peer's end is never found in that of a later one.
 */
export function readTurns(
  shown: readonly Turn[],
  { messages, shortened = 0 }: Pick<Turn, 'messages' | 'shortened'>,
): readonly Turn[] {
  if (shortened === 0) return shown;
  let text = messages.findLast(({ role }) => role === 'user')?.content ?? '';
  return shown
    .toReversed()
    .filter(({ reply }) => {
      for (const form of formsOf(reply)) {
        const at = lastPlace(text, form);
        if (at < 0) continue;
        text = text.slice(0, at);
        return true;
      }
      return false;
    })
    .reverse();
}

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
