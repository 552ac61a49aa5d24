/** Any OpenAI-compatible server (Ollama, llama.cpp, vLLM). The key is kept in memory only. */
import * as v from 'valibot';
import { AgentError, ConfigError } from '../core/errors';
import type { FinishReason } from '../core/records';
import type { AgentBackend } from './agent';

const replySchema = v.object({
  choices: v.pipe(
    v.array(
      v.object({
        message: v.object({ content: v.nullable(v.string()) }),
        finish_reason: v.optional(v.nullable(v.string())),
      }),
    ),
    v.minLength(1),
  ),
  usage: v.optional(v.object({ prompt_tokens: v.number(), completion_tokens: v.optional(v.number()) })),
});

export interface EndpointOptions {
  /** Address of the API, such as http://127.0.0.1:11434/v1 */
  readonly url: string;
  readonly model: string;
  readonly key?: string;
  readonly concurrency?: number;
  /** Seconds until a request is given up; default 300. */
  readonly timeout?: number;
}

/** `endpoint:URL#MODEL`. Throws ConfigError. */
export function parseEndpoint(spec: string): { url: string; model: string } {
  const match = /^endpoint:(https?:\/\/[^#\s]+)#(.+)$/.exec(spec);
  if (!match?.[1] || !match[2]) {
    throw new ConfigError(`"${spec}" names no endpoint.`, 'Write endpoint:http://host:port/v1#model.');
  }
  return { url: match[1].replace(/\/+$/, ''), model: match[2] };
}

function finishReason(text: string | null | undefined): FinishReason {
  return text === 'length' ? 'length' : 'stop';
}

/** Requests are not streamed: text arrives once per turn. Failures are AgentError, which the scheduler retries. */
export function endpointAgent(options: EndpointOptions): AgentBackend {
  const { url, model, key, timeout = 300 } = options;

  async function ask(path: string, init: RequestInit): Promise<unknown> {
    let response: Response;
    try {
      response = await fetch(`${url}${path}`, init);
    } catch (cause) {
      throw new AgentError(
        `${url} did not answer: ${cause instanceof Error ? cause.message : String(cause)}.`,
        'Check that the server runs and allows requests from this page (CORS).',
        { cause },
      );
    }
    if (!response.ok) {
      const body = (await response.text().catch(() => '')).slice(0, 300);
      throw new AgentError(
        `${url} answered ${response.status}${body ? `: ${body}` : ''}.`,
        response.status === 401 || response.status === 403
          ? 'Check the key.'
          : 'Check the model name and the load of the server.',
        { details: { status: response.status } },
      );
    }
    return response.json().catch(() => null);
  }

  const headers = { 'Content-Type': 'application/json', ...(key ? { Authorization: `Bearer ${key}` } : {}) };
  return {
    model: `${model}@${new URL(url).host}`,
    kind: 'endpoint',
    concurrency: options.concurrency ?? 4,
    async load({ signal, onProgress }) {
      await ask('/models', { headers, ...(signal && { signal }) });
      onProgress?.({ phase: 'ready', loaded: 1, total: 1 });
    },
    async generate({ messages, sampling }, { signal, onText }) {
      const limit = AbortSignal.timeout(timeout * 1000);
      const reply = await ask('/chat/completions', {
        method: 'POST',
        headers,
        signal: signal ? AbortSignal.any([signal, limit]) : limit,
        body: JSON.stringify({
          model,
          messages,
          temperature: sampling.temperature,
          top_p: sampling.topP,
          max_tokens: sampling.maxTokens,
          // Servers keep seeds in signed 32 bits.
          seed: sampling.seed >>> 1,
          ...(sampling.stop && sampling.stop.length > 0 ? { stop: sampling.stop } : {}),
        }),
      });
      const parsed = v.safeParse(replySchema, reply);
      const choice = parsed.success ? parsed.output.choices[0] : undefined;
      if (!parsed.success || !choice) {
        throw new AgentError(
          `${url} sent something that is not a chat completion.`,
          'Use an OpenAI-compatible server.',
        );
      }
      const text = choice.message.content ?? '';
      onText?.(text);
      const usage = parsed.output.usage;
      return {
        text,
        finishReason: finishReason(choice.finish_reason),
        usage: { prompt: usage?.prompt_tokens ?? 0, completion: usage?.completion_tokens ?? 0 },
        logprobKind: null,
      };
    },
    async unload() {},
  };
}
