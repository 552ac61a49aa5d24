/** Before the engine opens: models of the hub are in storage, downloaded where they are not. */
import { downloadModel, type DownloadOptions } from '../models/download';
import { Library, openLibrary } from '../models/library';
import type { ModelRef } from '../models/modelSpec';
import type { PacedProgress } from './loadPace';

export interface PrepareOptions extends Pick<DownloadOptions, 'endpoint'> {
  readonly signal: AbortSignal;
  /** Folder in the private file system; a test has its own. */
  readonly root?: string;
  readonly onProgress: (model: string, progress: PacedProgress) => void;
}

/**
 * Gives the models with where their files are now: what was downloaded from an address is read from storage.
 * Throws DownloadError, StorageError, ModelError, InterruptedError.
 */
export async function prepareModels(
  models: readonly ModelRef[],
  { signal, onProgress, endpoint, root }: PrepareOptions,
): Promise<readonly ModelRef[]> {
  // Models that ship with the app need no storage, which some browsers refuse.
  const foreign = models.some((ref) => ref.place.type === 'stored' || /^https?:/.test(ref.id));
  if (!foreign || typeof navigator === 'undefined' || !('storage' in navigator)) return models;
  const library = new Library(await openLibrary(root));
  const prepared: ModelRef[] = [];
  for (const ref of models) {
    if (ref.place.type === 'stored') {
      if (ref.id.startsWith('hf:')) {
        await downloadModel(library, ref.id, {
          signal,
          ...(endpoint === undefined ? {} : { endpoint }),
          onProgress: ({ phase, done, total, bytesPerSecond, secondsLeft }) =>
            onProgress(ref.id, {
              phase: phase === 'ready' ? 'ready' : 'download',
              loaded: done,
              total,
              bytesPerSecond,
              secondsLeft,
            }),
        });
      }
      prepared.push(ref);
    } else if (/^https?:/.test(ref.id) && (await library.isReady(ref.id))) {
      prepared.push({ ...ref, place: { type: 'stored', id: ref.id } });
    } else prepared.push(ref);
  }
  return prepared;
}
