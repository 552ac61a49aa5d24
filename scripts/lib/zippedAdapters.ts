/** PEFT adapters in a .zip on a command line: unpacked for as long as the command runs, and served as a folder is (Node only). */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { readAdapterFiles } from '../../src/ui/adapterFiles';

const isFile = (path: string): boolean => existsSync(path) && statSync(path).isFile();

/** As agents and personas name them: `adapter:FILE.zip`, with or without what follows. */
function zipsOf(text: string): readonly string[] {
  return [...text.matchAll(/adapter:([^,"?]+?\.zip)(?=[@,"?]|$)/gim)].flatMap(([, path = '']) =>
    isFile(path) ? [path] : [],
  );
}

export interface Unpacked {
  /** Folder of each .zip, by its path as it was given. */
  readonly folders: ReadonlyMap<string, string>;
  remove(): void;
}

/** Every .zip that the agents or personas name. Throws ImportError for one that holds no adapter, or is damaged. */
export async function unpackAdapters({
  agents = '',
  personas = '',
}: Readonly<Partial<Record<string, string>>>): Promise<Unpacked> {
  const told = isFile(personas) ? readFileSync(personas, 'utf8') : personas;
  const zips = [...new Set([agents, told].flatMap(zipsOf))];
  const folders = new Map<string, string>();
  if (zips.length === 0) return { folders, remove: () => undefined };
  const place = mkdtempSync(join(tmpdir(), 'arklet-adapters-'));
  const remove = (): void => rmSync(place, { recursive: true, force: true });
  try {
    for (const [i, zip] of zips.entries()) {
      const { name, files } = await readAdapterFiles([new File([readFileSync(zip)], basename(zip))]);
      const folder = join(place, String(i), name);
      mkdirSync(folder, { recursive: true });
      for (const [file, bytes] of Object.entries(files)) writeFileSync(join(folder, file), bytes);
      folders.set(zip, folder);
    }
    return { folders, remove };
  } catch (thrown) {
    remove();
    throw thrown;
  }
}
