/** What is known of a model in the browser's storage: its files, what they must hash to, and how far each has come. */
import * as v from 'valibot';
import { parseJson } from '../core/json';
import { hashKey } from '../core/rng';
import type { FileStore } from '../store/files';

const hexHash = v.pipe(v.string(), v.regex(/^[0-9a-f]+$/));
const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const fileSchema = v.object({
  path: v.pipe(v.string(), v.minLength(1)),
  /** Where it comes from; null for a file that the user picked. */
  url: v.nullable(v.string()),
  bytes: count,
  /** What the source says it hashes to; null where it does not say. */
  sha256: v.nullable(hexHash),
  /** Git's id of the contents, which the hub gives for small files. */
  gitBlobId: v.nullable(hexHash),
  etag: v.nullable(v.string()),
  chunkBytes: count,
  /** SHA-256 of each chunk that is on disk, in order; the file has come as far as these. */
  chunks: v.array(hexHash),
  /** SHA-256 of the whole file as found on disk, once it was checked; null until then. */
  verified: v.nullable(hexHash),
});
const schema = v.object({
  format: v.literal('arklet-model'),
  version: v.literal(1),
  /** What runs name it by. */
  id: v.string(),
  /** The commit that the files are of, where the source has one. */
  commit: v.nullable(v.string()),
  licence: v.nullable(v.string()),
  parameters: v.nullable(v.number()),
  files: v.array(fileSchema),
});

export type ModelFile = Readonly<v.InferOutput<typeof fileSchema>>;
export interface ModelManifest extends Omit<Readonly<v.InferOutput<typeof schema>>, 'files'> {
  readonly files: readonly ModelFile[];
}

/** Folder of all models, and of one. */
export const modelsFolder = 'models';
export function modelFolder(id: string): string {
  const readable = id.replace(/[^\w.-]+/g, '_').slice(0, 80);
  return `${modelsFolder}/${readable}-${hashKey(id).toString(16)}`;
}
export function modelFilePath(id: string, path: string): string {
  return `${modelFolder(id)}/files/${path.replaceAll('/', '%2F')}`;
}

/** A file of which nothing is there yet. */
export function freshFile(
  file: Pick<ModelFile, 'path' | 'url' | 'bytes'> & Partial<ModelFile>,
  chunkBytes: number,
): ModelFile {
  return {
    sha256: null,
    gitBlobId: null,
    etag: null,
    verified: null,
    ...file,
    chunkBytes,
    chunks: [],
  };
}

export function totalBytes(files: readonly { readonly bytes: number }[]): number {
  return files.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** Bytes of a file that are on disk. */
export function doneBytes({ chunks, chunkBytes, bytes }: ModelFile): number {
  return Math.min(bytes, chunks.length * chunkBytes);
}

export function isComplete(manifest: ModelManifest): boolean {
  return manifest.files.every(({ verified }) => verified !== null);
}

/** null when there is none, or one that cannot be read (it is then as if nothing was there). */
export async function readManifest(files: FileStore, id: string): Promise<ModelManifest | null> {
  return readManifestAt(files, modelFolder(id));
}

/** Every model that is there, whole or in part. */
export async function listManifests(files: FileStore): Promise<readonly ModelManifest[]> {
  const folders = await files.list(modelsFolder);
  const all = await Promise.all(
    folders.map((name) => readManifestAt(files, `${modelsFolder}/${decodeURIComponent(name)}`)),
  );
  return all.filter((manifest) => manifest !== null);
}

async function readManifestAt(files: FileStore, folder: string): Promise<ModelManifest | null> {
  const bytes = await files.read(`${folder}/manifest.json`);
  if (!bytes) return null;
  try {
    const parsed = v.safeParse(schema, parseJson(new TextDecoder().decode(bytes)));
    return parsed.success ? parsed.output : null;
  } catch {
    return null;
  }
}

export async function writeManifest(files: FileStore, manifest: ModelManifest): Promise<void> {
  const text = JSON.stringify(manifest);
  await files.write(`${modelFolder(manifest.id)}/manifest.json`, new TextEncoder().encode(text));
}
