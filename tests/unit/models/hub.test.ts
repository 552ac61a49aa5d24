/** The hub as scripted here, with its store of large files on another origin and a mirror: who is told the token. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { HubAccess } from '../../../src/specs/addresses';
import { checkToken } from '../../../src/models/hub';
import { downloadFile } from '../../../src/models/downloadFile';
import { checkMirror, HubSettings } from '../../../src/models/hubSettings';
import { freshFile } from '../../../src/models/manifest';
import { describeRemote } from '../../../src/models/remote';
import { checkRemoteHeader } from '../../../src/models/remoteHeader';
import { onHub } from '../../../src/specs/engine';
import type { LargeFile } from '../../../src/store/largeFiles';

const hubEndpoint = 'https://huggingface.co';
const token = 'hf_scripted';
const content = Buffer.from('weights of a gated model');
const servers: Server[] = [];
/** What each server was asked: its name, the path, and what stood in Authorization. */
let asked: [string, string, string | undefined][] = [];
let mirror = '';
let store = '';
let hub = '';

type Answer = (request: IncomingMessage, response: ServerResponse, path: string) => void;

async function serving(name: string, answer: Answer): Promise<string> {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://host');
    asked.push([name, pathname, request.headers.authorization]);
    answer(request, response, pathname);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const listing = JSON.stringify({
  sha: 'c0ffee',
  gated: 'manual',
  siblings: ['config.json', 'model.safetensors', 'm-Q4_K_M.gguf'].map((rfilename) => ({
    rfilename,
    size: content.length,
  })),
});
function sendFile(request: IncomingMessage, response: ServerResponse): void {
  const [, from = '0', to = `${content.length - 1}`] =
    /bytes=(\d+)-(\d+)/.exec(request.headers.range ?? '') ?? [];
  const part = content.subarray(Number(from), Number(to) + 1);
  response.writeHead(206, { 'Content-Range': `bytes ${from}-${to}/${content.length}` }).end(part);
}
const refuse = (response: ServerResponse, status: number, code: string | null, message = ''): void =>
  void response
    .writeHead(status, { ...(code !== null && { 'X-Error-Code': code }), 'X-Error-Message': message })
    .end();

/** As the hub answers: it lists gated repositories for everyone and gives their files to those alone who may. */
const hubAnswer: Answer = (request, response, path) => {
  const given = request.headers.authorization;
  if (given !== undefined && given !== `Bearer ${token}` && given !== 'Bearer hf_other')
    return refuse(response, 401, null, 'Invalid credentials in Authorization header');
  if (path.includes('/private/')) return refuse(response, 401, 'RepoNotFound');
  if (path.startsWith('/api/')) return void response.end(listing);
  if (path.includes('/moved/')) {
    return void response.writeHead(307, { Location: path.replace('/moved/', '/gated/') }).end();
  }
  if (given === undefined) return refuse(response, 401, 'GatedRepo');
  if (given !== `Bearer ${token}`) return refuse(response, 403, 'GatedRepo');
  response.writeHead(302, { Location: `${store}${path}` }).end();
};

beforeAll(async () => {
  store = await serving('store', sendFile);
  hub = await serving('hub', hubAnswer);
  mirror = await serving('mirror', (request, response, path) =>
    path.startsWith('/api/')
      ? void response.end(listing)
      : path.includes('/gated/')
        ? refuse(response, 403, null)
        : sendFile(request, response),
  );
});
afterAll(() => servers.forEach((server) => server.close()));
beforeEach(() => {
  asked = [];
  // The hub's own address leads to the scripted one; what `fetch` does with redirects is its own.
  const real = fetch;
  vi.stubGlobal('fetch', (input: string | URL, init?: RequestInit) =>
    real(input.toString().replace(hubEndpoint, hub), init),
  );
});
afterEach(() => vi.unstubAllGlobals());

/** A file of a model, downloaded as the worker does. */
async function download(repo: string, access: HubAccess): Promise<string> {
  const { files } = await describeRemote(onHub(repo), { hub: access });
  const file = files.find(({ path }) => path === 'model.safetensors');
  const disk: Uint8Array[] = [];
  const large = { size: 0, write: (_: number, bytes: Uint8Array) => void disk.push(bytes.slice()) };
  await downloadFile(freshFile(file!, 1 << 20), large as unknown as LargeFile, {
    hub: access,
    onBytes: () => undefined,
    save: async () => undefined,
  });
  return Buffer.concat(disk).toString();
}

const own = (given: string | null): HubAccess => ({ endpoint: hubEndpoint, token: given });

describe('the token', () => {
  it('goes to the hub and not on to the store that the hub redirects to', async () => {
    expect(await download('gated/model', own(token))).toBe(content.toString());
    const told = `Bearer ${token}`;
    expect(asked).toEqual([
      ['hub', '/api/models/gated/model/revision/main', told],
      ['hub', '/gated/model/resolve/c0ffee/model.safetensors', told],
      ['store', '/gated/model/resolve/c0ffee/model.safetensors', undefined],
    ]);
  });

  it('stays on a redirect within the hub, as to a repository under its new name', async () => {
    expect(await download('moved/model', own(token))).toBe(content.toString());
    expect(asked.map(([name, , told]) => [name, told !== undefined])).toEqual([
      ['hub', true],
      ['hub', true],
      ['hub', true],
      ['store', false],
    ]);
  });

  it('goes along when a header is read', async () => {
    const model = await describeRemote(onHub('gated/model', 'm-Q4_K_M.gguf'), { hub: own(token) });
    // It is no GGUF: what matters is who was asked.
    await checkRemoteHeader(model, undefined, own(token)).catch(() => undefined);
    expect(asked.filter(([name]) => name === 'store').map(([, , told]) => told)).toContain(undefined);
    expect(asked.every(([name, , told]) => (name === 'hub') === (told !== undefined))).toBe(true);
  });

  it('never goes to a mirror, which gets every request of the hub', async () => {
    expect(await download('open/model', { endpoint: mirror, token })).toBe(content.toString());
    expect(asked).toEqual([
      ['mirror', '/api/models/open/model/revision/main', undefined],
      ['mirror', '/open/model/resolve/c0ffee/model.safetensors', undefined],
    ]);
  });

  it('never goes to an address, be its name near the hub’s', async () => {
    const near = { runtime: 'engine', place: 'address', address: `${store}/huggingface.co/` } as const;
    await describeRemote(near, { hub: own(token) });
    expect(asked.length).toBeGreaterThan(0);
    expect(asked.every(([, , told]) => told === undefined)).toBe(true);
  });

  it('is kept in no record: addresses of files are the hub’s own, without it', async () => {
    const model = await describeRemote(onHub('open/model'), { hub: { endpoint: mirror, token } });
    expect(model.files.map(({ url }) => url)).toEqual([
      `${hubEndpoint}/open/model/resolve/c0ffee/config.json`,
      `${hubEndpoint}/open/model/resolve/c0ffee/model.safetensors`,
    ]);
    expect(JSON.stringify(model)).not.toContain(token);
  });

  it('that could not be sent is refused, and not repeated', () => {
    expect(checkToken(` ${token}\n`)).toBe(token);
    expect(checkToken('  ')).toBeNull();
    for (const text of ['hf_secret\nX: y', 'hf_secret part', 'hf_sécret']) {
      expect(() => checkToken(text)).toThrow(expect.objectContaining({ code: 'config' }));
      expect(() => checkToken(text)).not.toThrow(/secret|sécret/);
    }
  });
});

describe('what the hub refuses', () => {
  it.each([
    [
      'a gated model without a token',
      'gated/model',
      null,
      'gated',
      /terms on https:.*gated\/model, then give a token/,
    ],
    [
      'a gated model to an account that is not let in',
      'gated/model',
      'hf_other',
      'gated',
      /with that account/,
    ],
    ['a token that it does not know', 'gated/model', 'hf_wrong', 'token', /Copy a token that is valid/],
    ['a private or absent one without a token', 'private/model', null, 'private', /Check owner and name/],
    ['a private or absent one with a token', 'private/model', token, 'private', /this token may read/],
  ] as const)('is told in words: %s', async (_, repo, given, reason, hint) => {
    const refusal = await download(repo, own(given)).catch((thrown: unknown) => thrown);
    expect(refusal).toMatchObject({
      code: 'access',
      details: { reason, variable: 'HF_TOKEN' },
      hint: expect.stringMatching(hint) as string,
    });
    if (given !== null) expect(JSON.stringify(refusal) + String(refusal)).not.toContain(given);
  });

  it('is told before the download where a header is read', async () => {
    const model = await describeRemote(onHub('gated/model', 'm-Q4_K_M.gguf'), { hub: own(null) });
    await expect(checkRemoteHeader(model, undefined, own(null))).rejects.toMatchObject({ code: 'access' });
  });

  it('by a mirror is not taken for the token’s fault', async () => {
    await expect(download('gated/model', { endpoint: mirror, token })).rejects.toMatchObject({
      code: 'access',
      details: { reason: 'mirror' },
      hint: expect.stringContaining('never sent a token') as string,
    });
  });
});

describe('the address of a mirror', () => {
  it.each([
    ['https://hub.example.org', 'https://hub.example.org'],
    [' https://hub.example.org/hf// ', 'https://hub.example.org/hf'],
    ['http://localhost:8080/', 'http://localhost:8080'],
    ['http://127.0.0.1:9', 'http://127.0.0.1:9'],
    ['http://[::1]:9', 'http://[::1]:9'],
    ['https://huggingface.co/', null],
    ['', null],
  ])('%j is kept as %j', (text, kept) => expect(checkMirror(text)).toBe(kept));

  it.each([
    ['hub.example.org', /"hub\.example\.org" is not the address/],
    ['https://', /is not the address/],
    ['http://hub.example.org', /is not asked by https/],
    ['http://localhost.example.org', /is not asked by https/],
    ['ftp://hub.example.org', /is not asked by https/],
    ['file:///models', /is not asked by https/],
    ['https://user:secret@hub.example.org', /no user, password/],
    ['https://hub.example.org/?token=secret', /no user, password/],
    ['https://hub.example.org/#secret', /no user, password/],
  ])('%j is refused', (text, reason) => {
    expect(() => checkMirror(text)).toThrow(
      expect.objectContaining({ code: 'config', message: expect.stringMatching(reason) as string }),
    );
    expect(() => checkMirror(text)).not.toThrow(/secret/);
  });

  it('that is refused changes nothing, and the token is given to none', async () => {
    const settings = new HubSettings();
    await settings.change({ token, mirror: 'https://hub.example.org' });
    await expect(settings.change({ token: 'hf_new', mirror: 'hub' })).rejects.toMatchObject({
      code: 'config',
    });
    expect(await settings.access()).toEqual({ endpoint: 'https://hub.example.org', token });
    expect(await settings.state()).toEqual({ mirror: 'https://hub.example.org', token: true });
    await settings.change({ mirror: null, token: null });
    expect(await settings.access()).toEqual({ endpoint: hubEndpoint, token: null });
  });
});
