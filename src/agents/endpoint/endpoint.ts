/** Any OpenAI-compatible server (Ollama, llama.cpp, vLLM, transformers serve). The key stays in memory. */
import { AgentError, throwIfAborted, TokenError } from '../../core/errors';
import type { AgentBackend, AgentCallbacks, AgentRequest, Completion } from '../agent';
import { replyTokens } from '../replyTokens';
import { beginningOf, bodyDocuments, BodyTooLong } from './body';
import { Failures } from './failures';
import { delay, Limiter, retryAfter } from './limiter';
import { Reply } from './reply';
import { refusedExtras, requestBody, type Extra } from './request';
import { openEnd, withoutKeys } from './secret';

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
  /** Seconds between two pieces of text; default 60. Pings and empty pieces do not count. */
  readonly stallTimeout?: number;
  /** Seconds for a whole reply; default the time to its first token and 2 s for each token, at least 600. */
  readonly turnTimeout?: number;
  /** Further attempts at a request that the server put off (429, 5xx) or broke; default 4. */
  readonly retries?: number;
  /** Seconds before the first of them, doubled each time up to 30 s; a Retry-After header goes before it. Default 1. */
  readonly retryDelay?: number;
}

/** Characters for each token asked for, beyond which a server is taken to know no end. */
const charactersPerToken = 32;
/** Bytes of a reply, whole or streamed with all that surrounds its tokens. */
const bytesOf = (maxTokens: number): number => 2 ** 23 + 2 ** 14 * maxTokens;
/** Seconds that a server may take to close its stream after the last word. */
const closing = 10;
/** Keys shorter than this are words that servers without keys are given ("none"): replies may hold them. */
const shortestSecret = 6;

/**
 * Streamed chat completions. A request that the server puts off or breaks in the middle is made again from its start, after the
 * time the server asks for; what stays broken is AgentError, with details.permanent where only the user can fix it.
 */
export function endpointAgent(options: EndpointOptions): AgentBackend {
  const { url, model, firstTokenTimeout = 300, stallTimeout = 60, retries = 4, retryDelay = 1 } = options;
  const limiter = new Limiter(options.requestsPerMinute ?? 0);
  const refused = new Set<Extra>();
  /** The model was heard thinking, and that its thoughts begin in the prompt. */
  let thinks = false;
  let opened = false;
  /** Every key that was sent: none may stand in what is stored and shown. */
  const keys = new Set<string>();
  const clean = (text: string): string => withoutKeys(text, keys);
  const failures = new Failures(url, clean);
  const secrets = (): string[] => [...keys].filter(({ length }) => length >= shortestSecret);

  function headers(): Record<string, string> {
    const key = (options.key?.() ?? '').trim();
    if (key === '') return { 'Content-Type': 'application/json' };
    if (!/^[\x20-\x7e]+$/.test(key)) throw failures.badKey();
    keys.add(key);
    return { 'Content-Type': 'application/json', Authorization: `Bearer ${key}` };
  }

  /** Throws the error of an answer that is no reply; holds all requests back where the server asks for it. */
  async function refusal(response: Response): Promise<{ error: AgentError | TokenError; text: string }> {
    const text = await beginningOf(response, 2 ** 16);
    const after = retryAfter(response.headers.get('Retry-After'));
    const error = failures.ofStatus(response.status, text);
    if (error.details?.['passing'] === true && after !== null) limiter.hold(Math.min(after, 300));
    return { error, text };
  }

  /** One attempt. Resolves with the reply, or with "aborted" and the text so far. */
  async function attempt(request: AgentRequest, { signal, onText }: AgentCallbacks): Promise<Completion> {
    await limiter.pass(signal);
    const { sampling } = request;
    const maxTokens = replyTokens(sampling, thinks);
    const { turnTimeout = Math.max(600, firstTokenTimeout + 2 * maxTokens) } = options;
    const watch = new AbortController();
    const reply = new Reply({
      url,
      maxCharacters: charactersPerToken * maxTokens,
      maxPieces: sampling.maxTokens,
      opened,
      clean,
    });
    const done = (reason: Completion['finishReason']): Completion => {
      const { text, thoughts, ...rest } = reply.completion(reason, sampling);
      thinks ||= thoughts !== undefined;
      opened ||= reply.opened;
      return {
        ...rest,
        text: withoutKeys(text, secrets()),
        ...(thoughts !== undefined && { thoughts: withoutKeys(thoughts, secrets()) }),
      };
    };
    let allowed = firstTokenTimeout;
    let timer = setTimeout(() => watch.abort('stall'), allowed * 1000);
    const total = setTimeout(() => watch.abort('turn'), turnTimeout * 1000);
    const alive = (seconds: number): void => {
      clearTimeout(timer);
      allowed = seconds;
      timer = setTimeout(() => watch.abort('stall'), allowed * 1000);
    };
    let told = 0;
    const tell = (last: boolean): void => {
      const answer = last ? reply.completion('stop', sampling).text : reply.answer;
      // What may be the beginning of a key waits until it is known to be none.
      const end = answer.length - (last ? 0 : openEnd(answer, secrets()));
      const piece = withoutKeys(answer.slice(told, end), secrets());
      told = Math.max(told, end);
      if (piece !== '') onText?.(piece);
    };
    try {
      const response = await fetch(`${url}/chat/completions`, {
        method: 'POST',
        headers: headers(),
        redirect: 'manual',
        signal: signal ? AbortSignal.any([signal, watch.signal]) : watch.signal,
        body: requestBody(model, request, refused, thinks),
      });
      const moved = failures.ofRedirect(response);
      if (moved) throw moved;
      if (!response.ok) {
        const { error, text } = await refusal(response);
        const left = [400, 422].includes(response.status) ? refusedExtras(text, refused) : [];
        if (left.length === 0 || error instanceof TokenError) throw error;
        for (const extra of left) refused.add(extra);
        return await attempt(request, { ...(signal && { signal }), ...(onText && { onText }) });
      }
      let ended = false;
      for await (const document of response.body ? bodyDocuments(response.body, bytesOf(maxTokens)) : []) {
        ended = document.whole || document.data.trim() === '[DONE]';
        if (ended && !document.whole) break;
        const before = reply.spoken;
        reply.add(document);
        if (reply.finished !== null) alive(Math.min(closing, stallTimeout));
        else if (reply.spoken > before) alive(stallTimeout);
        tell(false);
        // The server generates beyond the limit.
        if (reply.cut) break;
      }
      reply.check(ended);
      tell(true);
      return done(reply.finished ?? 'stop');
    } catch (thrown) {
      if (signal?.aborted) return done('aborted');
      // All was said: how the connection ends is no matter.
      if (reply.finished !== null) {
        tell(true);
        return done(reply.finished);
      }
      if (thrown instanceof AgentError || thrown instanceof TokenError) throw thrown;
      if (thrown instanceof BodyTooLong) throw failures.tooLong(thrown.bytes);
      const { length } = reply.text;
      if (watch.signal.reason === 'turn') throw failures.endless(turnTimeout, length);
      if (watch.signal.aborted) throw failures.silent(allowed, length);
      throw failures.unreachable(thrown);
    } finally {
      clearTimeout(timer);
      clearTimeout(total);
    }
  }

  return {
    model: `${model}@${new URL(url).host}`,
    kind: 'endpoint',
    concurrency: options.concurrency ?? 8,
    /** Throws AgentError when nobody answers or the key is refused; servers without a list of models are fine. */
    async load({ signal, onProgress }) {
      const limit = AbortSignal.timeout(30_000);
      const sent = headers();
      let response: Response;
      try {
        response = await fetch(`${url}/models`, {
          headers: sent,
          redirect: 'manual',
          signal: signal ? AbortSignal.any([signal, limit]) : limit,
        });
      } catch (cause) {
        throwIfAborted(signal);
        throw failures.unreachable(cause);
      }
      const moved = failures.ofRedirect(response);
      if (moved) throw moved;
      if (response.status === 401 || response.status === 403) throw (await refusal(response)).error;
      await response.body?.cancel();
      onProgress?.({ phase: 'ready', loaded: 1, total: 1 });
    },
    async generate(request, { signal, onText }) {
      let shown = 0;
      for (let failed = 0; ; failed++) {
        let at = 0;
        // A retry shows only what goes beyond the attempt before it.
        const show = (piece: string): void => {
          at += piece.length;
          if (at <= shown) return;
          onText?.(piece.slice(-(at - shown)));
          shown = at;
        };
        try {
          const roomy = replyTokens(request.sampling, thinks) > request.sampling.maxTokens;
          const completion = await attempt(request, { ...(signal && { signal }), onText: show });
          // Its thoughts took the place of the answer: from now on there is room for both.
          const crowded = thinks && !roomy && completion.finishReason === 'length';
          if (!crowded || replyTokens(request.sampling, thinks) <= request.sampling.maxTokens)
            return completion;
          failed--;
        } catch (thrown) {
          if (signal?.aborted) {
            return {
              text: '',
              finishReason: 'aborted',
              usage: { prompt: 0, completion: 0 },
              logprobKind: null,
            };
          }
          const final = !(thrown instanceof AgentError) || thrown.details?.['passing'] === false;
          if (final || failed >= retries) throw thrown;
          await delay(Math.min(30, retryDelay * 2 ** failed), signal).catch(() => undefined);
        }
      }
    },
    async unload() {},
  };
}
