/** Before the engine opens: models of the hub are in storage, downloaded where they are not. */
import { downloadModel, type DownloadOptions } from '../models/download';
import { Library, openLibrary } from '../models/library';
import type { ModelRef } from '../models/modelSpec';
import { parseSpec } from '../specs/spec';
import type { LoadRateProgress } from './loadRate';

export interface PrepareOptions extends Pick<DownloadOptions, 'hub'> {
  readonly signal: AbortSignal;
  /** Folder in the private file system; a test has its own. */
  readonly root?: string;
  readonly onProgress: (model: string, progress: LoadRateProgress) => void;
}

/**
 * Gives the models with where their files are now: what was downloaded from an address is read from storage.
 * Throws AccessError, DownloadError, StorageError, ModelError, InterruptedError.
 */
export async function prepareModels(
  models: readonly ModelRef[],
  { signal, onProgress, hub, root }: PrepareOptions,
): Promise<readonly ModelRef[]> {
  // Models that ship with the app need no storage, which some browsers refuse.
  const places = models.map(({ id }) => parseSpec(id).place);
  const foreign = places.some((place) => ['hub', 'local', 'address'].includes(place));
  if (!foreign || typeof navigator === 'undefined' || !('storage' in navigator)) return models;
  const library = new Library(await openLibrary(root));
  const prepared: ModelRef[] = [];
  for (const [i, ref] of models.entries()) {
    if (ref.place.type === 'stored') {
      if (places[i] === 'hub') {
        await downloadModel(library, ref.id, {
          signal,
          ...(hub && { hub }),
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
    } else if (places[i] === 'address' && (await library.isReady(ref.id))) {
      prepared.push({ ...ref, place: { type: 'stored', id: ref.id } });
    } else prepared.push(ref);
  }
  return prepared;
}
