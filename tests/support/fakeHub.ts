/** A hub for a browser that may reach no other host: its API and its files, in ranges, from memory. */
import type { BrowserContext, Route } from 'playwright';
import { hubListing } from './hubListing';

const headers = {
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Expose-Headers': 'Content-Range, ETag',
};

async function send(route: Route, content: Buffer): Promise<void> {
  const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(route.request().headers()['range'] ?? '') ?? [];
  if (from === undefined) return route.fulfill({ status: 200, headers, body: content });
  const start = Number(from);
  const body = content.subarray(start, to ? Number(to) + 1 : content.length);
  const range = `bytes ${start}-${start + body.length - 1}/${content.length}`;
  return route.fulfill({ status: 206, headers: { ...headers, 'Content-Range': range }, body });
}

/**
 * Answers for the hub's repositories (files by name) and for what is elsewhere, and refuses every other host but the app's own.
 * Gives the addresses that were asked for, in order.
 */
export async function fakeHub(
  context: BrowserContext,
  app: string,
  repositories: Readonly<Record<string, Readonly<Record<string, Buffer>>>>,
  elsewhere: (address: string) => Buffer | null = () => null,
): Promise<string[]> {
  const asked: string[] = [];
  await context.route(
    (url) => !url.href.startsWith(app) && url.protocol !== 'blob:',
    async (route) => {
      const { href, hostname, pathname } = new URL(route.request().url());
      asked.push(href);
      const other = elsewhere(href);
      if (other) return send(route, other);
      if (hostname !== 'huggingface.co') return route.abort();
      const [, api] = /^\/api\/models\/([^/]+\/[^/]+)\/revision\//.exec(pathname) ?? [];
      const listed = api === undefined ? undefined : repositories[api];
      if (listed) return route.fulfill({ status: 200, headers, json: hubListing(listed) });
      const [, repo = '', name = ''] = /^\/([^/]+\/[^/]+)\/resolve\/[^/]+\/(.+)$/.exec(pathname) ?? [];
      const file = repositories[repo]?.[name];
      return file ? send(route, file) : route.fulfill({ status: 404, headers });
    },
  );
  return asked;
}
