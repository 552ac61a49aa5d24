/** The hub: where it is asked, who gets the user's token, and what its refusals mean. */
import { AccessError, ConfigError, DownloadError, type ArkletError } from '../core/errors';
import { hubEndpoint, type HubAccess } from '../specs/addresses';

export const openAccess: HubAccess = { endpoint: hubEndpoint, token: null };

/** The name of the token in a command's environment. */
const tokenVariable = 'HF_TOKEN';

/** The token as it is sent; null for none. Throws ConfigError, which does not repeat it. */
export function checkToken(text: string | null): string | null {
  const token = text?.trim() ?? '';
  if (token === '') return null;
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw new ConfigError(
    'This is no token: it holds blanks or characters that no token has.',
    'Copy it whole, as the hub shows it: it begins with hf_.',
    { details: { variable: tokenVariable } },
  );
}

/** Where a request for an address goes: what is the hub's to its mirror. */
function placeOf(address: string, endpoint: string): URL {
  const url = new URL(address);
  return url.origin === hubEndpoint ? new URL(endpoint + url.pathname + url.search) : url;
}

/**
 * `fetch`, for every address that may be the hub's. The token goes to the hub's own host over https and to no other: a request for
 * another place never has it, and on a redirect to another origin, as to the hub's stores of large files, `fetch` drops it.
 */
export function fetchFrom(
  address: string,
  init: RequestInit,
  { endpoint, token }: HubAccess,
): Promise<Response> {
  const url = placeOf(address, endpoint);
  if (token === null || url.origin !== hubEndpoint) return fetch(url, init);
  const headers = new Headers(init.headers);
  headers.set('Authorization', `Bearer ${token}`);
  // What an account may see stays out of the browser's cache.
  return fetch(url, { ...init, headers, cache: 'no-store' });
}

/** As `fetchFrom`; `what` is asked for, for the DownloadError that names it where nobody answers. */
export async function get(
  address: string,
  init: RequestInit,
  access: HubAccess,
  what: string = new URL(address).pathname,
): Promise<Response> {
  try {
    return await fetchFrom(address, init, access);
  } catch (cause) {
    if (init.signal?.aborted) throw cause;
    throw new DownloadError(
      `${placeOf(address, access.endpoint).host} could not be reached for ${what}.`,
      'Check the connection. Models that were downloaded before work without it.',
      { cause },
    );
  }
}

/** OWNER/NAME of an address of the hub, after datasets/ where it is one; its path where it is neither. */
function repositoryOf(pathname: string): string {
  const [, kind = '', repo] =
    /^\/(?:api\/models\/|(?:api\/)?(datasets\/))?([\w.-]+\/[\w.-]+)\/(?:revision|resolve|parquet)(?:\/|$)/.exec(
      pathname,
    ) ?? [];
  return repo === undefined ? pathname : kind + repo;
}

/** What the hub's 401 and 403 mean, by its own code where it gives one. */
function refused(pathname: string, { status, headers }: Response, token: string | null): AccessError {
  const repo = repositoryOf(pathname);
  const code = headers.get('x-error-code');
  const details = { variable: tokenVariable };
  const page = `${hubEndpoint}/${repo}`;
  if (code === 'GatedRepo') {
    return token === null
      ? new AccessError(
          `${repo} is gated: the hub gives it to those who accepted its terms (${status}).`,
          `Accept the terms on ${page}, then give a token of your account.`,
          { details: { ...details, reason: 'gated' } },
        )
      : new AccessError(
          `${repo} is gated, and the account of this token was not let in (${status}).`,
          `Accept the terms on ${page} with that account, and wait where they are granted by hand. A fine-grained token must be allowed to read gated repositories.`,
          { details: { ...details, reason: 'gated' } },
        );
  }
  const unknown = /invalid credentials/i.test(headers.get('x-error-message') ?? '');
  if (token !== null && (unknown || (status === 401 && code === null))) {
    return new AccessError(
      `The hub does not know this token (${status}).`,
      'Copy a token that is valid, or ask without one.',
      { details: { ...details, reason: 'token' } },
    );
  }
  return new AccessError(
    `${repo} is private or does not exist (${status}).`,
    token === null
      ? 'Check owner and name. A private or gated repository needs a token of an account that may read it.'
      : 'Check owner and name, and that this token may read the repository.',
    { details: { ...details, reason: 'private' } },
  );
}

/** What an HTTP status means for a download: AccessError, DownloadError. */
export function statusError(
  address: string,
  response: Response,
  { endpoint, token }: HubAccess,
): ArkletError {
  const { origin } = new URL(address);
  const { host, pathname, origin: asked } = placeOf(address, endpoint);
  const { status } = response;
  if (status === 401 || status === 403) {
    if (asked === hubEndpoint) return refused(pathname, response, token);
    if (origin === hubEndpoint) {
      return new AccessError(
        `The mirror ${host} answered ${status} for ${repositoryOf(new URL(address).pathname)}: it is gated, private or does not exist.`,
        'A mirror is never sent a token. Leave the mirror out to ask the hub itself with one.',
        { details: { reason: 'mirror' } },
      );
    }
    return new DownloadError(
      `${host} answered ${status} for ${pathname}: it gives this to those alone who sign in.`,
      'Download the folder yourself, and pick it under "local files".',
    );
  }
  if (status === 404 || status === 410) {
    return new DownloadError(`${host} has no ${pathname} (${status}).`, 'Check owner, name and revision.');
  }
  return new DownloadError(`${host} answered ${status} for ${pathname}.`, 'Try again in a while.');
}
