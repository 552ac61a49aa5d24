/** Pictures that end-to-end tests leave to be looked at: one folder for each test file, so that none empties another's. */
import { mkdirSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';

/** Path of test-results/screens/NAME, empty. */
export function emptyScreens(name: string): string {
  const folder = resolve('test-results/screens', name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  return folder;
}
