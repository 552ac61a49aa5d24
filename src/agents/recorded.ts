import { AgentError } from '../core/errors';
import type { Message, Turn } from '../core/records';
import type { AgentBackend } from './agent';

function keyOf(messages: readonly Message[]): string {
  return JSON.stringify(messages.map(({ role, content }) => [role, content]));
}

/**
 * Replays the turns of a run: a request is answered by a recorded turn with the same messages, the k-th such request by
 * the k-th turn (in the order given), around again when they run out.
 */
export function recordedAgent(model: string, turns: readonly Turn[]): AgentBackend {
  const byPrompt = new Map<string, { readonly turns: Turn[]; next: number }>();
  for (const turn of turns) {
    if (turn.finishReason === 'error') continue;
    const key = keyOf(turn.messages);
    const known = byPrompt.get(key);
    if (known) known.turns.push(turn);
    else byPrompt.set(key, { turns: [turn], next: 0 });
  }
  return {
    model,
    kind: 'recorded',
    concurrency: 64,
    async load({ onProgress }) {
      onProgress?.({ phase: 'ready', loaded: 1, total: 1 });
    },
    async generate({ messages, sampling }, { onText }) {
      const known = byPrompt.get(keyOf(messages));
      // A turn of the very same seed first, so that a replay of the same run is exact whatever the order of work.
      const turn =
        known?.turns.find((one) => one.sampling.seed === sampling.seed) ??
        known?.turns[known.next++ % known.turns.length];
      if (!turn) {
        throw new AgentError(
          `The recording ${model} (${turns.length} turns) holds no answer to this prompt.`,
          'Use the questions, agents and rounds of the recorded run.',
        );
      }
      onText?.(turn.reply);
      return {
        text: turn.reply,
        finishReason: turn.finishReason,
        usage: turn.usage,
        ...(turn.promptIds && { promptIds: turn.promptIds }),
        ...(turn.replyIds && { replyIds: turn.replyIds }),
        ...(turn.logprobs && { logprobs: turn.logprobs }),
        logprobKind: turn.logprobKind,
      };
    },
    async unload() {},
  };
}
