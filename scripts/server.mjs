/**
 * A static server for the built app: cross-origin isolated, ranges, folders of the user mounted under /files/N/, and
 * PUT for the outputs of a run. Loopback only.
 */
import { createReadStream } from 'node:fs';
import { appendFile, mkdir, rename, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { dirname, extname, join, resolve, sep } from 'node:path';
import { headerPolicy } from './csp.mjs';

const types = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.css': 'text/css',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.webmanifest': 'application/manifest+json',
  '.md': 'text/markdown; charset=utf-8',
};

/** The file under `root` that a URL path names; null when it would leave the folder. */
function fileUnder(root, path) {
  let decoded;
  try {
    decoded = decodeURIComponent(path);
  } catch {
    return null;
  }
  if (decoded.includes('\0')) return null;
  const base = resolve(root);
  const file = resolve(join(base, decoded));
  return file === base || file.startsWith(base + sep) ? file : null;
}

function rangeOf(header, size) {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
  if (!match || (match[1] === '' && match[2] === '')) return null;
  const start = match[1] === '' ? Math.max(0, size - Number(match[2])) : Number(match[1]);
  const end = match[1] === '' || match[2] === '' ? size - 1 : Math.min(size - 1, Number(match[2]));
  return { start, end, valid: start <= end && start < size };
}

async function sendFile(request, response, file) {
  const info = await stat(file).catch(() => null);
  if (!info?.isFile()) {
    response.writeHead(404, { 'Content-Type': 'text/plain' }).end('not found');
    return;
  }
  const headers = {
    'Content-Type': types[extname(file).toLowerCase()] ?? 'application/octet-stream',
    'Accept-Ranges': 'bytes',
    'Cache-Control': 'no-cache',
  };
  const range = rangeOf(request.headers.range, info.size);
  if (range && !range.valid) {
    response.writeHead(416, { 'Content-Range': `bytes */${info.size}` }).end();
    return;
  }
  const { start, end } = range ?? { start: 0, end: info.size - 1 };
  if (range) headers['Content-Range'] = `bytes ${start}-${end}/${info.size}`;
  headers['Content-Length'] = String(end - start + 1);
  response.writeHead(range ? 206 : 200, headers);
  if (request.method === 'HEAD' || info.size === 0) {
    response.end();
    return;
  }
  createReadStream(file, { start, end })
    .on('error', () => response.destroy())
    .pipe(response);
}

/** Writes a request's body to a file: whole (rename at the end), or appended with `?append`. */
async function receive(request, response, file, append) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const body = Buffer.concat(chunks);
  await mkdir(dirname(file), { recursive: true });
  if (append) await appendFile(file, body);
  else {
    await writeFile(`${file}.part`, body);
    await rename(`${file}.part`, file);
  }
  response.writeHead(204).end();
}

/**
 * @typedef {object} ServerOptions
 * @property {string} root the built app
 * @property {string[]} [mounts] mounts[i] is a folder served at /files/i/ or a single file served at /files/i/<its name>
 * @property {string} [out] takes PUT at /out/
 * @property {number} [port]
 * @property {string} [base] path under which the app lies, "/" if not given; ends with a slash
 * @property {boolean} [plain] sends no header but the type, as a simple static host does
 * @property {(path: string) => void} [onRequest] hears what is asked for
 * @property {(report: string) => void} [onViolation] hears the browser's reports about the policy, of workers too
 *
 * @param {ServerOptions} options
 * @returns {Promise<{url: string, port: number, close(): Promise<void>}>} url ends with a slash.
 */
export async function startServer(options) {
  const { root, mounts = [], out, port = 0, base = '/', plain = false, onRequest, onViolation } = options;
  const policy = onViolation ? `${headerPolicy}; report-uri /policy-report` : headerPolicy;

  function isolate(response) {
    response.setHeader('Cross-Origin-Opener-Policy', 'same-origin');
    response.setHeader('Cross-Origin-Embedder-Policy', 'require-corp');
    response.setHeader('Cross-Origin-Resource-Policy', 'same-origin');
    response.setHeader('Content-Security-Policy', policy);
  }

  const server = createServer((request, response) => {
    onRequest?.(request.url ?? '/');
    if (!plain) isolate(response);
    handle(request, response).catch((error) => {
      if (!response.headersSent) response.writeHead(500, { 'Content-Type': 'text/plain' });
      response.end(error instanceof Error ? error.message : String(error));
    });
  });

  async function handle(request, response) {
    const url = new URL(request.url ?? '/', 'http://localhost');
    if (request.method === 'PUT') {
      const file = out && url.pathname.startsWith('/out/') ? fileUnder(out, url.pathname.slice(5)) : null;
      if (!file) response.writeHead(403).end();
      else await receive(request, response, file, url.searchParams.has('append'));
      return;
    }
    if (onViolation && url.pathname === '/policy-report') {
      const chunks = [];
      for await (const chunk of request) chunks.push(chunk);
      onViolation(Buffer.concat(chunks).toString());
      response.writeHead(204).end();
      return;
    }
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.writeHead(405).end();
      return;
    }
    await sendFile(request, response, (await locate(url.pathname)) ?? join(root, '.no-such-file'));
  }

  async function locate(path) {
    const mounted = /^\/files\/(\d+)\/(.*)$/.exec(path);
    if (!mounted) {
      if (!path.startsWith(base)) return null;
      const inside = path.slice(base.length - 1);
      return fileUnder(root, inside.endsWith('/') ? `${inside}index.html` : inside);
    }
    const target = mounts[Number(mounted[1])];
    if (target === undefined) return null;
    const isFile = (await stat(target).catch(() => null))?.isFile() ?? false;
    return isFile ? target : fileUnder(target, mounted[2]);
  }

  await new Promise((done, fail) => server.once('error', fail).listen(port, '127.0.0.1', done));
  const address = server.address();
  return {
    url: `http://127.0.0.1:${address.port}${base}`,
    port: address.port,
    close: () =>
      new Promise((done) => {
        server.closeAllConnections();
        server.close(() => done());
      }),
  };
}
