/** An adapter as a user picks it: a .zip, the files of its folder (PEFT or mlx_lm), or a GGUF file. */
import { ImportError } from '../core/errors';
import { importStrings as text } from './strings/imports';
import type { ZipError } from './zipFiles';

export interface PickedAdapter {
  readonly name: string;
  readonly files: Readonly<Record<string, Uint8Array>>;
}

const config = 'adapter_config.json';
/** Of peft, and of mlx_lm. */
const [peftWeights, mlxWeights] = ['adapter_model.safetensors', 'adapters.safetensors'];
/** Bytes of both files. */
const mostBytes = 2 ** 31;

const lastPart = (path: string): string => path.split('/').at(-1) ?? path;
const folderOf = (path: string): string => path.slice(0, path.length - lastPart(path).length);

/**
 * The paths of both files, from one folder: the outermost that holds both. Throws ImportError when one is missing, or
 * several folders lie equally deep.
 */
function pair(paths: readonly string[], name: string): readonly string[] {
  const weightsFile = (file: string): boolean => paths.some((path) => lastPart(path) === file);
  const wanted = [config, !weightsFile(peftWeights) && weightsFile(mlxWeights) ? mlxWeights : peftWeights];
  const found = wanted.map((file) => paths.filter((path) => lastPart(path) === file));
  const missing = wanted.find((_, i) => found[i]?.length === 0);
  if (missing !== undefined) throw new ImportError(text.lacks(name, missing), text.lacksHint);
  const [configs = [], weights = []] = found;
  const depth = (folder: string): number => folder.split('/').length;
  const folders = [...new Set(configs.map(folderOf))]
    .filter((folder) => weights.some((path) => folderOf(path) === folder))
    .sort((a, b) => depth(a) - depth(b));
  const [folder, other] = folders;
  if (folder === undefined) throw new ImportError(text.apart(name), text.apartHint);
  if (other !== undefined && depth(other) === depth(folder))
    throw new ImportError(text.severalAdapters(name, folders), text.severalHint);
  return wanted.map((file) => folder + file);
}

const named = (name: string, files: ReadonlyMap<string, Uint8Array>): PickedAdapter => ({
  name,
  files: Object.fromEntries([...files].map(([path, bytes]) => [lastPart(path), bytes])),
});

async function unzipped(file: File): Promise<ReadonlyMap<string, Uint8Array>> {
  const { unzipFiles, ZipError: Fault } = await import('./zipFiles');
  try {
    return await unzipFiles(file, (paths) => pair(paths, file.name), mostBytes);
  } catch (cause) {
    if (!(cause instanceof Fault)) throw cause;
    throw new ImportError(...wordsOf(cause, file.name), { cause });
  }
}

function wordsOf({ fault, file }: ZipError, name: string): [message: string, hint: string] {
  switch (fault) {
    case 'encrypted':
      return [text.encrypted(name), text.encryptedHint];
    case 'tooLarge':
      return [text.tooLarge(name), text.tooLargeHint];
    case 'bomb':
      return [text.bomb(name), text.tooLargeHint];
    case 'damaged':
      return file === null
        ? [text.badZip(name), text.lacksHint]
        : [text.damaged(name, file), text.damagedHint];
    default:
      return fault satisfies never;
  }
}

/** Reads a .zip, a .gguf, or the picked files of a folder. Throws ImportError. */
export async function readAdapterFiles(picked: readonly File[]): Promise<PickedAdapter> {
  const zip = picked.length === 1 ? picked.find(({ name }) => /\.zip$/i.test(name)) : undefined;
  if (zip) return named(zip.name.replace(/(\.adapter)?\.zip$/i, ''), await unzipped(zip));
  const gguf = picked.length === 1 ? picked.find((file) => /\.gguf$/i.test(file.name)) : undefined;
  if (gguf) {
    if (gguf.size > mostBytes) throw new ImportError(text.tooLarge(gguf.name), text.tooLargeHint);
    const bytes = new Uint8Array(await gguf.arrayBuffer());
    return { name: gguf.name.replace(/\.gguf$/i, ''), files: { 'adapter.gguf': bytes } };
  }
  const byPath = new Map(picked.map((file) => [file.webkitRelativePath || file.name, file] as const));
  const name = picked[0]?.webkitRelativePath.split('/')[0] || text.unnamed;
  const chosen = pair([...byPath.keys()], name).flatMap((path) => byPath.get(path) ?? []);
  if (chosen.reduce((sum, { size }) => sum + size, 0) > mostBytes)
    throw new ImportError(text.tooLarge(name), text.tooLargeHint);
  const files = new Map<string, Uint8Array>();
  for (const file of chosen) files.set(file.name, new Uint8Array(await file.arrayBuffer()));
  return named(name, files);
}
