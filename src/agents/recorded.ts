import { AgentError } from '../core/errors';
import { groupedBy } from '../core/groupedBy';
import type { Message, Turn } from '../records/records';
import { greedyProtocol } from '../records/trajectories';
import type { AgentBackend, AgentRequest } from './agent';

function keyOf(messages: readonly Message[]): string {
  return JSON.stringify(messages.map(({ role, content }) => [role, content]));
}

function placeOf({ protocol, questionId, round }: Pick<Turn, 'protocol' | 'questionId' | 'round'>): string {
  return `${protocol}/${questionId}/${round}`;
}

/**
 * Replays the turns of a run. A request with messages that the recording holds is answered by the turn of the same seed, else by
 * each such turn in their order, around again when they run out. In a debate with other agents the prompts of later
 * rounds are new: then the agent says what was said at this question and round, by the agent of its number if there was one.
 */
export function recordedAgent(model: string, all: readonly Turn[]): AgentBackend {
  // What an agent said greedily is no sample: it would come among the independent ones of the same prompt.
  const turns = all.filter(
    ({ finishReason, protocol }) => finishReason !== 'error' && protocol !== greedyProtocol,
  );
  const byPrompt = groupedBy(turns, ({ messages }) => keyOf(messages));
  const byPlace = groupedBy(turns, placeOf);
  const asked = new Map<string, number>();

  function samePrompt({ messages, sampling }: AgentRequest): Turn | undefined {
    const key = keyOf(messages);
    const known = byPrompt.get(key);
    if (!known) return undefined;
    const same = known.find((one) => one.sampling.seed === sampling.seed);
    if (same) return same;
    const count = asked.get(key) ?? 0;
    asked.set(key, count + 1);
    return known[count % known.length];
  }

  function samePlace({ place }: AgentRequest): Turn | undefined {
    const known = place && byPlace.get(placeOf(place));
    return known?.find(({ agent }) => agent === place?.agent) ?? known?.[(place?.agent ?? 0) % known.length];
  }

  return {
    model,
    kind: 'recorded',
    concurrency: 64,
    async load({ onProgress }) {
      onProgress?.({ phase: 'ready', loaded: 1, total: 1 });
    },
    async generate(request, { onText }) {
      const exact = samePrompt(request);
      const turn = exact ?? samePlace(request);
      if (!turn) {
        throw new AgentError(
          `The recording ${model} (${turns.length} turns) holds no answer to this prompt.`,
          'Use the questions, agents and rounds of the recorded run.',
        );
      }
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
