/** What Dawn in Node needs of the machine: its own driver with ARKLET_DAWN_NATIVE=1, else Chromium's SwiftShader. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const folder = process.env.CHROMIUM_LIBRARY ?? '/usr/lib/chromium';
const driver = join(folder, 'vk_swiftshader_icd.json');

/** Whether Dawn in Node has a driver to run on. */
export function dawnPossible() {
  return Boolean(process.env.ARKLET_DAWN_NATIVE) || existsSync(driver);
}

/**
 * The variables that must stand before a process that uses Dawn starts.
 * @returns {Record<string, string>}
 */
export function dawnEnv() {
  if (process.env.VK_ICD_FILENAMES || process.env.ARKLET_DAWN_NATIVE || !existsSync(driver)) return {};
  return { LD_LIBRARY_PATH: folder, VK_ICD_FILENAMES: driver };
}
