/** Places that several runtimes read from: the hub, an address, a path under the app's address. */
import { ConfigError } from '../core/errors';

/** Files at an address, or at a path that is resolved against the app's own. */
export interface Located {
  readonly place: 'address' | 'path';
  /** As the user wrote it. */
  readonly address: string;
}

/** The hub's own address. Addresses of its files are kept as it has them, whichever mirror they came from. */
export const hubEndpoint = 'https://huggingface.co';

/** How the hub is asked. The token is in memory alone. */
export interface HubAccess {
  /** Without a slash at its end; other than the hub's own it is a mirror, which never gets the token. */
  readonly endpoint: string;
  readonly token: string | null;
}

/** What a download from the hub contacts. */
export const hubAddresses = [
  hubEndpoint,
  'https://cdn-lfs.huggingface.co',
  'https://cas-bridge.xethub.hf.co',
] as const;

/** Whether the browser can read the address, on its own or relative to another one. */
export function isReadable(address: string): boolean {
  return URL.canParse(address, 'http://localhost/');
}

/** An address of its own (http, https) or a path; null for other texts. Throws ConfigError for a broken address. */
export function located(text: string): Located | null {
  const place = /^https?:\/\//.test(text) ? 'address' : /^(\/|\.\/|files\/)/.test(text) ? 'path' : null;
  if (place === null) return null;
  if (!isReadable(text)) {
    throw new ConfigError(`"${text}" is not an address.`, 'Write it whole, such as https://host/folder/.');
  }
  return { place, address: text };
}

/** Without http:// or https://. */
export function withoutScheme(address: string): string {
  return address.replace(/^https?:\/\//, '');
}

/** Whether OWNER/NAME can be a repository of the hub. */
export function isRepository(text: string): boolean {
  const parts = text.split('/');
  return parts.length === 2 && parts.every((part) => /^[\w.-]+$/.test(part) && !/^\.+$/.test(part));
}
