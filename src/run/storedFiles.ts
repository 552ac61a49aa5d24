/** Files of picked models for the libraries that read them by themselves. */
import { StoredSource } from '../models/storedSource';

/** A file of a model in storage; null where it has none. Throws FileFormatError when the model is not there. */
export async function storedBlob(id: string, path: string): Promise<Blob | null> {
  const source = new StoredSource(id);
  return (await source.has(path)) ? source.blob(path) : null;
}

/** The files that were picked under a name. */
export function openLocal(name: string): StoredSource {
  return new StoredSource(`local:${name}`);
}
