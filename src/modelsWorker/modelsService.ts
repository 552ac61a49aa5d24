/** The models worker's logic: the picker's lists, downloads, storage, and memory plans. */
import { checkPicked } from './pickedCheck';
import type { ModelEntry } from '../specs/modelEntry';
import { loadTokenizer } from '../lm/tokenizer';
import { fetchCatalogue } from '../models/catalogue';
import { importModel, type DownloadOptions } from '../models/download';
import { bundledEntry, remoteEntry, storedEntry } from '../models/entries';
import { Library, openLibrary } from '../models/library';
import { searchHub } from '../models/hubSearch';
import { HubSettings } from '../models/hubSettings';
import { isComplete, type ModelManifest } from '../models/manifest';
import { libraryFile } from '../models/pickedFiles';
import type { ModelShape } from '../models/modelShape';
import { resolveModel } from '../models/modelSpec';
import { parseSpec, parseSpecOf } from '../specs/spec';
import type { CallContext, Handlers } from '../rpc/rpc';
import { fetchModel, describeModel, isUsable, storedName, type FindWebllm } from './fetchModels';
import { devicePresets } from './devicePresets';
import { openModelSource } from '../models/modelSource';
import { planRun } from './planMemory';
import type { ModelsProtocol } from './modelsProtocol';

export interface ModelsParts extends Pick<DownloadOptions, 'chunkBytes'> {
  /** What a test asks in place of the hub. */
  readonly endpoint?: string;
  /** Address of the app, ending with a slash. */
  readonly base: string;
  /** WebLLM's list; loads its package. */
  webllm(): Promise<readonly ModelEntry[]>;
  readonly findWebllm: FindWebllm;
  /** Threads of the CPU backend. */
  readonly threads: number;
  /** Folder in the private file system; a test has its own. */
  readonly root?: string;
}

type Context = Pick<CallContext<ModelsProtocol['download']>, 'signal' | 'progress'>;

/** Serves ModelsApi. Storage is opened by the first call that needs it. */
export function modelsHandlers(parts: ModelsParts): Handlers<ModelsProtocol> {
  let opened: Promise<Library> | null = null;
  const shapes = new Map<string, Promise<ModelShape>>();
  const sizes = new Map<string, Promise<number>>();
  const library = (): Promise<Library> => {
    opened ??= openLibrary(parts.root).then((store) => new Library(store));
    opened.catch(() => (opened = null));
    return opened;
  };
  const { root, endpoint, chunkBytes } = parts;
  const hub = new HubSettings({
    ...(root === undefined ? {} : { root }),
    ...(endpoint === undefined ? {} : { endpoint }),
  });
  const options = async ({ signal, progress }: Context): Promise<DownloadOptions> => ({
    hub: await hub.access(),
    ...(chunkBytes === undefined ? {} : { chunkBytes }),
    signal,
    onProgress: progress,
  });
  /** The one way to write a name, so that a model is not stored twice. */
  const idOf = async (name: string): Promise<string> =>
    storedName(parseSpec(name), await library(), parts.findWebllm);

  /** Of WebLLM's list, what it says of the model stands beside what is stored; an outdated library is still to come. */
  const entryOf = async (manifest: ModelManifest): Promise<ModelEntry> => {
    const entry = storedEntry(manifest);
    if (entry.source !== 'webllm') return entry;
    const listed = (await parts.webllm().catch(() => [])).find(({ spec }) => spec === entry.spec);
    const { bytes, doneBytes } = entry;
    const state =
      entry.state === 'ready' && !(await isUsable(manifest, parts.findWebllm)) ? 'partial' : entry.state;
    return { ...entry, ...listed, bytes, approximate: false, state, doneBytes };
  };

  return {
    async list() {
      const bundled = await fetchCatalogue(parts.base).then(
        (all) => all.map(bundledEntry),
        () => [],
      );
      const stored = await library().then(
        (all) => all.list(),
        () => [],
      );
      return [...bundled, ...(await Promise.all(stored.map(entryOf)))];
    },
    webllm: () => parts.webllm(),
    async look({ spec, memory }, { signal }) {
      const id = await idOf(spec);
      const stored = await (await library()).find(id);
      if (stored) return entryOf(stored);
      return remoteEntry(
        await describeModel(parseSpec(id), parts.findWebllm, { hub: await hub.access(), signal, memory }),
      );
    },
    async search(text, { signal }) {
      return searchHub(text, { hub: await hub.access(), signal });
    },
    async download(spec, context) {
      const named = parseSpec(spec);
      const entry = await entryOf(
        await fetchModel(await library(), named, parts.findWebllm, await options(context)),
      );
      if (named.runtime !== 'engine' || !/\.gguf$/i.test(entry.spec)) return entry;
      const source = openModelSource(
        resolveModel(parseSpecOf('engine', entry.spec), { base: parts.base, catalogue: [] }),
      );
      const { notice } = await loadTokenizer(source, { signal: context.signal });
      return notice == null ? entry : { ...entry, splitUnsaid: true };
    },
    async importFiles({ name, files }, context) {
      const notice = await checkPicked(files, context.signal);
      const entry = storedEntry(await importModel(await library(), name, files, await options(context)));
      return notice === null ? entry : { ...entry, splitUnsaid: true };
    },
    async verify(spec, { signal, progress }) {
      const id = await idOf(spec);
      const checks = await (
        await library()
      ).verify(id, {
        signal,
        onProgress: (file, done, total) =>
          progress({ phase: 'verify', file, done, total, bytesPerSecond: null, secondsLeft: null }),
      });
      const manifest = await (await library()).find(id);
      if (!manifest || !isComplete(manifest) || (await isUsable(manifest, parts.findWebllm))) return checks;
      const problem = 'a newer WebLLM wants another one';
      return checks.map((check) => (check.path === libraryFile ? { ...check, ok: false, problem } : check));
    },
    async remove(spec) {
      await (await library()).remove(await idOf(spec));
    },
    async storage() {
      const { usage = 0, quota = 0 } = await navigator.storage.estimate();
      const store = await library();
      const models: Record<string, number> = {};
      for (const stored of await store.list())
        models[storedEntry(stored).spec] = await store.bytes(stored.id);
      return { usage, quota, models };
    },
    hub: () => hub.state(),
    async setHub(change) {
      await hub.change(change);
      return hub.state();
    },
    plan: async ({ config, machine }) =>
      planRun(config, machine, {
        base: parts.base,
        library,
        hub: await hub.access(),
        webllm: parts.webllm,
        findWebllm: parts.findWebllm,
        shapes,
        sizes,
        threads: parts.threads,
      }),
    presets: async (features) => devicePresets(await parts.webllm().catch(() => []), features),
  };
}
