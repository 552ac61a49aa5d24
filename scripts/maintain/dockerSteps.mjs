/**
 * `node scripts/maintain/dockerSteps.mjs`: runs the steps of the Dockerfile in an empty folder, where no engine is at hand, starts what the
 * image would start and asks it for the page. Folders of the image lie under the empty one; its base images are this machine.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseJson } from '../lib/json.mjs';
import { root } from '../lib/root.mjs';

const image = mkdtempSync(join(tmpdir(), 'arklet-image-'));
/** Paths of the image, here. @param {string} text */
const inside = (text) => text.replace(/(^|\s|")\/(build|arklet)\b/g, `$1${image}/$2`);
const ignored = readFileSync(join(root, '.dockerignore'), 'utf8').trim().split('\n');
/** The build context, one level of it: what is ignored stands at the top, but for the compiled kernels. @param {string} path */
const context = (path) =>
  path === '.' ? readdirSync(root).filter((name) => !ignored.includes(name)) : [path];

let folder = image;
/** @type {string[]} */
let entry = [];
/** @type {string[]} */
let command = [];
try {
  for (const line of readFileSync(join(root, 'Dockerfile'), 'utf8').split('\n')) {
    const [, step = '', rest = ''] = /^([A-Z]+) (.+)$/.exec(line) ?? [];
    if (step !== '') console.error(`${step} ${rest}`);
    if (step === 'WORKDIR') {
      folder = inside(rest);
      mkdirSync(folder, { recursive: true });
    } else if (step === 'COPY' && !rest.startsWith('--from')) {
      for (const name of rest.split(' ').slice(0, -1).flatMap(context))
        cpSync(join(root, name), join(folder, name), {
          recursive: true,
          filter: (path) => !path.startsWith(join(root, 'src/cpu/build')),
        });
    } else if (step === 'RUN') {
      const { status } = spawnSync('sh', ['-c', inside(rest)], { cwd: folder, stdio: ['ignore', 2, 2] });
      if (status !== 0) throw new Error(`ended with ${status}: ${rest}`);
    } else if (step === 'ENTRYPOINT') entry = parseJson(inside(rest));
    else if (step === 'CMD') command = parseJson(rest);
  }
  rmSync(join(image, 'build'), { recursive: true });
  const [program = '', ...args] = [...entry, ...command];
  const server = spawn(program, [...args, '--port', '0'], {
    cwd: image,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(server, 'close');
  const said = /** @type {[Buffer]} */ (await once(server.stdout, 'data'));
  const { status, headers } = await fetch(/http:\S+/.exec(said[0].toString())?.[0] ?? '');
  server.kill('SIGTERM');
  const code = /** @type {[number | null]} */ (await ended)[0];
  const size = spawnSync('du', ['-sm', join(image, 'arklet')], { encoding: 'utf8' }).stdout.split('\t')[0];
  console.log(`${status}, ${headers.get('cross-origin-opener-policy')}, ends with ${code}, ${size} MB`);
  process.exitCode = status === 200 && code === 0 ? 0 : 1;
} finally {
  rmSync(image, { recursive: true, force: true });
}
