/** Any OpenAI-compatible server (Ollama, llama.cpp, vLLM, transformers serve). The key stays in memory. */
import { AgentError, ConfigError, throwIfAborted, TokenError } from '../../core/errors';
import type { AgentBackend, AgentCallbacks, AgentRequest, Completion } from '../agent';
import { delay, Limiter, retryAfter } from './limiter';
import { Reply } from './reply';
import { refusedExtras, requestBody, type Extra } from './request';
import { eventData } from './sse';

export interface EndpointOptions {
  /** Address of the API, such as http://127.0.0.1:11434/v1 */
  readonly url: string;
  readonly model: string;
  /** Asked at each request, so that a key given later is used. */
  readonly key?: () => string | null;
  /** Requests in flight; default 8. */
  readonly concurrency?: number;
  /** Default 0: no limit of our own. */
  readonly requestsPerMinute?: number;
  /** Seconds until the first token, the server's queue and prefill included; default 300. */
  readonly firstTokenTimeout?: number;
  /** Seconds between two pieces of a stream; default 60. */
  readonly stallTimeout?: number;
  /** Further attempts at a request that the server put off (429, 5xx) or broke; default 4. */
  readonly retries?: number;
  /** Seconds before the first of them, doubled each time up to 30 s; a Retry-After header goes before it. Default 1. */
  readonly retryDelay?: number;
}

/** An address in one form. Throws ConfigError for what is no http(s) address, or holds a key or a query. */
export function endpointAddress(text: string): string {
  let url: URL | null = null;
  try {
    url = new URL(text);
  } catch {
    // Handled with the other wrong ones.
  }
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw new ConfigError(
      `"${text}" is not the address of a server.`,
      'Write it whole, such as http://localhost:11434/v1.',
    );
  }
  if (url.username || url.password || url.search) {
    throw new ConfigError(
      `The address of the endpoint at ${url.host} holds a user, a password or a query.`,
      'Addresses are stored and shared: give the key where the app asks for it.',
      { details: { variable: 'ARKLET_ENDPOINT_KEY' } },
    );
  }
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
}

/** `endpoint:URL#MODEL`. Throws ConfigError. */
export function parseEndpoint(spec: string): { url: string; model: string } {
  const match = /^endpoint:(https?:\/\/[^#\s]+)#(.+)$/.exec(spec);
  if (!match?.[1] || !match[2]) {
    throw new ConfigError(
      `"${spec.replace(/^endpoint:/, '').replace(/#.*$/, '')}" is not the address of a server.`,
      'Write it whole, such as http://localhost:11434/v1, and name the model.',
      { details: { form: 'endpoint:http://host:port/v1#model' } },
    );
  }
  return { url: endpointAddress(match[1]), model: match[2] };
}

/** Whether waiting may mend it. */
const passing = new Set([408, 409, 425, 429, 500, 502, 503, 504, 529]);

/**
 * Streamed chat completions. A request that the server puts off or breaks in the middle is made again from its start, after the
 * time the server asks for; what stays broken is AgentError, with details.permanent where only the user can mend it.
 */
export function endpointAgent(options: EndpointOptions): AgentBackend {
  const { url, model, firstTokenTimeout = 300, stallTimeout = 60, retries = 4, retryDelay = 1 } = options;
  const limiter = new Limiter(options.requestsPerMinute ?? 0);
  const refused = new Set<Extra>();

  function headers(): Record<string, string> {
    const key = options.key?.();
    return { 'Content-Type': 'application/json', ...(key ? { Authorization: `Bearer ${key}` } : {}) };
  }

  /** Servers like to repeat what they were sent: the key must not reach a message, which is stored and shown. */
  function clean(text: string): string {
    const key = options.key?.();
    return (key ? text.replaceAll(key, '(key)') : text).slice(0, 300);
  }

  function unreachable(cause: unknown): AgentError {
    return new AgentError(
      `${url} did not answer: ${clean(cause instanceof Error ? cause.message : String(cause))}.`,
      'Check that the server runs and allows requests from this page (CORS).',
      { cause },
    );
  }

  /** The error of a status; holds all requests back where the server asks for it. */
  async function refusal(response: Response): Promise<{ error: AgentError | TokenError; text: string }> {
    const { status } = response;
    const text = await response.text().catch(() => '');
    const after = retryAfter(response.headers.get('Retry-After'));
    if (passing.has(status) && after !== null) limiter.hold(Math.min(after, 300));
    const what = `${url} answered ${status}${text ? `: ${clean(text)}` : ''}.`;
    if (status === 400 && /context[ _]?(length|window|size)|maximum context|too long/i.test(text)) {
      return {
        text,
        error: new TokenError(what, 'Use fewer exchanges, agents or shots, or a longer context.'),
      };
    }
    const permanent = [401, 403, 404].includes(status);
    const hint =
      status === 401 || status === 403
        ? 'Give the key of this server, then resume.'
        : status === 404
          ? 'Check the address (it mostly ends with /v1) and the name of the model.'
          : status === 429
            ? 'The server limits requests: ask it less often, or for fewer at once.'
            : 'Check the model name and the load of the server.';
    return {
      text,
      error: new AgentError(what, hint, {
        details: {
          status,
          permanent,
          passing: passing.has(status),
          ...((status === 401 || status === 403) && { variable: 'ARKLET_ENDPOINT_KEY' }),
          ...(status === 429 && { settings: ['endpoint-rate', 'endpoint-concurrency'] }),
        },
      }),
    };
  }

  /** One attempt. Resolves with the reply, or with "aborted" and the text so far. */
  async function attempt(request: AgentRequest, { signal, onText }: AgentCallbacks): Promise<Completion> {
    await limiter.pass(signal);
    const watch = new AbortController();
    const reply = new Reply(url);
    let allowed = firstTokenTimeout;
    let timer = setTimeout(() => watch.abort(), allowed * 1000);
    const alive = (): void => {
      clearTimeout(timer);
      allowed = stallTimeout;
      timer = setTimeout(() => watch.abort(), allowed * 1000);
    };
    const { sampling } = request;
    try {
      const response = await fetch(`${url}/chat/completions`, {
        method: 'POST',
        headers: headers(),
        signal: signal ? AbortSignal.any([signal, watch.signal]) : watch.signal,
        body: requestBody(model, request, refused),
      });
      if (!response.ok) {
        const { error, text } = await refusal(response);
        const left = [400, 422].includes(response.status) ? refusedExtras(text, refused) : [];
        if (left.length === 0 || error instanceof TokenError) throw error;
        for (const extra of left) refused.add(extra);
        return await attempt(request, { ...(signal && { signal }), ...(onText && { onText }) });
      }
      const streamed = response.headers.get('Content-Type')?.includes('event-stream') ?? false;
      if (!streamed || !response.body) {
        const piece = reply.add(await response.text(), true);
        if (piece) onText?.(piece);
        return reply.completion(reply.finished ?? 'stop', sampling);
      }
      let ended = false;
      for await (const data of eventData(response.body)) {
        alive();
        ended = data === '[DONE]';
        if (ended) break;
        const piece = reply.add(data);
        if (piece) onText?.(piece);
      }
      if (!ended && reply.finished === null) {
        throw new AgentError(
          `${url} broke off after ${reply.text.length} characters.`,
          'See the log of the server; the turn is asked for again.',
        );
      }
      return reply.completion(reply.finished ?? 'stop', sampling);
    } catch (thrown) {
      if (signal?.aborted) return reply.completion('aborted', sampling);
      if (thrown instanceof AgentError || thrown instanceof TokenError) throw thrown;
      if (watch.signal.aborted) {
        throw new AgentError(
          `${url} sent nothing for ${allowed} s, after ${reply.text.length} characters.`,
          'See the load of the server; the turn is asked for again.',
        );
      }
      throw unreachable(thrown);
    } finally {
      clearTimeout(timer);
    }
  }

  return {
    model: `${model}@${new URL(url).host}`,
    kind: 'endpoint',
    concurrency: options.concurrency ?? 8,
    /** Throws AgentError when nobody answers or the key is refused; servers without a list of models are fine. */
    async load({ signal, onProgress }) {
      const limit = AbortSignal.timeout(30_000);
      let response: Response;
      try {
        response = await fetch(`${url}/models`, {
          headers: headers(),
          signal: signal ? AbortSignal.any([signal, limit]) : limit,
        });
      } catch (cause) {
        throwIfAborted(signal);
        throw unreachable(cause);
      }
      if (response.status === 401 || response.status === 403) throw (await refusal(response)).error;
      await response.body?.cancel();
      onProgress?.({ phase: 'ready', loaded: 1, total: 1 });
    },
    async generate(request, { signal, onText }) {
      let shown = 0;
      for (let failures = 0; ; failures++) {
        let at = 0;
        // An attempt that starts anew shows only what goes beyond the one before it.
        const show = (piece: string): void => {
          at += piece.length;
          if (at <= shown) return;
          onText?.(piece.slice(-(at - shown)));
          shown = at;
        };
        try {
          return await attempt(request, { ...(signal && { signal }), onText: show });
        } catch (thrown) {
          if (signal?.aborted) return new Reply(url).completion('aborted', request.sampling);
          const final = !(thrown instanceof AgentError) || thrown.details?.['passing'] === false;
          if (final || failures >= retries) throw thrown;
          await delay(Math.min(30, retryDelay * 2 ** failures), signal).catch(() => undefined);
        }
      }
    },
    async unload() {},
  };
}
