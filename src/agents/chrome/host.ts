/** The page's side: a session of the browser's model for each turn, so that no turn sees another. */
import { AgentError, ArkletError, TokenError } from '../../core/errors';
import type { Message, Sampling } from '../../records/records';
import type { Completion } from '../agent';
import {
  english,
  prepare,
  type CreateOptions,
  type PromptApi,
  type PromptSession,
} from '../../core/promptApi';
import type { ChromeHost } from './protocol';

/** Characters that a token has at least on average, before a reply's tokens are counted to see whether it is too long. */
const shortToken = 2;
/** And what a token has about, where the browser counts none. */
const usualToken = 4;
/** New characters between two counts. */
const countEvery = 200;

const usageOf = ({ contextUsage, inputUsage }: PromptSession): number | null =>
  contextUsage ?? inputUsage ?? null;

function windowOf({ contextWindow, inputQuota }: PromptSession): number | null {
  const tokens = contextWindow ?? inputQuota ?? null;
  return tokens !== null && Number.isFinite(tokens) ? tokens : null;
}

async function tokensOf(session: PromptSession, text: string): Promise<number> {
  if (text === '') return 0;
  const measured = await (session.measureContextUsage?.(text) ?? session.measureInputUsage?.(text));
  return measured === undefined ? Math.ceil(text.length / usualToken) : Math.round(measured);
}

/** What the page can say about a failure that a user can act on. */
function failure(thrown: unknown): Error {
  if (thrown instanceof ArkletError) return thrown;
  const { name, message } = thrown instanceof Error ? thrown : { name: '', message: String(thrown) };
  if (name === 'QuotaExceededError') {
    const { requested, quota } = thrown as { readonly requested?: number; readonly quota?: number };
    const numbers =
      requested === undefined || quota === undefined ? '' : ` (${requested} of ${quota} tokens)`;
    return new TokenError(
      `The prompt is too long for the browser’s model${numbers}.`,
      'Shorten the prompt, or use another agent.',
      { details: { tokens: requested ?? null, context: quota ?? null } },
    );
  }
  if (name === 'NotAllowedError') {
    return new AgentError(
      'The browser did not allow its model here.',
      'Press Use at the browser’s model among the agents: its first download needs a click.',
      { cause: thrown, details: { permanent: true } },
    );
  }
  return new AgentError(`The browser’s model failed: ${message}`, 'Try again, or use another agent.', {
    cause: thrown,
  });
}

const unavailable = (): AgentError =>
  new AgentError(
    'This browser has no model of its own that can run here.',
    'Choose other agents. Chrome says under chrome://on-device-internals what is missing.',
    { details: { permanent: true } },
  );

/** Temperature, where the browser takes it: with its own top-k, since it takes both or neither. */
async function samplingOf(
  api: PromptApi,
  { temperature }: Sampling,
): Promise<Pick<CreateOptions, 'temperature' | 'topK'>> {
  const limits = await api.params?.().catch(() => null);
  if (!limits) return {};
  const topK = temperature === 0 ? 1 : limits.defaultTopK;
  return { temperature: Math.min(temperature, limits.maxTemperature), topK };
}

async function generate(
  api: PromptApi,
  { messages, sampling }: { readonly messages: readonly Message[]; readonly sampling: Sampling },
  onText: (text: string) => void,
  signal: AbortSignal,
): Promise<Completion> {
  const before = messages.slice(0, -1);
  const asked = messages.at(-1)?.content ?? '';
  let text = '';
  const ended = (
    finishReason: Completion['finishReason'],
    prompt: number,
    completion: number,
  ): Completion => ({
    text,
    finishReason,
    usage: { prompt, completion },
    logprobKind: null,
  });
  let session: PromptSession | null = null;
  const cut = new AbortController();
  try {
    const options = await samplingOf(api, sampling);
    session = await api.create({
      ...english,
      ...options,
      signal,
      ...(before.length > 0 && { initialPrompts: before }),
    });
    const prompt = Math.round(usageOf(session) ?? 0) + (await tokensOf(session, asked));
    const reader = session
      .promptStreaming(asked, { signal: AbortSignal.any([signal, cut.signal]) })
      .getReader();
    let counted = sampling.maxTokens * shortToken;
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      text += value;
      onText(value);
      if (text.length < counted) continue;
      counted = text.length + countEvery;
      // The browser has no limit of its own for replies.
      if ((await tokensOf(session, text)) < sampling.maxTokens) continue;
      cut.abort();
      return ended('length', prompt, await tokensOf(session, text));
    }
    return ended('stop', prompt, await tokensOf(session, text));
  } catch (thrown) {
    if (!signal.aborted) throw failure(thrown);
    return ended('aborted', 0, 0);
  } finally {
    session?.destroy();
  }
}

/** `api`: the browser's own, or null in one without. */
export function chromeHost(api: PromptApi | null): ChromeHost {
  return {
    load: async (_, { progress, signal }) => {
      if (api === null || (await api.availability(english)) === 'unavailable') throw unavailable();
      try {
        const session = await prepare(api, progress, signal);
        const tokens = windowOf(session);
        session.destroy();
        return tokens;
      } catch (thrown) {
        throw signal.aborted ? thrown : failure(thrown);
      }
    },
    generate: (request, { progress, signal }) => {
      if (api === null) throw unavailable();
      return generate(api, request, progress, signal);
    },
    count: async (texts) => {
      if (api === null) throw unavailable();
      const session = await api.create(english);
      try {
        return await Promise.all(texts.map((text) => tokensOf(session, text)));
      } finally {
        session.destroy();
      }
    },
  };
}
