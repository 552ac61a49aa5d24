/** The stored runs as a user keeps them: names, notes, the baseline, the trash, sizes, and their adapters. */
import { toBase64 } from '../core/base64';
import { BusyError, ConfigError, StorageError, type ErrorData } from '../core/errors';
import type { AdapterArm, AdapterInfo } from '../wire/playground';
import type { RunChange } from '../wire/runs';
import type { ArchivedAdapter, RunArchive, RunOutcome, RunRecord, RunResult } from '../records/runRecords';
import type { RunStatus } from '../records/records';
import type { Damage, OnDamage } from '../store/digest';
import type { JobStore } from '../store/jobStore';
import type { StoredRun } from '../store/schema';
import { Bin } from './trash';
import { importedRunId } from '../specs/adapter';
import { listAdapters, readAdapter } from './importedAdapters';
import type { JobLock } from './jobLock';
import { recordedAdapters, recordedFiles } from './recordedAdapters';
import { leftOut, shownRun, soundRun } from './damage';
import { readArchive, readOutcome, record } from './storedRuns';

const alive: readonly RunStatus[] = ['running', 'paused'];

/** The message of a run whose tab is gone. */
const closedTab: ErrorData = {
  code: 'interrupted',
  message: 'The tab that ran this was closed.',
  hint: 'Resume it: it continues where it stopped.',
};

function noRun(runId: string): ConfigError {
  return new ConfigError(`There is no run ${runId}.`, 'Choose one from the list of runs.');
}

function keyOf({ strategy, seed }: Pick<AdapterInfo, 'strategy' | 'seed'>): string {
  return `${strategy}-${seed}`;
}

export class RunRepository {
  readonly #store: JobStore;
  /** The app's address, ending with a slash. */
  readonly #base: string;
  readonly #lock: JobLock;
  readonly #bin: Bin;

  constructor(store: JobStore, base: string, lock: JobLock) {
    this.#store = store;
    this.#base = base;
    this.#lock = lock;
    this.#bin = new Bin(store, lock);
  }

  /** Runs outside the trash, newest first. A running one that no tab works on any more is interrupted. */
  async runs(): Promise<RunRecord[]> {
    const working = await this.#lock.working();
    const runs = await this.#store.listRuns();
    const shown: RunRecord[] = [];
    for (const run of runs) {
      const cut = alive.includes(run.status) && !working.has(run.id);
      const now = cut ? await this.#cut(run) : run;
      if (now?.deletedAt === undefined && now) shown.push(shownRun(now));
    }
    await this.#bin.sweep(runs);
    return shown;
  }

  async results(runIds: readonly string[]): Promise<Record<string, RunResult>> {
    const found: Record<string, RunResult> = {};
    for (const id of runIds) {
      const report = await this.#store.getReport(id);
      if (!report) continue;
      const { arms, timings, gainKept, chosen, environment } = report;
      found[id] = { arms, timings, gainKept, backend: environment.backend, ...(chosen && { chosen }) };
    }
    return found;
  }

  /** Marks a run whose tab is gone; null when it was deleted in the meantime. */
  async #cut(run: StoredRun): Promise<StoredRun | null> {
    const change = (stored: StoredRun): StoredRun =>
      alive.includes(stored.status) ? { ...stored, status: 'interrupted', error: closedTab } : stored;
    try {
      return await this.#lock.alone(run.id, () => this.#store.editRun(run.id, change));
    } catch (thrown) {
      // Somebody has just begun to work on it.
      if (thrown instanceof BusyError) return run;
      // A full disk takes no mark; what is shown is right all the same.
      if (thrown instanceof StorageError) return change(run);
      throw thrown;
    }
  }

  async bin(): Promise<RunRecord[]> {
    const runs = await this.#store.listRuns();
    return runs
      .filter(({ deletedAt }) => deletedAt !== undefined)
      .sort((a, b) => (b.deletedAt ?? 0) - (a.deletedAt ?? 0))
      .map(shownRun);
  }

  /** Throws ConfigError. */
  async run(runId: string): Promise<StoredRun> {
    const run = await this.#store.getRun(runId);
    if (!run) throw noRun(runId);
    return run;
  }

  /** Writes the fields that are given, and those alone. Throws ConfigError for a name that is taken. */
  async update(runId: string, { name, note, pinned }: RunChange): Promise<RunRecord> {
    const change = {
      ...(name !== undefined && { name }),
      ...(note !== undefined && { note }),
      ...(pinned !== undefined && { pinned }),
    };
    const changed = await this.#store.editRuns((runs) => {
      const run = runs.find(({ id }) => id === runId);
      if (!run) throw noRun(runId);
      const others = runs.filter(({ id }) => id !== runId);
      const taken = others.some((one) => one.name === name);
      if (taken || name?.trim() === '') {
        throw new ConfigError(
          taken ? `Another run is called ${name}.` : 'A run needs a name.',
          'Choose another name.',
        );
      }
      const unpinned = pinned === true ? others.filter((one) => one.pinned) : [];
      return [{ ...run, ...change }, ...unpinned.map((one) => ({ ...one, pinned: false }))];
    });
    const [run] = changed;
    if (!run) throw noRun(runId);
    return record(run);
  }

  /** Throws BusyError while another tab works on the run; so do the next two. */
  async remove(runId: string): Promise<void> {
    await this.#edit(runId, (run) => ({ ...run, pinned: false, deletedAt: Date.now() }));
  }

  async restore(runId: string): Promise<RunRecord> {
    return record(await this.#edit(runId, ({ deletedAt: _, ...run }) => run));
  }

  async purge(runId: string): Promise<void> {
    await this.#lock.alone(runId, async () => {
      const run = await this.run(runId);
      if (run.deletedAt === undefined)
        throw new ConfigError(`${run.name} is not in the trash.`, 'Delete it first.');
      await this.#store.removeRun(runId);
    });
  }

  async #edit(runId: string, edit: (run: StoredRun) => StoredRun): Promise<StoredRun> {
    const changed = await this.#lock.alone(runId, () => this.#store.editRun(runId, edit));
    if (!changed) throw noRun(runId);
    return changed;
  }

  async sizes(): Promise<Record<string, number>> {
    const sizes: Record<string, number> = {};
    for (const { id } of await this.#store.listRuns()) sizes[id] = await this.#store.sizeOf(id);
    return sizes;
  }

  /** A finished run without its debate. */
  async outcome(runId: string): Promise<RunOutcome> {
    return readOutcome(this.#store, await this.run(runId));
  }

  /** With its adapters: those that are stored, and for a copy of the recorded run those that ship with the page. */
  async archive(runId: string, withAdapters: boolean, onDamage?: OnDamage): Promise<RunArchive> {
    const archive = await readArchive(this.#store, await this.run(runId), withAdapters, onDamage);
    if (!withAdapters) return archive;
    const adapters: ArchivedAdapter[] = [...(archive.adapters ?? [])];
    const has = new Set(adapters.map(keyOf));
    for (const shipped of await recordedAdapters(this.#base)) {
      if (shipped.runId !== runId || has.has(keyOf(shipped))) continue;
      const { strategy, seed } = shipped;
      const contents = Object.entries(await recordedFiles(this.#base, shipped));
      const files = Object.fromEntries(contents.map(([name, bytes]) => [name, toBase64(bytes)]));
      adapters.push({ strategy, seed, files });
    }
    return { ...archive, adapters };
  }

  /** The finished adapters of stored runs, imported ones, then those that ship with the page and are not stored. */
  async adapters(): Promise<AdapterInfo[]> {
    const found: AdapterInfo[] = [];
    for (const run of await this.#store.listRuns()) {
      const { config, damaged } = shownRun(run);
      if (run.deletedAt !== undefined || damaged !== undefined) continue;
      for (const { strategy, seed } of await this.#store.listAdapters(run.id)) {
        const { id: runId, name: runName } = run;
        found.push({ runId, runName, strategy, seed, student: config.student, origin: 'run' });
      }
    }
    const has = new Set(found.map((one) => `${one.runId}/${keyOf(one)}`));
    const shipped = await recordedAdapters(this.#base);
    const others = shipped.filter((one) => !has.has(`${one.runId}/${keyOf(one)}`));
    const imported = await listAdapters(this.#store);
    return [...found, ...imported, ...others];
  }

  /** An adapter with the name of its base: the stored one first, else the one that ships with the page. */
  async adapter({ runId, strategy, seed }: Omit<AdapterArm, 'type'>): Promise<{
    readonly student: string;
    readonly files: Readonly<Record<string, Uint8Array>>;
  }> {
    if (runId === importedRunId) {
      const imported = await readAdapter(this.#store, strategy);
      if (imported) return imported;
      throw new ConfigError(`There is no imported adapter ${strategy}.`, 'Import it again.');
    }
    const run = await this.#store.getRun(runId);
    const damages: Damage[] = [];
    const files =
      run && (await this.#store.getAdapter({ runId, strategy, seed }, (one) => damages.push(one)));
    if (run && files) return { student: soundRun(run).config.student, files };
    if (run && damages.length > 0) throw leftOut(run.name, damages);
    const shipped = (await recordedAdapters(this.#base)).find(
      (one) => one.runId === runId && one.strategy === strategy && one.seed === seed,
    );
    if (!shipped) {
      throw new ConfigError(
        `This run has no finished adapter ${strategy}, seed ${seed}.`,
        'Let the training end first.',
      );
    }
    return { student: shipped.student, files: await recordedFiles(this.#base, shipped) };
  }
}
