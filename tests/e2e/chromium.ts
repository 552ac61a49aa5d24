/** The Chromium of the end-to-end tests: real WebGPU on the software adapter, or none at all. */
import { readlinkSync } from 'node:fs';
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

/** Ends that browser as a crash of the machine's memory would: at once, with nothing written on the way. */
export async function killProfile(context: BrowserContext, folder: string): Promise<void> {
  // Chromium names the owner of a profile by a link to HOST-PID.
  const pid = Number(readlinkSync(join(folder, 'SingletonLock')).split('-').at(-1));
  const closed = new Promise((resolve) => context.once('close', resolve));
  process.kill(pid, 'SIGKILL');
  await closed;
}
