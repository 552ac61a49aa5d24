/** The body of a chat completion, and what is left out for servers that refuse parts of it. */
import type { Sampling } from '../../records/records';
import type { AgentRequest } from '../agent';
import { replyTokens } from '../replyTokens';

/** Parts that a server may not know. */
export type Extra = Named | 'max_tokens';
type Named = 'logprobs' | 'stream_options' | 'seed' | 'top_p' | Switch;
type Switch = 'chat_template_kwargs' | 'reasoning_effort';

/** What servers know thinking by: vLLM, SGLang, llama.cpp and transformers the first, Ollama and others the second. */
const switches: readonly Switch[] = ['chat_template_kwargs', 'reasoning_effort'];

/** In the order in which they are given up when the server does not say which one it means. */
const extras: readonly Extra[] = ['logprobs', 'stream_options', 'seed'];

function thinkingOf({ thinking }: Sampling, refused: ReadonlySet<Extra>): object {
  if (thinking === 'auto') return {};
  const on = thinking === 'on';
  return {
    ...(!refused.has('chat_template_kwargs') && {
      chat_template_kwargs: { enable_thinking: on, thinking: on },
    }),
    ...(!on && !refused.has('reasoning_effort') && { reasoning_effort: 'none' }),
  };
}

export function requestBody(
  model: string,
  { messages, sampling }: AgentRequest,
  refused: ReadonlySet<Extra>,
  thinks = false,
): string {
  const { temperature, topP, topK, minP, seed, stop } = sampling;
  return JSON.stringify({
    model,
    messages,
    stream: true,
    temperature,
    ...(refused.has('top_p') ? {} : { top_p: topP }),
    ...(topK === undefined ? {} : { top_k: topK }),
    ...(minP === undefined ? {} : { min_p: minP }),
    // OpenAI's newer models know the longer name alone.
    [refused.has('max_tokens') ? 'max_completion_tokens' : 'max_tokens']: replyTokens(sampling, thinks),
    // Servers keep seeds in signed 32 bits.
    ...(refused.has('seed') ? {} : { seed: seed >>> 1 }),
    ...(refused.has('logprobs') ? {} : { logprobs: true }),
    ...(refused.has('stream_options') ? {} : { stream_options: { include_usage: true } }),
    ...(stop && stop.length > 0 ? { stop } : {}),
    ...thinkingOf(sampling, refused),
  });
}

/** What to leave out after a 400 or 422 with this text; empty when leaving out would change nothing. */
export function refusedExtras(text: string, refused: ReadonlySet<Extra>): readonly Extra[] {
  if (!refused.has('max_tokens') && text.includes('max_completion_tokens')) return ['max_tokens'];
  const named = (['top_p', ...extras, ...switches] as const).filter(
    (one) => text.includes(one) && !refused.has(one),
  );
  if (named.length > 0) return named;
  // A long prompt or an unknown model is no matter of extras.
  if (/context|too long|model/i.test(text)) return [];
  // The switches first: what else a reply has stays.
  const left = (list: readonly Extra[]): readonly Extra[] => list.filter((one) => !refused.has(one));
  return left(switches).length > 0 ? left(switches) : left(extras);
}
