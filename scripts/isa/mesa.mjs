/**
 * Mesa's RADV in .cache, with the shim that makes a device of its null hardware. Debian's packages are unpacked, not installed, with
 * lists of our own: no root is needed. Packages of Debian 12, because registers and spills are those of one version of a compiler.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { withLock } from '../lib/lock.mjs';
import { root } from '../lib/root.mjs';
/** @import {Log} from '../lib/types' */

/** Why machine code cannot be had on this machine, and what to do about it. */
export class NotPossibleHere extends Error {}

const folder = join(root, '.cache/isa');
const libraries = join(folder, 'root/usr/lib/x86_64-linux-gnu');
const driver = join(libraries, 'libvulkan_radeon.so');
const source = join(root, 'scripts/isa/shim.c');
const shim = join(folder, 'libshim.so');
const manifest = join(folder, 'shim.json');
/** Stands once everything is unpacked: what was interrupted begins again. */
const unpacked = join(folder, 'unpacked.txt');

/** The driver and what it is linked with, but for libc and what every Debian has. */
const packages = [
  ...['mesa-vulkan-drivers', 'libvulkan1', 'libdrm2', 'libdrm-amdgpu1', 'libllvm15', 'libz3-4'],
  ...['libedit2', 'libxml2', 'libelf1', 'libbsd0', 'libmd0', 'libwayland-client0', 'libx11-6', 'libx11-xcb1'],
  ...['libxcb1', 'libxcb-dri3-0', 'libxcb-present0', 'libxcb-randr0', 'libxcb-shm0', 'libxcb-sync1'],
  ...['libxcb-xfixes0', 'libxshmfence1', 'libxau6', 'libxdmcp6'],
];

/** @param {string} command @param {readonly string[]} args @param {string} hint */
function run(command, args, hint) {
  try {
    execFileSync(command, args, { cwd: join(folder, 'deb'), stdio: ['ignore', 'ignore', 'pipe'] });
  } catch (error) {
    const { stderr, message } = /** @type {Error & {stderr?: Buffer}} */ (error);
    const [why] = (stderr?.toString() ?? '').split('\n').filter((line) => /^E: |error/i.test(line));
    throw new NotPossibleHere(`${command}: ${why ?? message}. ${hint}`);
  }
}

function unpack() {
  if (process.platform !== 'linux' || process.arch !== 'x64')
    throw new NotPossibleHere(`This is ${process.platform} ${process.arch}; the driver is one of Linux x64.`);
  for (const part of ['deb', 'root', 'lists/partial', 'cache/archives/partial'])
    mkdirSync(join(folder, part), { recursive: true });
  const apt = [
    ...[
      '-qq',
      '-o',
      `Dir::State::lists=${join(folder, 'lists')}`,
      '-o',
      `Dir::Cache=${join(folder, 'cache')}`,
    ],
    // Else root's apt hands the download to a user who may not write here.
    ...['-o', 'APT::Sandbox::User=root'],
  ];
  const hint = "The packages are Debian 12's, from the mirror that apt is set to.";
  run('apt-get', [...apt, 'update'], hint);
  run('apt-get', [...apt, 'download', ...packages], hint);
  for (const file of readdirSync(join(folder, 'deb')))
    run('dpkg-deb', ['-x', join(folder, 'deb', file), join(folder, 'root')], 'dpkg-deb unpacks them.');
  for (const part of ['deb', 'lists', 'cache']) rmSync(join(folder, part), { recursive: true, force: true });
  if (!existsSync(driver)) throw new NotPossibleHere(`The packages hold no ${driver}.`);
  writeFileSync(unpacked, `${packages.join('\n')}\n`);
}

function build() {
  mkdirSync(join(folder, 'deb'), { recursive: true });
  const compiler = process.env.CC ?? 'cc';
  run(
    compiler,
    ['-O1', '-shared', '-fPIC', source, '-o', shim, '-ldl'],
    'A C compiler builds the shim (apt-get install gcc).',
  );
  writeFileSync(
    manifest,
    JSON.stringify({ file_format_version: '1.0.0', ICD: { library_path: shim, api_version: '1.3.0' } }),
  );
}

/**
 * The environment of a process whose Vulkan device is such a GPU. Throws NotPossibleHere.
 * @param {string} family as RADV names it: navi23, gfx1100
 * @param {Log} log
 * @returns {Record<string, string>}
 */
export function radvEnv(family, log) {
  withLock(
    'isa',
    () => {
      if (!existsSync(unpacked)) {
        log('Unpacking the Vulkan driver of Debian (mesa-vulkan-drivers, 41 MB) into .cache/isa (once).');
        unpack();
      }
      if (!existsSync(manifest) || !existsSync(shim) || statSync(shim).mtimeMs < statSync(source).mtimeMs)
        build();
    },
    log,
  );
  return {
    LD_LIBRARY_PATH: libraries,
    RADV_LIBRARY: driver,
    VK_ICD_FILENAMES: manifest,
    RADV_FORCE_FAMILY: family,
    RADV_DEBUG: 'shaderstats,nocache',
  };
}
