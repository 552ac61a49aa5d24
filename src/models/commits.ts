/** The commits of the hub that a run's models are of, as their downloads were pinned. */
import { StorageError } from '../core/errors';
import { readSpec, specId, storageId, type ModelSpec } from '../specs/spec';
import { openFiles } from '../store/files';
import { listManifests, type ModelManifest } from './manifest';

/** Whether a stored model is the one that is named; of transformers.js the name may leave the form of weights open. */
function isOf(id: string, spec: ModelSpec): boolean {
  if (id === storageId(spec)) return true;
  const stored = readSpec(id);
  if (spec.runtime !== 'transformers' || spec.place !== 'hub' || spec.dtype !== null) return false;
  return stored?.runtime === 'transformers' && stored.place === 'hub' && stored.repo === spec.repo;
}

/** By the models' names; those that no commit is known of are left out. */
export function commitsOf(
  specs: readonly ModelSpec[],
  stored: readonly Pick<ModelManifest, 'id' | 'commit'>[],
): Readonly<Record<string, string>> {
  const known = stored.filter(({ commit }) => commit !== null);
  return Object.fromEntries(
    specs.flatMap((spec) => {
      const commit = known.find(({ id }) => isOf(id, spec))?.commit;
      return commit == null ? [] : [[specId(spec), commit]];
    }),
  );
}

/** As `commitsOf`, of what is in storage; none where there is no storage. */
export async function storedCommits(specs: readonly ModelSpec[]): Promise<Readonly<Record<string, string>>> {
  const kept = specs.filter(({ place }) => place === 'hub' || place === 'list');
  if (kept.length === 0) return {};
  try {
    return commitsOf(kept, await listManifests(await openFiles()));
  } catch (thrown) {
    if (thrown instanceof StorageError) return {};
    throw thrown;
  }
}
