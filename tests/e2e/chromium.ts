/** The Chromium of the end-to-end tests: real WebGPU on the software adapter, or none at all. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { chromium, type Browser, type BrowserContext } from 'playwright';

const executablePath = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium';
const flags = (webgpu: boolean): string[] => [
  '--no-sandbox',
  webgpu ? '--enable-unsafe-webgpu' : '--disable-blink-features=WebGPU',
];

export function launchChromium({ webgpu = true }: { readonly webgpu?: boolean } = {}): Promise<Browser> {
  return chromium.launch({ executablePath, args: flags(webgpu) });
}

/** A browser with a profile of its own, as a person has: what it stores stays in the folder. */
export function launchProfile(folder: string): Promise<BrowserContext> {
  return chromium.launchPersistentContext(folder, {
    executablePath,
    args: flags(true),
    viewport: { width: 1280, height: 900 },
  });
}

/** Chromium names the owner of a profile by a link to HOST-PID. */
function ownerOf(folder: string): number {
  return Number(readlinkSync(join(folder, 'SingletonLock')).split('-').at(-1));
}

/** Ends that browser as a crash of the machine's memory would: at once, with nothing written on the way. */
export async function killProfile(context: BrowserContext, folder: string): Promise<void> {
  const closed = new Promise((resolve) => context.once('close', resolve));
  process.kill(ownerOf(folder), 'SIGKILL');
  await closed;
}

/** A process and all that it has started, the youngest first. */
function family(root: number): number[] {
  const parents = readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      // After the name in brackets: state, parent.
      const parent = readFileSync(`/proc/${name}/stat`, 'utf8').split(') ').at(-1)?.split(' ')[1];
      return [{ pid: Number(name), parent: Number(parent) }];
    } catch {
      // It has ended since it was listed.
      return [];
    }
  });
  const all = [root];
  for (const pid of all)
    for (const child of parents) if (child.parent === pid && !all.includes(child.pid)) all.push(child.pid);
  return all.reverse();
}

/** All of that browser stands still for a while, as when a laptop is shut and opened again; it may not know that it did. */
export async function sleepProfile(folder: string, seconds: number): Promise<void> {
  const processes = family(ownerOf(folder));
  for (const pid of processes) process.kill(pid, 'SIGSTOP');
  await new Promise((resolve) => setTimeout(resolve, 1000 * seconds));
  for (const pid of processes.reverse()) process.kill(pid, 'SIGCONT');
}
