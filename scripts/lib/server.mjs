/**
 * A static server for the built app: cross-origin isolated, ranges, folders of the user mounted under /files/N/, and
 * PUT for the outputs of a run. Loopback only.
 */
import { createReadStream, createWriteStream } from 'node:fs';
import { appendFile, lstat, mkdir, realpath, rename, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { basename, dirname, extname, join, resolve, sep } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { headerPolicy } from './csp.mjs';
/** @import {IncomingMessage, OutgoingHttpHeaders, ServerResponse} from 'node:http' */

/** @type {Readonly<Record<string, string>>} */
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

/**
 * The file under `root` that a URL path names; null when it would leave the folder.
 * @param {string} root
 * @param {string} path
 */
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

/** @param {string | undefined} header @param {number} size */
function rangeOf(header, size) {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
  if (!match || (match[1] === '' && match[2] === '')) return null;
  const start = match[1] === '' ? Math.max(0, size - Number(match[2])) : Number(match[1]);
  const end = match[1] === '' || match[2] === '' ? size - 1 : Math.min(size - 1, Number(match[2]));
  return { start, end, valid: start <= end && start < size };
}

/** @param {IncomingMessage} request @param {ServerResponse} response @param {string} file */
async function sendFile(request, response, file) {
  const info = await stat(file).catch(() => null);
  if (!info?.isFile()) {
    response.writeHead(404, { 'Content-Type': 'text/plain' }).end('not found');
    return;
  }
  /** @type {OutgoingHttpHeaders} */
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
  // Closes the file whenever the other side goes away.
  await pipeline(createReadStream(file, { start, end }), response).catch(() => response.destroy());
}

/**
 * Whether a path, its links followed, lies in one of the folders.
 * @param {string} file
 * @param {readonly string[]} folders
 */
async function liesIn(file, folders) {
  const real = await realpath(file).catch(() => null);
  return real !== null && folders.some((folder) => real === folder || real.startsWith(folder + sep));
}

/**
 * Where the files of a folder may lie: in it, or where the hub's cache keeps what its snapshots link to.
 * @param {string} folder
 */
async function homesOf(folder) {
  const real = await realpath(folder);
  const blobs = join(dirname(dirname(real)), 'blobs');
  const snapshot = basename(dirname(real)) === 'snapshots' && (await stat(blobs).catch(() => null));
  return snapshot ? [real, await realpath(blobs)] : [real];
}

/** The most bytes of a file that is written, and of a piece that is appended. */
const largest = { whole: 8 * 2 ** 30, append: 64 * 2 ** 20 };

class TooLarge extends Error {}

/**
 * Passes bytes on up to a limit.
 * @param {number} limit
 */
function limited(limit) {
  let bytes = 0;
  return new Transform({
    transform(/** @type {Buffer} */ chunk, _encoding, done) {
      bytes += chunk.length;
      if (bytes > limit) done(new TooLarge(`more than ${limit} bytes`));
      else done(null, chunk);
    },
  });
}

/** @param {IncomingMessage} request @param {number} limit */
async function readBody(request, limit) {
  /** @type {Buffer[]} */
  const chunks = [];
  for await (const chunk of /** @type {AsyncIterable<Buffer>} */ (request.pipe(limited(limit))))
    chunks.push(chunk);
  return Buffer.concat(chunks);
}

/**
 * Names under which this server is reached, those of this machine and `names`: a page of another name that leads here (DNS
 * rebinding) has no business with it.
 * @param {string | undefined} host
 * @param {readonly string[]} names
 */
function isOwnName(host, names) {
  const name = /^(\[[^\]]*\]|[^:]*)(?::\d+)?$/.exec(host ?? '')?.[1]?.toLowerCase() ?? '';
  const own = ['127.0.0.1', '[::1]', 'localhost', ...names.map((one) => one.toLowerCase())];
  return own.includes(name) || own.includes(name.replace(/^\[|\]$/g, '')) || name.endsWith('.localhost');
}

/**
 * Whether the request is for this server and, where a page sends it, from a page of this server.
 * @param {IncomingMessage} request
 * @param {readonly string[]} names
 */
function isOwnRequest({ headers: { host, origin } }, names) {
  if (!isOwnName(host, names)) return false;
  if (origin === undefined) return true;
  return URL.canParse(origin) && new URL(origin).host === host;
}

let parts = 0;

/**
 * Writes a request's body to a file under `out`: whole (rename at the end), or appended with `?append`.
 * @param {IncomingMessage} request
 * @param {ServerResponse} response
 * @param {{out: string, file: string, append: boolean}} place
 */
async function receive(request, response, { out, file, append }) {
  await mkdir(dirname(file), { recursive: true });
  const there = await lstat(file).catch(() => null);
  const refused = (there && !there.isFile()) || !(await liesIn(dirname(file), [await realpath(out)]));
  if (refused) {
    response.writeHead(403, { Connection: 'close' }).end();
    return;
  }
  if (append) await appendFile(file, await readBody(request, largest.append));
  else {
    const part = `${file}.${process.pid}-${parts++}.part`;
    try {
      await pipeline(request, limited(largest.whole), createWriteStream(part));
      await rename(part, file);
    } catch (error) {
      await rm(part, { force: true });
      throw error;
    }
  }
  response.writeHead(204).end();
}

/**
 * @typedef {object} ServerOptions
 * @property {string} root the built app
 * @property {readonly (string | {folder: string, name: string})[]} [mounts] mounts[i] is a folder served at /files/i/, or at /files/i/NAME/
 *   where it has a name, or a single file served at /files/i/<its name>
 * @property {string} [out] takes PUT at /out/
 * @property {number} [port]
 * @property {string} [host] the address to listen at, this machine's own if not given
 * @property {readonly string[]} [names] further names and addresses under which requests are answered
 * @property {{key: string, cert: string}} [tls] serves https
 * @property {string} [base] path under which the app lies, "/" if not given; ends with a slash
 * @property {boolean} [plain] sends no header but the type, as a simple static host does
 * @property {(path: string) => void} [onRequest] hears what is asked for
 * @property {(report: string) => void} [onViolation] hears the browser's reports about the policy, of workers too
 *
 * @typedef {object} StaticServer
 * @property {string} url ends with a slash
 * @property {number} port
 * @property {() => Promise<void>} close
 * @property {Promise<void>} closed
 *
 * @param {ServerOptions} options
 * @returns {Promise<StaticServer>}
 */
export async function startServer(options) {
  const { root, mounts = [], out, port = 0, base = '/', plain = false, onRequest, onViolation } = options;
  const { host = '127.0.0.1', names = [], tls } = options;
  const policy = onViolation ? `${headerPolicy}; report-uri /policy-report` : headerPolicy;

  /** @param {ServerResponse} response */
  function isolate(response) {
    response.setHeader('Cross-Origin-Opener-Policy', 'same-origin');
    response.setHeader('Cross-Origin-Embedder-Policy', 'require-corp');
    response.setHeader('Cross-Origin-Resource-Policy', 'same-origin');
    response.setHeader('Content-Security-Policy', policy);
  }

  /** @param {IncomingMessage} request @param {ServerResponse} response */
  const answer = (request, response) => {
    onRequest?.(request.url ?? '/');
    if (!plain) isolate(response);
    // A browser's report on the policy may come from nowhere.
    const reports = onViolation && request.url === '/policy-report' && isOwnName(request.headers.host, names);
    if (!reports && !isOwnRequest(request, names)) {
      response.writeHead(403, { 'Content-Type': 'text/plain' }).end('not for this server');
      return;
    }
    handle(request, response).catch((/** @type {unknown} */ error) => {
      const status = error instanceof TooLarge ? 413 : 500;
      if (!response.headersSent)
        response.writeHead(status, { 'Content-Type': 'text/plain', Connection: 'close' });
      response.end(error instanceof Error ? error.message : String(error));
    });
  };
  const server = tls ? createSecureServer(tls, answer) : createServer(answer);

  /** @param {IncomingMessage} request @param {ServerResponse} response */
  async function handle(request, response) {
    const url = new URL(request.url ?? '/', 'http://localhost');
    if (request.method === 'PUT') {
      const file =
        out !== undefined && url.pathname.startsWith('/out/') ? fileUnder(out, url.pathname.slice(5)) : null;
      // The folder itself is no file.
      if (out === undefined || !file || file === resolve(out))
        response.writeHead(403, { Connection: 'close' }).end();
      else await receive(request, response, { out, file, append: url.searchParams.has('append') });
      return;
    }
    if (onViolation && url.pathname === '/policy-report') {
      onViolation((await readBody(request, largest.append)).toString());
      response.writeHead(204).end();
      return;
    }
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.writeHead(405).end();
      return;
    }
    await sendFile(request, response, (await locate(url.pathname)) ?? join(root, '.no-such-file'));
  }

  /** @param {string} path @returns {Promise<string | null>} */
  async function locate(path) {
    const [, index, inMount] = /^\/files\/(\d+)\/(.*)$/.exec(path) ?? [];
    if (index === undefined || inMount === undefined) {
      if (!path.startsWith(base)) return null;
      const inside = path.slice(base.length - 1);
      return within(root, fileUnder(root, inside.endsWith('/') ? `${inside}index.html` : inside));
    }
    const mount = mounts[Number(index)];
    if (mount === undefined) return null;
    const { folder, name } = typeof mount === 'string' ? { folder: mount, name: '' } : mount;
    if ((await stat(folder).catch(() => null))?.isFile()) {
      // Of a single file nothing but itself.
      const wanted = fileUnder(dirname(folder), inMount);
      return wanted === resolve(folder) ? folder : null;
    }
    if (name === '') return within(folder, fileUnder(folder, inMount));
    const start = `${encodeURIComponent(name)}/`;
    return inMount.startsWith(start) ? within(folder, fileUnder(folder, inMount.slice(start.length))) : null;
  }

  /**
   * The file, unless a link leads out of the folder.
   * @param {string} folder
   * @param {string | null} file
   */
  async function within(folder, file) {
    return file !== null && (await liesIn(file, await homesOf(folder))) ? file : null;
  }

  await new Promise((done, fail) => server.once('error', fail).listen(port, host, () => done(null)));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  /** @type {Promise<void>} */
  const closed = new Promise((done) => server.once('close', done));
  // An address that stands for all is no place to go to.
  const place = ['0.0.0.0', '::'].includes(host) ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host;
  return {
    url: `${tls ? 'https' : 'http'}://${place}:${address.port}${base}`,
    port: address.port,
    closed,
    close: () => {
      server.closeAllConnections();
      server.close();
      return closed;
    },
  };
}
