import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { request, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { startServer, type StaticServer } from '../../../scripts/lib/server.mjs';

const work = mkdtempSync(join(tmpdir(), 'arklet-server-'));
const out = join(work, 'out');
const big = 32 * 2 ** 20;
let server: StaticServer;

beforeAll(async () => {
  for (const folder of ['root', 'out', 'mount/model', 'hub/blobs', 'hub/snapshots/abc'])
    mkdirSync(join(work, folder), { recursive: true });
  writeFileSync(join(work, 'root/index.html'), 'app');
  writeFileSync(join(work, 'secret.txt'), 'secret');
  writeFileSync(join(work, 'mount/model/config.json'), '{}');
  writeFileSync(join(work, 'mount/model/big.bin'), Buffer.alloc(big));
  writeFileSync(join(work, 'mount/beside.txt'), 'beside');
  symlinkSync('../../secret.txt', join(work, 'mount/model/link.txt'));
  symlinkSync('../..', join(work, 'mount/model/up'));
  writeFileSync(join(work, 'hub/blobs/123'), 'weights');
  symlinkSync('../../blobs/123', join(work, 'hub/snapshots/abc/model.safetensors'));
  symlinkSync('../../../secret.txt', join(work, 'hub/snapshots/abc/link.txt'));
  server = await startServer({
    root: join(work, 'root'),
    mounts: [
      { folder: join(work, 'mount/model'), name: 'model' },
      join(work, 'secret.txt'),
      join(work, 'hub/snapshots/abc'),
    ],
    out,
  });
});
afterAll(async () => {
  await server.close();
  rmSync(work, { recursive: true });
});
afterEach(() => {
  for (const name of readdirSync(out)) rmSync(join(out, name), { recursive: true });
});

interface Asked {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

/** A request as written, names and paths included (fetch would tidy them up). */
function ask(
  path: string,
  { method = 'GET', headers = {}, body = '' }: Asked = {},
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const sent = request(
      { host: '127.0.0.1', port: server.port, path, method, headers },
      (response: IncomingMessage) => {
        let text = '';
        response.on('data', (bytes: Buffer) => (text += bytes.toString()));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}

const openFiles = (name: string): number =>
  readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).endsWith(name);
    } catch {
      return false;
    }
  }).length;

it.runIf(process.platform === 'linux')('keeps no file open for downloads that were given up', async () => {
  for (let i = 0; i < 40; i++) {
    await new Promise<void>((resolve) => {
      const sent = request(
        { host: '127.0.0.1', port: server.port, path: '/files/0/model/big.bin' },
        (response) => {
          response.once('data', () => response.destroy());
          response.once('close', resolve);
        },
      );
      sent.end();
    });
  }
  for (let i = 0; i < 100 && openFiles('big.bin') > 0; i++)
    await new Promise((resolve) => setTimeout(resolve, 20));
  expect(openFiles('big.bin')).toBe(0);
});

it('serves pages under its own names alone, and hears no page of another one', async () => {
  const port = `:${server.port}`;
  for (const host of [
    `127.0.0.1${port}`,
    `localhost${port}`,
    'arklet.localhost',
    `[::1]${port}`,
    `LOCALHOST${port}`,
  ])
    expect((await ask('/', { headers: { host } })).status, host).toBe(200);
  for (const host of [
    'evil.example',
    `evil.example${port}`,
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    '10.0.0.1',
  ])
    expect((await ask('/files/1/secret.txt', { headers: { host } })).status, host).toBe(403);
  const host = `127.0.0.1${port}`;
  const put = (origin: string) => ask('/out/x', { method: 'PUT', headers: { host, origin }, body: 'x' });
  for (const origin of ['http://evil.example', 'null', 'http://127.0.0.1:1', `http://localhost${port}`])
    expect((await put(origin)).status, origin).toBe(403);
  expect(readdirSync(out)).toEqual([]);
  expect((await put(`http://${host}`)).status).toBe(204);
});

it('is asked for under further names where it is given them, and under no others', async () => {
  const named = await startServer({ root: join(work, 'root'), names: ['lab.example', '10.0.0.7'] });
  const status = (host: string): Promise<number> =>
    new Promise((resolve, reject) => {
      const sent = request({ host: '127.0.0.1', port: named.port, headers: { host } }, (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      });
      sent.on('error', reject).end();
    });
  try {
    for (const host of ['lab.example', `LAB.example:${named.port}`, '10.0.0.7:80', 'localhost'])
      expect(await status(host), host).toBe(200);
    for (const host of ['evil.lab.example', 'lab.example.evil', '10.0.0.8'])
      expect(await status(host), host).toBe(403);
  } finally {
    await named.close();
  }
});

it('gives of a mount what was named, and follows no link out of it', async () => {
  const status = async (path: string): Promise<number> => (await ask(path)).status;
  expect(await status('/files/0/model/config.json')).toBe(200);
  expect((await ask('/files/1/secret.txt')).text).toBe('secret');
  expect((await ask('/files/2/model.safetensors')).text).toBe('weights');
  for (const path of [
    '/files/0/beside.txt',
    '/files/0/model/../beside.txt',
    '/files/0/config.json',
    '/files/0/model/link.txt',
    '/files/0/model/up/secret.txt',
    '/files/0/model/up/mount/beside.txt',
    '/files/1/config.json',
    '/files/2/link.txt',
    '/files/2/../../blobs/123',
    '/files/3/x',
  ])
    expect(await status(path), path).toBe(404);
});

it('writes results whole, in the folder alone, and leaves no half file', async () => {
  const put = (path: string, body = 'x') => ask(path, { method: 'PUT', body });
  expect((await put('/out/a/b.txt', 'first')).status).toBe(204);
  expect((await put('/out/a/b.txt', 'second')).status).toBe(204);
  expect((await put('/out/log.jsonl?append', '1\n')).status).toBe(204);
  expect((await put('/out/log.jsonl?append', '2\n')).status).toBe(204);
  expect(readFileSync(join(out, 'a/b.txt'), 'utf8')).toBe('second');
  expect(readFileSync(join(out, 'log.jsonl'), 'utf8')).toBe('1\n2\n');
  symlinkSync('../secret.txt', join(out, 'link.txt'));
  symlinkSync('..', join(out, 'up'));
  for (const path of [
    '/out/',
    '/out/a',
    '/out/..%2Fx',
    '/out/link.txt',
    '/out/link.txt?append',
    '/out/up/secret.txt',
  ])
    expect((await put(path)).status, path).toBe(403);
  expect(readFileSync(join(work, 'secret.txt'), 'utf8')).toBe('secret');
  // A body that breaks off.
  await new Promise<void>((resolve) => {
    const sent = request({
      host: '127.0.0.1',
      port: server.port,
      path: '/out/half.bin',
      method: 'PUT',
      headers: { 'Content-Length': '1000000' },
    });
    sent.on('error', () => resolve());
    sent.write(Buffer.alloc(1000), () => setTimeout(() => sent.destroy(), 100));
  });
  for (let i = 0; i < 100 && readdirSync(out).some((name) => name.startsWith('half')); i++)
    await new Promise((resolve) => setTimeout(resolve, 20));
  expect(readdirSync(out).sort()).toEqual(['a', 'link.txt', 'log.jsonl', 'up']);
  expect(readdirSync(work).filter((name) => name.includes('part'))).toEqual([]);
});

it('takes a file of any size without holding it, and bounds what is appended', async () => {
  const before = process.memoryUsage().arrayBuffers;
  let most = 0;
  const status = await new Promise<number>((resolve, reject) => {
    const sent = request(
      { host: '127.0.0.1', port: server.port, path: '/out/big.bin', method: 'PUT' },
      (response) => resolve(response.statusCode ?? 0),
    );
    sent.on('error', reject);
    const piece = Buffer.alloc(2 ** 20);
    let left = 200;
    const more = (): void => {
      most = Math.max(most, process.memoryUsage().arrayBuffers);
      if (left-- === 0) sent.end();
      else sent.write(piece, more);
    };
    more();
  });
  expect(status).toBe(204);
  expect(readFileSync(join(out, 'big.bin')).byteLength).toBe(200 * 2 ** 20);
  expect(most - before).toBeLessThan(100 * 2 ** 20);
  const appended = await ask('/out/log?append', { method: 'PUT', body: 'x'.repeat(65 * 2 ** 20) }).catch(
    () => ({ status: 413 }),
  );
  expect(appended.status).toBe(413);
});
