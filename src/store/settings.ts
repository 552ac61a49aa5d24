import { guarded } from './database';
import type { Database } from './schema';

/** Small things that outlive a page: chosen theme, last settings. The caller validates what it reads. */
export function putSetting(database: Database, key: string, value: unknown): Promise<void> {
  return guarded(async () => void (await database.put('settings', { key, value })));
}

export function getSetting(database: Database, key: string): Promise<unknown> {
  return guarded(async () => (await database.get('settings', key))?.value);
}
