import { guarded } from './database';
import type { Database } from './schema';

/** Small things that outlive a page: chosen theme, last settings. The caller validates what it reads. */
export function putSetting(database: Database, key: string, value: unknown): Promise<void> {
  return guarded(async () => void (await database.put('settings', { key, value })));
}

/** Changes one in one transaction that reads it first: two tabs that do so at once lose nothing. */
export function editSetting(
  database: Database,
  key: string,
  edit: (value: unknown) => unknown,
): Promise<void> {
  return guarded(async () => {
    const transaction = database.transaction('settings', 'readwrite');
    transaction.done.catch(() => undefined);
    const value = edit((await transaction.store.get(key))?.value);
    void transaction.store.put({ key, value }).catch(() => undefined);
    await transaction.done;
  });
}

export function getSetting(database: Database, key: string): Promise<unknown> {
  return guarded(async () => (await database.get('settings', key))?.value);
}
