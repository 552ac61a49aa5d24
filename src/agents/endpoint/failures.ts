/** What can go wrong between an endpoint and us, in words; what the server sent is stated without the key. */
import { AgentError, TokenError } from '../../core/errors';

/** Whether a retry after a wait may succeed. */
const passing = new Set([408, 409, 425, 429, 500, 502, 503, 504, 529]);
/** Characters of what a server sent that a message repeats. */
const excerpt = 300;

const hints: Readonly<Record<number, string>> = {
  401: 'Give the key of this server, then resume.',
  403: 'Give the key of this server, then resume.',
  404: 'Check the address (it mostly ends with /v1) and the name of the model.',
  429: 'The server limits requests: allow fewer a minute, or fewer at once.',
};

export class Failures {
  readonly #url: string;
  readonly #clean: (text: string) => string;

  constructor(url: string, clean: (text: string) => string) {
    this.#url = url;
    this.#clean = clean;
  }

  #excerpt(text: string): string {
    return this.#clean(text).slice(0, excerpt);
  }

  ofStatus(status: number, text: string): AgentError | TokenError {
    const what = `${this.#url} answered ${status}${text ? `: ${this.#excerpt(text)}` : ''}.`;
    if (status === 400 && /context[ _]?(length|window|size)|maximum context|too long/i.test(text)) {
      return new TokenError(what, 'Use fewer rounds, agents or shots, or a longer context.');
    }
    const permanent = [401, 403, 404].includes(status);
    return new AgentError(what, hints[status] ?? 'Check the model name and the load of the server.', {
      details: {
        status,
        permanent,
        passing: passing.has(status),
        ...((status === 401 || status === 403) && { variable: 'ARKLET_ENDPOINT_KEY' }),
        ...(status === 429 && { settings: ['endpoint-rate', 'endpoint-concurrency'] }),
      },
    });
  }

  /**
   * The error of an answer that sends us elsewhere: prompts go to the hosts that the user named alone. Browsers do not tell where
   * a redirect leads.
   */
  ofRedirect(response: Response): AgentError | null {
    const { status, type, headers } = response;
    if (type !== 'opaqueredirect' && ![301, 302, 303, 307, 308].includes(status)) return null;
    void response.body?.cancel();
    const to = this.#target(headers.get('Location'));
    return new AgentError(
      `${this.#url} redirects to ${to ?? 'another address'}. Redirects are not followed.`,
      to === null
        ? 'Open the address in a browser tab to see where it leads, and give that address instead.'
        : 'If you trust that address, give it (up to /v1) instead.',
      { details: { permanent: true, passing: false } },
    );
  }

  /** Without its query, which may hold a key. */
  #target(location: string | null): string | null {
    if (location === null || !URL.canParse(location, this.#url)) return null;
    const { origin, pathname } = new URL(location, this.#url);
    // Read as it was before it was encoded, so that a key in it is found.
    const path = pathname.replace(/(?:%[0-9a-f]{2})+/gi, (part) =>
      new TextDecoder().decode(
        Uint8Array.from(part.slice(1).split('%'), (digits) => Number.parseInt(digits, 16)),
      ),
    );
    return this.#excerpt(`${origin}${path}`);
  }

  badKey(): AgentError {
    return new AgentError(
      `The key of ${this.#url} holds characters that no key has: line breaks, control characters or letters beyond ASCII.`,
      'Copy the key again and enter it again.',
      { details: { permanent: true, passing: false } },
    );
  }

  unreachable(cause: unknown): AgentError {
    return new AgentError(
      `${this.#url} did not answer: ${this.#excerpt(cause instanceof Error ? cause.message : String(cause))}.`,
      'Check that the server runs and allows requests from this page (CORS).',
    );
  }

  silent(seconds: number, characters: number): AgentError {
    return new AgentError(
      `${this.#url} sent nothing for ${seconds} s, after ${characters} characters.`,
      'See the load of the server; the turn is asked for again.',
    );
  }

  endless(seconds: number, characters: number): AgentError {
    return new AgentError(
      `${this.#url} did not end its reply within ${seconds} s, after ${characters} characters.`,
      'Use a faster server or model, or allow fewer tokens a reply.',
      { details: { passing: false } },
    );
  }

  tooLong(bytes: number): AgentError {
    return new AgentError(
      `${this.#url} sent more than ${Math.round(bytes / 2 ** 20)} MB for one reply.`,
      'Use an OpenAI-compatible server; its address mostly ends with /v1.',
      { details: { passing: false } },
    );
  }
}
