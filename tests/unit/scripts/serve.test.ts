/** Serving a class: other names than this machine's own, and https by a certificate made on the spot. */
import { spawn } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request as plainRequest } from 'node:http';
import { request as secureRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { makeCertificate } from '../../../scripts/lib/certificate.mjs';
import { startServer } from '../../../scripts/lib/server.mjs';

const root = mkdtempSync(join(tmpdir(), 'arklet-serve-'));
writeFileSync(join(root, 'index.html'), 'app');
afterAll(() => rmSync(root, { recursive: true }));

/** The status of the first page under a name. */
function status(port: number, host: string, ca?: string): Promise<number> {
  return new Promise((done, fail) => {
    const options = { host: '127.0.0.1', port, path: '/', headers: { host }, ca, servername: 'localhost' };
    (ca === undefined ? plainRequest : secureRequest)(options, (response) => {
      response.resume();
      done(response.statusCode ?? 0);
    })
      .on('error', fail)
      .end();
  });
}

it('a certificate is for every name and address that it is given, and for a month', async () => {
  const names = ['localhost', '127.0.0.1', '::1', 'teacher.local', '192.168.1.7'];
  const now = Date.UTC(2026, 10, 30);
  const { cert, fingerprint } = await makeCertificate(names, now);
  const made = new X509Certificate(cert);
  expect([made.checkHost('teacher.local'), made.checkHost('other.local')]).toEqual([
    'teacher.local',
    undefined,
  ]);
  expect(['192.168.1.7', '::1', '10.0.0.1'].map((ip) => made.checkIP(ip) !== undefined)).toEqual([
    true,
    true,
    false,
  ]);
  expect([made.ca, made.fingerprint256]).toEqual([false, fingerprint]);
  const [from, to] = [made.validFrom, made.validTo].map((text) => (Date.parse(text) - now) / 86_400_000);
  expect([from, to]).toEqual([-1, 30]);
});

it('https holds to its certificate, and answers under the names that it was given and no others', async () => {
  const names = ['teacher.local', '192.168.1.7', 'fd00::7'];
  const tls = await makeCertificate(['localhost', ...names]);
  const server = await startServer({ root, names, tls });
  try {
    expect(server.url).toBe(`https://127.0.0.1:${server.port}/`);
    const known = ['teacher.local', 'TEACHER.local:8443', '192.168.1.7:1', '[fd00::7]:1', 'localhost'];
    expect(await Promise.all(known.map((host) => status(server.port, host, tls.cert)))).toEqual(
      known.map(() => 200),
    );
    const others = ['evil.example', 'teacher.local.evil.example', '192.168.1.70', '[fd00::8]'];
    expect(await Promise.all(others.map((host) => status(server.port, host, tls.cert)))).toEqual(
      others.map(() => 403),
    );
    const { cert: another } = await makeCertificate(['localhost']);
    await expect(status(server.port, 'localhost', another)).rejects.toMatchObject({
      code: 'DEPTH_ZERO_SELF_SIGNED_CERT',
    });
  } finally {
    await server.close();
  }
});

it('without them another name is refused', async () => {
  const server = await startServer({ root });
  try {
    expect([await status(server.port, 'teacher.local'), await status(server.port, 'localhost')]).toEqual([
      403, 200,
    ]);
  } finally {
    await server.close();
  }
});

it('flags that do not hold are said before anything is built or opened', async () => {
  const cli = resolve('scripts/arklet.mjs');
  const tries: readonly (readonly [string[], RegExp])[] = [
    [['--port', '70000'], /port is \\"70000\\"/],
    [['--port', '-1'], /port is \\"-1\\"/],
    [['serve', '--port='], /--port has an empty value/],
    [['--https=maybe'], /--https is \\"maybe\\"/],
    [['--host', 'a b'], /\\"a b\\" is no address/],
    [['--host', '0.0.0.0,'], /\\"\\" is no address/],
    [['--open'], /\\"open\\" is not known/],
    [['serve', 'here'], /\\"here\\" is not known/],
    [['dance'], /Unknown command dance. Commands: serve, distil, kit, bench/],
  ];
  await Promise.all(
    tries.map(async ([args, expected]) => {
      const child = spawn(process.execPath, [cli, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
      let [out, said] = ['', ''];
      child.stdout.on('data', (text: Buffer) => (out += text.toString()));
      child.stderr.on('data', (text: Buffer) => (said += text.toString()));
      const [code] = (await once(child, 'close')) as [number];
      expect([args, code, out]).toEqual([args, 2, '']);
      expect(said).toMatch(expected);
    }),
  );
});
