/** The Chromium of the end-to-end tests: real WebGPU on the software adapter, or none at all. */
import { chromium, type Browser } from 'playwright';

export function launchChromium({ webgpu = true }: { readonly webgpu?: boolean } = {}): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium',
    args: ['--no-sandbox', webgpu ? '--enable-unsafe-webgpu' : '--disable-blink-features=WebGPU'],
  });
}
