/** What a user does with stored runs: names and notes, the trash, the baseline, sizes, files. */
import { toBase64 } from '../../core/base64';
import type { JobApi } from '../../wire/jobApi';
import type { AdapterInfo } from '../../wire/playground';
import type { TrajectoryImport } from '../../wire/runs';
import type { ArchivedAdapter, RunArchive, RunRecord, RunResult } from '../../records/runRecords';
import { importStrings } from '../strings/imports';
import type { Notices } from './notices.svelte';
import type { Models } from '../models/models.svelte';
import { RunView } from './runView.svelte';
import type { Screen } from './screen.svelte';
import type { StoredRuns } from './storedRuns.svelte';
import { StudentFiles } from './studentFiles.svelte';

/** What it needs of the page. */
interface Owner {
  readonly notices: Notices;
  readonly models: Models;
  readonly stored: StoredRuns;
  readonly screen: Screen;
  api(): Promise<JobApi>;
}

export class RunHistory {
  binned = $state.raw<readonly RunRecord[]>([]);
  /** Bytes by run; null until they were counted. */
  sizes = $state.raw<Readonly<Record<string, number>> | null>(null);
  /** Results of finished runs, by run. */
  results = $state.raw<Readonly<Record<string, RunResult>>>({});
  readonly #asked = new Set<string>();
  /** Adapters that ship with the page; null until they were looked for. */
  shipped = $state.raw<readonly AdapterInfo[] | null>(null);
  /** The run that was deleted last, while its undo is offered. */
  deleted = $state.raw<RunRecord | null>(null);
  readonly students: StudentFiles;
  readonly #page: Owner;

  constructor(page: Owner) {
    this.#page = page;
    this.students = new StudentFiles(page);
  }

  /** Reads the trash, the sizes, and once the adapters that ship with the page. */
  async refresh(): Promise<void> {
    await this.#page.notices.guard(async () => {
      const api = await this.#page.api();
      this.binned = await api.runs.bin();
      this.sizes = await api.runs.sizes();
      this.shipped ??= (await api.playground.adapters()).filter(({ origin }) => origin === 'recorded');
    }, 'runs/runHistory');
  }

  /** Reads the results of runs that ended since the last call. */
  async readResults(): Promise<void> {
    const done = this.#page.stored.runs.filter(({ status }) => status === 'done').map(({ id }) => id);
    const missing = done.filter((id) => !(id in this.results) && !this.#asked.has(id));
    if (missing.length === 0) return;
    for (const id of missing) this.#asked.add(id);
    await this.#page.notices.guard(async () => {
      const found = await (await this.#page.api()).runs.results(missing);
      this.results = { ...this.results, ...found };
    });
    for (const id of missing) this.#asked.delete(id);
  }

  /** Shown at once; where it is refused, the stored fields come back. */
  async update(runId: string, change: { name?: string; note?: string; pinned?: boolean }): Promise<void> {
    const { notices, stored, screen } = this.#page;
    const show = (fields: Partial<RunRecord>): void => {
      stored.runs = stored.runs.map((known) => {
        if (known.id === runId) return { ...known, ...fields };
        return fields.pinned === true && known.pinned ? { ...known, pinned: false } : known;
      });
      for (const view of [screen.view, screen.live])
        if (view?.run.id === runId) view.run = { ...view.run, ...fields };
    };
    show(change);
    await notices.guard(async () => {
      const api = await this.#page.api();
      try {
        const { name, note, pinned } = await api.runs.update({ runId, change });
        show({
          ...(change.name !== undefined && { name }),
          ...(change.note !== undefined && { note }),
          ...(change.pinned !== undefined && { pinned }),
        });
      } catch (thrown) {
        stored.runs = await api.runs.list();
        const known = stored.find(runId);
        if (known) show(known);
        throw thrown;
      }
    }, `runs/${runId}`);
  }

  /** Moves a run to the trash; `deleted` offers to undo it. */
  async remove(runId: string): Promise<void> {
    await this.#page.notices.guard(async () => {
      const { stored, screen } = this.#page;
      const api = await this.#page.api();
      // The coordinator announces the shorter list before it answers.
      const run = stored.find(runId) ?? null;
      await api.runs.remove(runId);
      this.deleted = run;
      stored.runs = stored.runs.filter((run) => run.id !== runId);
      if (screen.live?.run.id === runId) screen.live = null;
      if (screen.view?.run.id === runId) screen.show(screen.recorded);
      this.binned = await api.runs.bin();
    }, `runs/${runId}`);
  }

  async restore(runId: string): Promise<void> {
    await this.#page.notices.guard(async () => {
      const api = await this.#page.api();
      await api.runs.restore(runId);
      if (this.deleted?.id === runId) this.deleted = null;
      this.#page.stored.runs = await api.runs.list();
      this.binned = await api.runs.bin();
    }, `runs/${runId}`);
  }

  async purge(runId: string): Promise<void> {
    await this.#page.notices.guard(async () => {
      const api = await this.#page.api();
      await api.runs.purge(runId);
      if (this.deleted?.id === runId) this.deleted = null;
      this.binned = await api.runs.bin();
      this.sizes = await api.runs.sizes();
    }, `runs/${runId}`);
  }

  /** The archive of any run that can be shown, the recorded one included; with adapters it is the whole run. */
  async archiveOf(runId: string, withAdapters = false): Promise<RunArchive> {
    const { recorded } = this.#page.screen;
    const stored = this.#page.stored.runs.some(({ id }) => id === runId);
    if (stored || recorded?.run.id !== runId) {
      const { runs } = await this.#page.api();
      return withAdapters ? runs.wholeArchive(runId) : runs.archive(runId);
    }
    const archive = recorded.archive();
    return withAdapters ? { ...archive, version: 2, adapters: await this.#shippedWith(runId) } : archive;
  }

  async #shippedWith(runId: string): Promise<ArchivedAdapter[]> {
    const api = await this.#page.api();
    const shipped = (await api.playground.adapters()).filter(
      (one) => one.origin === 'recorded' && one.runId === runId,
    );
    const read = shipped.map(async ({ strategy, seed }) => {
      const contents = Object.entries(await api.runs.adapter({ runId, strategy, seed }));
      return {
        strategy,
        seed,
        files: Object.fromEntries(contents.map(([name, bytes]) => [name, toBase64(bytes)])),
      };
    });
    return Promise.all(read);
  }

  async importArchive(archive: RunArchive): Promise<void> {
    const api = await this.#page.api();
    const run = await api.runs.importArchive(archive);
    this.#page.stored.runs = await api.runs.list();
    // What was taken of the file, not the file itself.
    this.#page.screen.show(RunView.of(await api.runs.archive(run.id), 'stored'));
  }

  /** A debate as a run of its own, shown at once and ready to be resumed. */
  async importTrajectories(text: string, name: string, report: string | null): Promise<TrajectoryImport> {
    const api = await this.#page.api();
    const found = await api.runs.importTrajectories({ text, name, report });
    const run = await api.runs.update({ runId: found.run.id, change: { note: importStrings.note(name) } });
    this.#page.stored.runs = await api.runs.list();
    this.#page.screen.show(RunView.of({ ...(await api.runs.archive(run.id)), run }, 'stored'));
    return found;
  }
}
