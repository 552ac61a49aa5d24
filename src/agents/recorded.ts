import { AgentError } from '../core/errors';
import { groupedBy } from '../core/groupedBy';
import type { Message, Turn } from '../records/records';
import { greedyProtocol } from '../records/trajectories';
import type { AgentBackend, AgentRequest, TurnPlace } from './agent';

function keyOf(messages: readonly Message[]): string {
  return JSON.stringify(messages.map(({ role, content }) => [role, content]));
}

/** Where independent answers stand: in one row, whichever agent made them, each under its own number. */
function rowOf({ protocol, questionId, round }: Omit<TurnPlace, 'agent'>): string {
  const alone = round === 0 && (protocol === 'debate' || protocol === 'self-consistency');
  return `${alone ? 'alone' : protocol}/${questionId}/${round}`;
}

type Asked = Pick<AgentRequest, 'messages' | 'place'>;

/**
 * Replays the turns of a run. An agent of the request is the recording's agent of its number, where `rankOf` counts among those
 * that use it: it says what that one said to these messages, else (in a debate with other agents the prompts of later
 * rounds are new) what it said at this question and round. So each turn is said at one place: where more agents or samples are
 * asked for than were recorded there is an AgentError, as a turn that is said twice is no second vote.
 */
export function recordedAgent(
  model: string,
  all: readonly Turn[],
  rankOf: (agent: number) => number = (agent) => agent,
): AgentBackend {
  const turns = all.filter(({ finishReason }) => finishReason !== 'error');
  const byPrompt = groupedBy(turns, ({ messages }) => keyOf(messages));
  const byRow = groupedBy(turns, rowOf);

  function turnFor({ messages, place }: Asked): Turn | undefined {
    const greedy = place?.protocol === greedyProtocol;
    // What an agent said greedily is no sample of the same prompt.
    const same = (byPrompt.get(keyOf(messages)) ?? []).filter(
      ({ protocol }) => (protocol === greedyProtocol) === greedy,
    );
    if (!place) return same[0];
    const rank = rankOf(place.agent);
    const own = same.filter(({ agent, round }) => agent === rank && round === place.round);
    return (
      own.find(({ protocol }) => protocol === place.protocol) ??
      own[0] ??
      byRow.get(rowOf(place))?.find(({ agent }) => agent === rank)
    );
  }

  return {
    model,
    kind: 'recorded',
    concurrency: 64,
    holds: (request) => turnFor(request) !== undefined,
    async load({ onProgress }) {
      onProgress?.({ phase: 'ready', loaded: 1, total: 1 });
    },
    async generate(request, { onText }) {
      const turn = turnFor(request);
      if (!turn) {
        throw new AgentError(
          `The recording ${model} (${turns.length} turns) holds no answer to this prompt.`,
          'Use the questions, agents and rounds of the recorded run: a turn is said once.',
        );
      }
      const exact = keyOf(turn.messages) === keyOf(request.messages);
      onText?.(turn.reply);
      return {
        text: turn.reply,
        model: turn.model,
        finishReason: turn.finishReason,
        usage: turn.usage,
        // Ids of the prompt belong to the very messages that were recorded.
        ...(exact && turn.promptIds && { promptIds: turn.promptIds }),
        ...(turn.replyIds && { replyIds: turn.replyIds }),
        ...(turn.logprobs && { logprobs: turn.logprobs }),
        logprobKind: turn.logprobKind,
      };
    },
    async unload() {},
  };
}
