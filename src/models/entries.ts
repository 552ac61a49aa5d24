/** Models as the picker shows them. */
import { ConfigError } from '../core/errors';
import type { ModelEntry, ModelKind } from '../specs/modelEntry';
import { hasFiles, parseSpec, specId, specLabel, type SpecOf } from '../specs/spec';
import type { BundledModel } from './catalogue';
import { doneBytes, isComplete, totalBytes, type ModelManifest } from './manifest';
import { pickedSpec } from './pickedFiles';
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

function sourceOf({ place }: SpecOf<ModelKind>): ModelEntry['source'] {
  if (place === 'list') return 'webllm';
  return place === 'path' ? 'address' : place;
}

/** What runs name it by, which runtime reads it, and where it comes from. */
function namesOf(spec: SpecOf<ModelKind>): Pick<ModelEntry, 'spec' | 'name' | 'kind' | 'source'> {
  const id = specId(spec);
  return { spec: id, name: specLabel(id), kind: spec.runtime, source: sourceOf(spec) };
}

/** Of a model's name in storage. */
function runnerOf(id: string, paths: readonly string[]): SpecOf<ModelKind> {
  const spec = parseSpec(id);
  if (spec.place === 'local') return pickedSpec(spec.name, paths);
  if (hasFiles(spec)) return spec;
  throw new ConfigError(`${id} has no files of its own.`, 'Name another model.');
}

export function storedEntry(manifest: ModelManifest): ModelEntry {
  const { id, files, licence, parameters } = manifest;
  const bytes = totalBytes(files);
  const paths = files.map(({ path }) => path);
  return {
    ...namesOf(runnerOf(id, paths)),
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
    ...namesOf(runnerOf(id, [])),
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
