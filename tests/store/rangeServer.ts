/**
 * A model server whose every behaviour a test decides, on its own port (another origin, as the hub is). Started by
 * Vitest's globalSetup; tests script it over HTTP. It speaks the hub's API for `tiny/model`, `tiny/mlc`, `tiny/onnx` and `tiny/half`, and
 * gives plain files under /files/.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { TestProject } from 'vitest/node';
import { hubListing } from '../support/hubListing';

declare module 'vitest' {
  export interface ProvidedContext {
    modelServer: string;
  }
}

/** What the next requests for a file meet. */
export interface Script {
  /** Bytes of weights that the model has. */
  bytes?: number;
  /** Bytes that the hub says the weights have, in place of the truth; null = the truth. */
  claim?: number | null;
  /** Break the connection after so many bytes of each weights answer; null = never. */
  breakAfter?: number | null;
  /** How many answers break. */
  breaks?: number;
  /** Milliseconds before each 64 KiB. */
  slow?: number;
  /** Offsets of bytes that are flipped, in the first `spoils` answers that carry them. */
  spoil?: number[];
  spoils?: number;
  /** Answer without ranges. */
  whole?: boolean;
  /** Status of the next `failures` answers. */
  status?: number;
  failures?: number;
  etag?: string;
}

interface State {
  script: Required<Script>;
  served: number;
  requests: string[];
}

const config = JSON.stringify({ model_type: 'llama' });
const fresh = (): Required<Script> => ({
  bytes: 1_000_000,
  claim: null,
  breakAfter: null,
  breaks: 0,
  slow: 0,
  spoil: [],
  spoils: 0,
  whole: false,
  status: 200,
  failures: 0,
  etag: '"1"',
});

/** Bytes that differ everywhere and repeat nowhere soon. */
function weights(bytes: number): Buffer {
  const out = Buffer.alloc(bytes);
  let state = 12345;
  for (let i = 0; i < bytes; i++) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    out[i] = state >>> 24;
  }
  return out;
}

const small = (text: string): Buffer => Buffer.from(text);

/** Files of each repository; `weights` stands for those of the script. */
const repositories: Readonly<Record<string, Readonly<Record<string, Buffer | 'weights'>>>> = {
  'tiny/model': { 'README.md': small('hi.'), 'config.json': small(config), 'model.safetensors': 'weights' },
  'tiny/mlc': {
    'README.md': small('hi.'),
    'logs.txt': small('converted'),
    'mlc-chat-config.json': small('{"context_window_size": 512}'),
    'ndarray-cache.json': small('{"records": []}'),
    'ndarray-cache-b16.json': small('{}'),
    'params_shard_0.bin': 'weights',
    'tokenizer.json': small('{}'),
  },
  'tiny/onnx': {
    'config.json': small(config),
    'tokenizer.json': small('{}'),
    'onnx/model.onnx': 'weights',
    'onnx/model_q4.onnx': small('graph'),
    'onnx/model_q4.onnx_data': 'weights',
    'onnx/model_q4f16.onnx': 'weights',
  },
  'tiny/half': { 'config.json': small(config), 'onnx/model_fp16.onnx': 'weights' },
};

function hubInfo(repo: string, bytes: number, claim: number | null): object {
  const whole = weights(bytes);
  const files = Object.entries(repositories[repo] ?? {}).map(
    ([path, content]) => [path, content === 'weights' ? whole : content] as const,
  );
  return { ...hubListing(Object.fromEntries(files), claim), safetensors: { total: bytes / 2 } };
}

/** What lies at a path; null where nothing does. */
function fileAt(path: string, bytes: number): Buffer | null {
  if (path === '/files/tiny.wasm') return small('a compiled library');
  if (path === '/files/newer.wasm') return small('another');
  const [, repo = '', name = ''] = /^\/(?:(tiny\/\w+)\/resolve\/c0ffee|files)\/(.+)$/.exec(path) ?? [];
  const found = repositories[repo || 'tiny/model']?.[name];
  return found === 'weights' ? weights(bytes) : (found ?? null);
}

async function send(
  state: State,
  request: IncomingMessage,
  response: ServerResponse,
  body: Buffer,
): Promise<void> {
  const { script } = state;
  const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
  const start = range && !script.whole ? Number(range[1]) : 0;
  const end = range && !script.whole && range[2] ? Math.min(body.length, Number(range[2]) + 1) : body.length;
  if (script.failures > 0 && body.length > 1000) {
    script.failures--;
    response.writeHead(script.status, { 'Retry-After': '0' }).end();
    return;
  }
  response.writeHead(range && !script.whole ? 206 : 200, {
    'Content-Type': 'application/octet-stream',
    'Content-Length': String(end - start),
    ETag: body.length > 1000 ? script.etag : '"small"',
    ...(range && !script.whole ? { 'Content-Range': `bytes ${start}-${end - 1}/${body.length}` } : {}),
  });
  const part = Buffer.from(body.subarray(start, end));
  const spoilt =
    body.length > 1000 && script.spoils > 0 && script.spoil.some((at) => at >= start && at < end);
  if (spoilt) {
    script.spoils--;
    for (const at of script.spoil) if (at >= start && at < end) part[at - start]! ^= 0xff;
  }
  const breaks = body.length > 1000 && script.breakAfter !== null && script.breaks > 0;
  if (breaks) script.breaks--;
  const limit = breaks && script.breakAfter !== null ? Math.min(script.breakAfter, part.length) : part.length;
  for (let at = 0; at < limit; at += 65_536) {
    if (script.slow > 0) await new Promise((resolve) => setTimeout(resolve, script.slow));
    if (response.destroyed) return;
    const piece = part.subarray(at, Math.min(limit, at + 65_536));
    if (body.length > 1000) state.served += piece.length;
    if (!response.write(piece)) {
      await new Promise<void>((resolve) => {
        const done = (): void => {
          response.off('drain', done).off('close', done);
          resolve();
        };
        response.on('drain', done).on('close', done);
      });
    }
  }
  // What was sent arrives before the end does.
  if (breaks) setTimeout(() => response.destroy(), 200);
  else response.end();
}

async function answer(state: State, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://host');
  response.setHeader('Access-Control-Allow-Origin', '*');
  response.setHeader('Access-Control-Allow-Headers', '*');
  response.setHeader('Access-Control-Expose-Headers', 'ETag, Content-Range, Content-Length, Retry-After');
  if (request.method === 'OPTIONS') {
    response.writeHead(204).end();
    return;
  }
  if (url.pathname === '/script') {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const change = JSON.parse(Buffer.concat(chunks).toString() || '{}') as Script & { reset?: boolean };
    if (change.reset) Object.assign(state, { script: fresh(), served: 0, requests: [] });
    Object.assign(state.script, change);
    response.end(JSON.stringify({ served: state.served, requests: state.requests }));
    return;
  }
  state.requests.push(`${url.pathname} ${request.headers.range ?? 'whole'}`);
  const { bytes } = state.script;
  const repo = /^\/api\/models\/(tiny\/\w+)\/revision\//.exec(url.pathname)?.[1];
  if (repo !== undefined) {
    response
      .writeHead(200, { 'Content-Type': 'application/json' })
      .end(JSON.stringify(hubInfo(repo, bytes, state.script.claim)));
    return;
  }
  if (url.pathname.startsWith('/api/models/gated/')) {
    response.writeHead(401).end();
    return;
  }
  const file = fileAt(url.pathname, bytes);
  if (!file) response.writeHead(404).end();
  else await send(state, request, response, file);
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const state: State = { script: fresh(), served: 0, requests: [] };
  const server = createServer((request, response) => {
    answer(state, request, response).catch(() => response.destroy());
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  project.provide('modelServer', `http://127.0.0.1:${address.port}`);
  return () =>
    new Promise((done) => {
      server.closeAllConnections();
      server.close(() => done());
    });
}
