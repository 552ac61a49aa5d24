/** Models as the picker shows them. */
import type { ModelEntry } from '../core/modelsApi';
import type { BundledModel } from './catalogue';
import { doneBytes, isComplete, type ModelManifest } from './manifest';
import { localSpec } from './pickedFiles';
import type { RemoteModel } from './remote';

export function bundledEntry({ id, name, bytes, parameters }: BundledModel): ModelEntry {
  return {
    spec: id,
    name,
    kind: 'engine',
    source: 'bundled',
    parameters,
    bytes,
    approximate: false,
    memoryBytes: null,
    licence: 'Apache-2.0',
    features: [],
    state: 'ready',
    doneBytes: bytes,
  };
}

function sourceOf(id: string): ModelEntry['source'] {
  return id.startsWith('hf:') ? 'hub' : id.startsWith('local:') ? 'local' : 'address';
}

/** Without its scheme. */
function nameOf(id: string): string {
  return id.replace(/^(hf:|local:|https?:\/\/)/, '');
}

export function storedEntry(manifest: ModelManifest): ModelEntry {
  const { id, files, licence, parameters } = manifest;
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  const paths = files.map(({ path }) => path);
  const { kind, spec } = id.startsWith('local:')
    ? localSpec(id, paths)
    : { kind: 'engine' as const, spec: id };
  return {
    spec,
    name: nameOf(id),
    kind,
    source: sourceOf(id),
    parameters,
    bytes,
    approximate: false,
    memoryBytes: null,
    licence,
    features: [],
    state: isComplete(manifest) ? 'ready' : 'partial',
    doneBytes: files.reduce((sum, file) => sum + doneBytes(file), 0),
  };
}

export function remoteEntry({ id, files, licence, parameters }: RemoteModel): ModelEntry {
  return {
    spec: id,
    name: nameOf(id),
    kind: 'engine',
    source: sourceOf(id),
    parameters,
    bytes: files.reduce((sum, file) => sum + file.bytes, 0),
    approximate: false,
    memoryBytes: null,
    licence,
    features: [],
    state: 'absent',
    doneBytes: 0,
  };
}
