/** The folder of the repository, or of the published package. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';

export const root = resolve(import.meta.dirname, '../..');

/** The published package holds the built app and no sources. */
export const packaged = !existsSync(resolve(root, 'src'));
