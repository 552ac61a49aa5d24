/** Files of stored models for the libraries that read them by themselves. */
import { StoredSource } from './storedSource';

/** A file of a model in storage; null where it has none. Throws FileFormatError when the model is not there. */
export async function storedBlob(id: string, path: string): Promise<Blob | null> {
  const source = new StoredSource(id);
  return (await source.has(path)) ? source.blob(path) : null;
}

/** The files of a model by its name in storage. */
export function openLocal(id: string): StoredSource {
  return new StoredSource(id);
}
