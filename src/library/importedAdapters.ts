/** Adapters from elsewhere, of other runtimes turned into PEFT's: kept beside the runs, each with its name and the model that it is asked on. */
import * as v from 'valibot';
import { FileFormatError, ModelError } from '../core/errors';
import { filesSource } from '../core/fileSource';
import type { AdapterInfo } from '../wire/playground';
import { checkFits, filledUp, type HostAdapter } from '../lm/adapter';
import type { ModelConfig } from '../lm/types';
import type { BundledModel } from '../models/catalogue';
import type { JobStore } from '../store/jobStore';
import { importedRunId } from '../specs/adapter';
import { peftFiles, peftFolder, readPeft } from '../train/adapterFiles';
import { openModelSource, readModelConfig } from '../models/modelSource';
import { studentOf } from '../models/student';
import { freeName } from './storedRuns';

const noteFile = 'arklet.json';
const noteSchema = v.object({ name: v.string(), student: v.string() });

type Files = Readonly<Record<string, Uint8Array>>;

function idOf(strategy: string) {
  return { runId: importedRunId, strategy, seed: 0 };
}

/** Null where there is no adapter of that name. */
async function readNote(store: JobStore, strategy: string): Promise<v.InferOutput<typeof noteSchema> | null> {
  const bytes = await store.getAdapterFile(idOf(strategy), noteFile);
  if (!bytes) return null;
  try {
    return v.parse(noteSchema, JSON.parse(new TextDecoder().decode(bytes)));
  } catch (cause) {
    throw new FileFormatError('The name of an imported adapter is damaged.', 'Import the adapter again.', {
      cause,
    });
  }
}

/** The base that the adapter's own config names, where it is a bundled model. */
function namedBase(config: Uint8Array | undefined, catalogue: readonly BundledModel[]): string | null {
  if (!config) return null;
  const { base_model_name_or_path: peft, model: mlx } = JSON.parse(
    new TextDecoder().decode(config),
  ) as Record<string, unknown>;
  const base = peft ?? mlx;
  return catalogue.find(({ id }) => id === base)?.id ?? null;
}

/** Null where a model is not stored: it cannot be checked before it is used. */
async function sizesOf(
  id: string,
  places: { readonly base: string; readonly catalogue: readonly BundledModel[] },
): Promise<ModelConfig | null> {
  try {
    return await readModelConfig(openModelSource(studentOf(id, places.catalogue, places.base)));
  } catch {
    return null;
  }
}

/** As peft keeps it, zeros where it leaves modules of the model alone. Throws ModelError where the model is not stored. */
function asPeft(adapter: HostAdapter, base: string, model: ModelConfig | null): Files {
  if (!model)
    throw new ModelError(
      `An adapter of MLX-LM or llama.cpp is read beside its model, and ${base} is not stored here.`,
      'Download the model first, then import the adapter again.',
    );
  const whole = { config: adapter.config, named: filledUp(model, adapter) };
  return Object.fromEntries(peftFolder(whole, base));
}

/**
 * Stores an adapter under a name. It belongs to the bundled model that its config names, else to `student`. Throws
 * FileFormatError for damaged files, ModelError for features that are not supported and where it does not fit its model,
 * StorageError.
 */
export async function addAdapter(
  store: JobStore,
  { files, name, student }: { readonly files: Files; readonly name: string; readonly student: string },
  places: { readonly base: string; readonly catalogue: readonly BundledModel[] },
): Promise<AdapterInfo> {
  const own = Object.fromEntries(
    peftFiles.flatMap((file) => (files[file] ? [[file, files[file]] as const] : [])),
  );
  const isPeft = peftFiles.every((file) => own[file] !== undefined);
  const adapter = await readPeft(filesSource(isPeft ? own : files, name));
  const base = namedBase(files['adapter_config.json'], places.catalogue) ?? student;
  const model = await sizesOf(base, places);
  if (model) checkFits(model, adapter);
  const kept = isPeft ? own : asPeft(adapter, base, model);
  const taken = new Set((await store.listAdapters(importedRunId)).map(({ strategy }) => strategy));
  const plain = name.toLowerCase().replace(/[^a-z0-9]+/g, '-');
  const slug = plain.replace(/^-+|-+$/g, '').slice(0, 60) || 'adapter';
  const strategy = freeName(slug, taken);
  const shown = strategy === slug ? name : `${name} (${strategy.slice(slug.length + 1)})`;
  const note = new TextEncoder().encode(JSON.stringify({ name: shown, student: base }));
  await store.putAdapter(idOf(strategy), { ...kept, [noteFile]: note });
  return { ...idOf(strategy), runName: shown, student: base, origin: 'imported' };
}

export async function listAdapters(store: JobStore): Promise<AdapterInfo[]> {
  const found: AdapterInfo[] = [];
  for (const { strategy } of await store.listAdapters(importedRunId)) {
    const note = await readNote(store, strategy);
    if (note)
      found.push({ ...idOf(strategy), runName: note.name, student: note.student, origin: 'imported' });
  }
  return found;
}

/** Null where there is none of that name. */
export async function readAdapter(
  store: JobStore,
  strategy: string,
): Promise<{ readonly student: string; readonly files: Files } | null> {
  const note = await readNote(store, strategy);
  const all = await store.getAdapter(idOf(strategy));
  if (!note || !all) return null;
  const { [noteFile]: _, ...files } = all;
  return { student: note.student, files };
}

export function removeAdapter(store: JobStore, strategy: string): Promise<void> {
  return store.removeAdapter(idOf(strategy));
}
