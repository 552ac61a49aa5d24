/** Brings a whole model into the browser's storage: from the hub, from an address, or from files that the user picked. */
import { ConfigError, InterruptedError, StorageError, throwIfAborted } from '../core/errors';
import type { ModelProgress, PickedFile } from './modelRecords';
import { writePicked } from '../specs/engine';
import type { ModelKind } from '../specs/modelEntry';
import { parseSpecOf } from '../specs/spec';
import { downloadFile } from './downloadFile';
import { sha256 } from './hashes';
import type { HubAccess } from '../specs/addresses';
import { openAccess } from './hub';
import { asOnlyWriter, type Library } from './library';
import {
  doneBytes,
  freshFile,
  isComplete,
  modelFilePath,
  modelFolder,
  totalBytes,
  writeManifest,
  type ModelFile,
  type ModelManifest,
} from './manifest';
import { ByteRate } from './rate';
import { pickedModel } from './pickedFiles';
import { describeRemote, type DescribeOptions, type RemoteModel } from './remote';
import { checkRemoteHeader } from './remoteHeader';
import { checkWhole, verifyFile } from './verifyFile';

export interface DownloadOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: ModelProgress) => void;
  /** How the hub is asked; the hub itself without a token where absent. */
  readonly hub?: HubAccess;
  /** Bytes that count as one step of a download. */
  readonly chunkBytes?: number;
  /** Wait for another download of the model instead of a StorageError. */
  readonly wait?: boolean;
  /** What the model consists of, where its name alone does not say it. */
  readonly describe?: (options: DescribeOptions) => Promise<RemoteModel>;
}

const defaultChunkBytes = 8 << 20;
/** Milliseconds between two reports. */
const reportEvery = 150;

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;
}

/** Throws StorageError with the numbers when `bytes` more do not fit. */
async function checkRoom(id: string, bytes: number): Promise<void> {
  const { usage = 0, quota = Infinity } = await navigator.storage.estimate();
  if (bytes <= quota - usage) return;
  throw new StorageError(
    `${id} needs ${megabytes(bytes)} more, but this browser lets the app store ${megabytes(Math.max(0, quota - usage))} more (${megabytes(usage)} of ${megabytes(quota)} are in use).`,
    'Delete models or runs here, free disk space, or choose a smaller or a 4-bit model.',
    { details: { needed: bytes, usage, quota } },
  );
}

/** Turns "full" in the middle of writing into numbers. */
async function withNumbers(id: string, error: StorageError, missing: number): Promise<StorageError> {
  const { usage = 0, quota = 0 } = await navigator.storage.estimate();
  return new StorageError(
    `The disk filled up while ${id} was written: ${megabytes(missing)} were still to come; ${megabytes(usage)} of ${megabytes(quota)} are in use. The half-written file was removed.`,
    'Free disk space or delete models, then download again: whole files are kept.',
    { cause: error, details: { needed: missing, usage, quota } },
  );
}

/** Reports a few times a second, and always the last of a phase. */
class Reporter {
  readonly #rate = new ByteRate();
  readonly #report: ((progress: ModelProgress) => void) | undefined;
  readonly #total: number;
  #told = -Infinity;

  constructor(report: ((progress: ModelProgress) => void) | undefined, total: number) {
    this.#report = report;
    this.#total = total;
  }

  /** `done`: bytes of the model that are here now. */
  came(file: string, bytes: number, done: number): void {
    this.#rate.add(bytes);
    this.tell('download', file, done);
  }

  tell(phase: ModelProgress['phase'], file: string, done: number): void {
    const now = performance.now();
    if (phase !== 'ready' && now - this.#told < reportEvery) return;
    this.#told = now;
    const bytesPerSecond = phase === 'download' ? this.#rate.perSecond : null;
    const secondsLeft = bytesPerSecond === null ? null : (this.#total - done) / bytesPerSecond;
    this.#report?.({ phase, file, done, total: this.#total, bytesPerSecond, secondsLeft });
  }
}

/** The record to continue: what is stored if it is of the same files, else a fresh one. */
async function recordOf(library: Library, id: string, options: DownloadOptions): Promise<ModelManifest> {
  const { signal, hub = openAccess, chunkBytes = defaultChunkBytes } = options;
  const { describe = (place: DescribeOptions) => describeRemote(parseSpecOf('engine', id), place) } = options;
  const stored = await library.find(id);
  // A model that was begun is finished at the same commit, so that its files belong together.
  if (stored) return stored;
  const remote = await describe({ ...(signal ? { signal } : {}), hub });
  await checkRemoteHeader(remote, signal, hub);
  return {
    ...remote,
    format: 'arklet-model',
    version: 1,
    files: remote.files.map((file) => freshFile(file, chunkBytes)),
  };
}

/**
 * Downloads what is missing, then verifies each file. A stop or a failure leaves what came; the same call continues there.
 * Throws AccessError, DownloadError, StorageError (full: with numbers, the half-written file is removed), ModelError, ConfigError,
 * InterruptedError.
 */
export async function downloadModel(
  library: Library,
  spec: string,
  options: DownloadOptions = {},
): Promise<ModelManifest> {
  const { signal, onProgress, hub = openAccess } = options;
  const work = async (): Promise<ModelManifest> => {
    throwIfAborted(signal);
    onProgress?.({ phase: 'look up', file: '', done: 0, total: 0, bytesPerSecond: null, secondsLeft: null });
    let manifest = await recordOf(library, spec, options);
    if (isComplete(manifest)) return manifest;
    const total = totalBytes(manifest.files);
    const there = (): number => manifest.files.reduce((sum, file) => sum + doneBytes(file), 0);
    await checkRoom(spec, total - there());
    const reporter = new Reporter(onProgress, total);
    const save = async (file: ModelFile): Promise<void> => {
      const files = manifest.files.map((one) => (one.path === file.path ? file : one));
      manifest = { ...manifest, files };
      await writeManifest(library.parts.files, manifest);
    };
    await writeManifest(library.parts.files, manifest);
    for (const { path } of manifest.files) {
      const file = manifest.files.find((one) => one.path === path);
      if (!file || file.verified !== null) continue;
      await bring(library, spec, file, { save, reporter, there, signal, hub });
    }
    reporter.tell('ready', '', total);
    return manifest;
  };
  try {
    return await asOnlyWriter(spec, work, options);
  } catch (thrown) {
    if (!(thrown instanceof InterruptedError)) throwIfAborted(signal);
    throw thrown;
  }
}

async function bring(
  library: Library,
  id: string,
  file: ModelFile,
  context: {
    save: (file: ModelFile) => Promise<void>;
    reporter: Reporter;
    there: () => number;
    signal: AbortSignal | undefined;
    hub: HubAccess;
  },
): Promise<void> {
  const { save, reporter, there, signal, hub } = context;
  const disk = await library.parts.large.open(modelFilePath(id, file.path));
  let full: StorageError | null = null;
  try {
    const hooks = {
      ...(signal ? { signal } : {}),
      hub,
      save,
      onBytes: (count: number, pending: number) => reporter.came(file.path, count, there() + pending),
    };
    const whole = file.url === null ? file : await downloadFile(file, disk, hooks);
    await verifyFile(whole, disk, {
      ...hooks,
      onHashed: (done) => reporter.tell('verify', file.path, there() - file.bytes + done),
    });
  } catch (thrown) {
    if (signal?.aborted)
      throw new InterruptedError('The download is paused.', 'Resume it: it continues where it stopped.');
    if (!(thrown instanceof StorageError)) throw thrown;
    full = thrown;
    disk.truncate(0);
  } finally {
    disk.close();
  }
  if (full === null) return;
  const missing = file.bytes;
  // On a disk this full even the record may not fit; the next download goes by what is on disk.
  await save({ ...file, chunks: [], verified: null }).catch(() => undefined);
  throw await withNumbers(id, full, missing);
}

/** What a picked folder or file is called in settings. */
function localId(name: string, kind: ModelKind): string {
  const words = name.replace(/[^\w. -]+/g, ' ').trim();
  // Names of other libraries' agents hold no blanks.
  const short = (kind === 'engine' ? words : words.replaceAll(/\s+/g, '-')).slice(0, 60);
  if (short === '') throw new ConfigError('The model needs a name.', 'Name it by letters or digits.');
  return writePicked(short);
}

/**
 * Copies picked files into storage, so that runs find them after a reload. Throws ConfigError when they are no model,
 * StorageError, InterruptedError; nothing stays then.
 */
export async function importModel(
  library: Library,
  name: string,
  picked: readonly PickedFile[],
  options: DownloadOptions = {},
): Promise<ModelManifest> {
  const { signal, onProgress, chunkBytes = defaultChunkBytes } = options;
  const { kind, files: wanted } = await pickedModel(picked);
  const id = localId(name, kind);
  return asOnlyWriter(id, async () => {
    const total = wanted.reduce((sum, { blob }) => sum + blob.size, 0);
    await checkRoom(id, total);
    const reporter = new Reporter(onProgress, total);
    const files: ModelFile[] = [];
    let copied = 0;
    try {
      for (const { path, blob } of wanted) {
        const disk = await library.parts.large.open(modelFilePath(id, path));
        try {
          disk.truncate(0);
          const chunks: string[] = [];
          for (let at = 0; at < blob.size; at += chunkBytes) {
            throwIfAborted(signal);
            const bytes = new Uint8Array(await blob.slice(at, at + chunkBytes).arrayBuffer());
            disk.write(at, bytes);
            chunks.push(await sha256(bytes));
            copied += bytes.byteLength;
            reporter.came(path, bytes.byteLength, copied);
          }
          const file = { ...freshFile({ path, url: null, bytes: blob.size }, chunkBytes), chunks };
          const { hash } = await checkWhole(file, disk);
          files.push({ ...file, verified: hash });
        } finally {
          disk.close();
        }
      }
    } catch (thrown) {
      await library.parts.files.remove(modelFolder(id));
      throw thrown instanceof StorageError ? await withNumbers(id, thrown, total) : thrown;
    }
    const manifest: ModelManifest = {
      format: 'arklet-model',
      version: 1,
      id,
      commit: null,
      licence: null,
      parameters: null,
      files,
    };
    await writeManifest(library.parts.files, manifest);
    reporter.tell('ready', '', total);
    return manifest;
  });
}
