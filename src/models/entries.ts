/** Models as the picker shows them. */
import type { ModelEntry, ModelKind } from '../specs/modelEntry';
import type { BundledModel } from './catalogue';
import { doneBytes, isComplete, totalBytes, type ModelManifest } from './manifest';
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
  if (id.startsWith('webllm:')) return 'webllm';
  return /^(hf|transformers):/.test(id) ? 'hub' : id.startsWith('local:') ? 'local' : 'address';
}

/** Without its scheme. */
function nameOf(id: string): string {
  return id.replace(/^(hf:|local:|webllm:|transformers:|https?:\/\/)/, '');
}

/** Which runtime reads it, and what runs name it by. */
function runnerOf(id: string, paths: readonly string[]): { kind: ModelKind; spec: string } {
  if (id.startsWith('local:')) return localSpec(id, paths);
  const kind = /^(webllm|transformers):/.exec(id)?.[1] as ModelKind | undefined;
  return { kind: kind ?? 'engine', spec: id };
}

export function storedEntry(manifest: ModelManifest): ModelEntry {
  const { id, files, licence, parameters } = manifest;
  const bytes = totalBytes(files);
  const paths = files.map(({ path }) => path);
  const { kind, spec } = runnerOf(id, paths);
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
    ...runnerOf(id, []),
    name: nameOf(id),
    source: sourceOf(id),
    parameters,
    bytes: totalBytes(files),
    approximate: false,
    memoryBytes: null,
    licence,
    features: [],
    state: 'absent',
    doneBytes: 0,
  };
}
