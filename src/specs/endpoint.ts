/** Names of models on a server with the OpenAI protocol. */
import { ConfigError } from '../core/errors';
import type { Grammar } from './grammar';

export interface EndpointSpec {
  readonly runtime: 'endpoint';
  readonly place: 'address';
  /** Address of the API in its one form, such as http://127.0.0.1:11434/v1 */
  readonly url: string;
  readonly model: string;
}

const prefix = 'endpoint:';

/** What keeps a text from being the address of a server: it is none, or holds a user, a password or a query. */
export function addressFault(text: string): 'none' | 'secret' | null {
  if (!/^https?:\/\/[^/\s]/i.test(text) || !URL.canParse(text)) return 'none';
  const { username, password, search } = new URL(text);
  return username || password || search ? 'secret' : null;
}

/** An address in one form. Throws ConfigError for what is no http(s) address, or holds a key or a query. */
export function endpointAddress(text: string): string {
  const fault = addressFault(text);
  if (fault === 'none') {
    throw new ConfigError(
      `"${text}" is not the address of a server.`,
      'Write it whole, such as http://localhost:11434/v1.',
    );
  }
  const { host, origin, pathname } = new URL(text);
  if (fault === 'secret') {
    throw new ConfigError(
      `The address of the endpoint at ${host} holds a user, a password or a query.`,
      'Addresses are stored and shared: give the key where the app asks for it.',
      { details: { variable: 'ARKLET_ENDPOINT_KEY' } },
    );
  }
  return `${origin}${pathname.replace(/\/+$/, '')}`;
}

/** A model of a server. Throws ConfigError. */
export function served(address: string, model: string): EndpointSpec {
  return { runtime: 'endpoint', place: 'address', url: endpointAddress(address), model };
}

/** The same text with names of servers' models as their addresses alone, for texts that people read. */
export function plainEndpoints(text: string): string {
  return text.replace(/\bendpoint:(https?:\S+?)(?:#(\S+))?(?=[\s",.]|$)/g, '$1');
}

/** `endpoint:URL#MODEL`. */
export const endpoint: Grammar<EndpointSpec> = {
  prefix,
  parse(rest) {
    const [, address, model] = /^(https?:\/\/[^#\s]+)#(.+)$/.exec(rest) ?? [];
    if (address !== undefined && model !== undefined) return served(address, model);
    throw new ConfigError(
      `"${rest.replace(/#.*$/, '')}" is not the address of a server.`,
      'Write it whole, such as http://localhost:11434/v1, and name the model.',
      { details: { form: `${prefix}http://host:port/v1#model` } },
    );
  },
  write: ({ url, model }) => `${url}#${model}`,
  label: ({ url, model }) => `${url}#${model}`,
  contacts: ({ url }) => [url],
  keeper: () => 'none',
};
