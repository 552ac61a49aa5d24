/** A PEFT adapter as a user picks it: a .zip, or the files of its folder. */
import { ImportError } from '../core/errors';
import { importStrings as text } from './strings/imports';

export interface PickedAdapter {
  readonly name: string;
  readonly files: Readonly<Record<string, Uint8Array>>;
}

const wanted = ['adapter_config.json', 'adapter_model.safetensors'] as const;

const lastPart = (path: string): string => path.split('/').at(-1) ?? path;

/** The adapter's two files, wherever in the folder they lie. Throws ImportError when one is missing. */
function chosen(files: ReadonlyMap<string, Uint8Array>, name: string): PickedAdapter {
  const found = wanted.map((file) => {
    const path = [...files.keys()].filter((one) => lastPart(one) === file).sort()[0];
    const bytes = path === undefined ? undefined : files.get(path);
    if (bytes === undefined) throw new ImportError(text.lacks(name, file), text.lacksHint);
    return [file, bytes] as const;
  });
  return { name, files: Object.fromEntries(found) };
}

async function unzipped(file: File): Promise<ReadonlyMap<string, Uint8Array>> {
  const { unzip } = await import('fflate');
  const bytes = new Uint8Array(await file.arrayBuffer());
  return new Promise((resolve, reject) => {
    unzip(
      bytes,
      { filter: ({ name }) => wanted.some((one) => one === lastPart(name)) },
      (error, contents) => {
        if (error) reject(new ImportError(text.badZip(file.name), text.lacksHint, { cause: error }));
        else resolve(new Map(Object.entries(contents)));
      },
    );
  });
}

/** Reads a .zip, or the picked files of a folder. Throws ImportError. */
export async function readAdapterFiles(picked: readonly File[]): Promise<PickedAdapter> {
  const zip = picked.length === 1 ? picked.find(({ name }) => /\.zip$/i.test(name)) : undefined;
  if (zip) return chosen(await unzipped(zip), zip.name.replace(/(\.adapter)?\.zip$/i, ''));
  const files = new Map<string, Uint8Array>();
  for (const file of picked) {
    if (!wanted.some((one) => one === file.name)) continue;
    files.set(file.webkitRelativePath || file.name, new Uint8Array(await file.arrayBuffer()));
  }
  return chosen(files, picked[0]?.webkitRelativePath.split('/')[0] || text.unnamed);
}
