/** Damage to what is stored of a run, behind the product's back. */
import { openDB } from 'idb';
import { openFiles } from '../../src/store/files';

const tables = [
  'turns',
  'timings',
  'datasets',
  'logs',
  'checkpoints',
  'adapters',
  'continuations',
  'reports',
];
/** Damaged they cost the run, which is said: they are left alone. */
const perTurn = new Set(['turns', 'timings', 'datasets', 'logs', 'checkpoints', 'adapters']);

const pick = <T>(list: readonly T[], choice: number): T | undefined => list[Math.floor(choice * list.length)];

function keysOf(table: string, runId: string): IDBValidKey | IDBKeyRange {
  return perTurn.has(table) ? IDBKeyRange.bound([runId], [runId, []]) : runId;
}

/** Flips a bit of a file, cuts it or removes it. */
export async function damageFile(runId: string, choice: number): Promise<string> {
  const files = await openFiles();
  const paths: string[] = [];
  for (const name of await files.list(`runs/${runId}/checkpoints`))
    paths.push(`runs/${runId}/checkpoints/${decodeURIComponent(name)}`);
  for (const folder of await files.list(`runs/${runId}/adapters`)) {
    const place = `runs/${runId}/adapters/${decodeURIComponent(folder)}`;
    for (const name of await files.list(place)) paths.push(`${place}/${decodeURIComponent(name)}`);
  }
  const path = pick(paths, choice);
  const bytes = path === undefined ? null : await files.read(path);
  if (path === undefined || bytes === null) return 'no file';
  const how = Math.floor(choice * 3000) % 3;
  if (how === 0) await files.remove(path);
  else if (how === 1) await files.write(path, bytes.slice(0, Math.floor(bytes.length / 2)));
  else {
    bytes[Math.floor(choice * 1e6) % bytes.length]! ^= 4;
    await files.write(path, bytes);
  }
  return `${['removed', 'cut', 'flipped'][how]} ${path}`;
}

/** Changes the first number or text that is found in a value. */
function change(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  for (const [name, inner] of Object.entries(value)) {
    if (['runId', 'key', 'name', 'strategy', 'seed', 'hash', 'path'].includes(name)) continue;
    if (typeof inner === 'string' || typeof inner === 'number') {
      Object.assign(value, { [name]: typeof inner === 'string' ? `${inner}?` : inner + 1 });
      return true;
    }
    if (change(inner)) return true;
  }
  return false;
}

export async function damageRecord(runId: string, choice: number): Promise<string> {
  const database = await openDB('arklet');
  try {
    const found: [string, IDBValidKey][] = [];
    for (const table of tables) {
      // Clock values are not part of what is repeated.
      if (table === 'timings') continue;
      for (const key of await database.getAllKeys(table, keysOf(table, runId))) found.push([table, key]);
    }
    // One table first, so that the many turns do not hide the others.
    const table = pick([...new Set(found.map(([name]) => name))], choice);
    const one = pick(
      found.filter(([name]) => name === table),
      (choice * 97) % 1,
    );
    if (!one) return 'no record';
    const [name, key] = one;
    const record: unknown = await database.get(name, key);
    if (change(record)) await database.put(name, record);
    return `changed ${name} ${JSON.stringify(key)}`;
  } finally {
    database.close();
  }
}

/** Removes all rows of the run in one table, or its files. */
export async function evict(runId: string, choice: number): Promise<string> {
  const table = pick([...tables, 'questions', 'files'], choice)!;
  if (table === 'files') {
    await (await openFiles()).remove(`runs/${runId}`);
    return 'evicted the files';
  }
  const database = await openDB('arklet');
  try {
    await database.delete(table, keysOf(table, runId));
  } finally {
    database.close();
  }
  return `evicted ${table}`;
}
