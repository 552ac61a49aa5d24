/** What a user does with stored runs: names and notes, the bin, the baseline, sizes, files. */
import { toBase64 } from '../../core/base64';
import type { JobApi } from '../../wire/jobApi';
import type { AdapterInfo } from '../../wire/playground';
import type { TrajectoryImport } from '../../wire/runs';
import type { ArchivedAdapter, RunArchive, RunRecord, RunResult } from '../../records/runRecords';
import { importStrings } from '../strings/imports';
import type { Notices } from './notices.svelte';
import type { Models } from '../models/models.svelte';
import { RunView } from './runView.svelte';
import { StudentFiles } from './studentFiles.svelte';

/** What the runHistory needs of the session. */
interface Owner {
  readonly notices: Notices;
  readonly models: Models;
  runs: readonly RunRecord[];
  live: RunView | null;
  view: RunView | null;
  readonly recorded: RunView | null;
  api(): Promise<JobApi>;
  show(view: RunView | null): void;
}

export class RunHistory {
  binned = $state.raw<readonly RunRecord[]>([]);
  /** Bytes by run; null until they were counted. */
  sizes = $state.raw<Readonly<Record<string, number>> | null>(null);
  /** What finished runs came to, by run. */
  results = $state.raw<Readonly<Record<string, RunResult>>>({});
  readonly #asked = new Set<string>();
  /** Adapters that ship with the page; null until they were looked for. */
  shipped = $state.raw<readonly AdapterInfo[] | null>(null);
  /** The run that was deleted last, while its undo is offered. */
  deleted = $state.raw<RunRecord | null>(null);
  readonly students: StudentFiles;
  readonly #session: Owner;

  constructor(session: Owner) {
    this.#session = session;
    this.students = new StudentFiles(session);
  }

  /** Reads the bin, the sizes, and once what adapters ship with the page. */
  async refresh(): Promise<void> {
    await this.#session.notices.guard(async () => {
      const api = await this.#session.api();
      this.binned = await api.runs.bin();
      this.sizes = await api.runs.sizes();
      this.shipped ??= (await api.playground.adapters()).filter(({ origin }) => origin === 'recorded');
    }, 'runs/runHistory');
  }

  /** Reads what runs came to that ended since it was asked last. */
  async readResults(): Promise<void> {
    const done = this.#session.runs.filter(({ status }) => status === 'done').map(({ id }) => id);
    const missing = done.filter((id) => !(id in this.results) && !this.#asked.has(id));
    if (missing.length === 0) return;
    for (const id of missing) this.#asked.add(id);
    await this.#session.notices.guard(async () => {
      const found = await (await this.#session.api()).runs.results(missing);
      this.results = { ...this.results, ...found };
    });
    for (const id of missing) this.#asked.delete(id);
  }

  /** Shown at once; where it is refused, the stored fields come back. */
  async update(runId: string, change: { name?: string; note?: string; pinned?: boolean }): Promise<void> {
    const session = this.#session;
    const show = (fields: Partial<RunRecord>): void => {
      session.runs = session.runs.map((known) => {
        if (known.id === runId) return { ...known, ...fields };
        return fields.pinned === true && known.pinned ? { ...known, pinned: false } : known;
      });
      for (const view of [session.view, session.live])
        if (view?.run.id === runId) view.run = { ...view.run, ...fields };
    };
    show(change);
    await session.notices.guard(async () => {
      const api = await session.api();
      try {
        const { name, note, pinned } = await api.runs.update({ runId, change });
        show({
          ...(change.name !== undefined && { name }),
          ...(change.note !== undefined && { note }),
          ...(change.pinned !== undefined && { pinned }),
        });
      } catch (thrown) {
        session.runs = await api.runs.list();
        const stored = session.runs.find(({ id }) => id === runId);
        if (stored) show(stored);
        throw thrown;
      }
    }, `runs/${runId}`);
  }

  /** Into the bin; `deleted` offers to undo it. */
  async remove(runId: string): Promise<void> {
    await this.#session.notices.guard(async () => {
      const session = this.#session;
      const api = await session.api();
      // The coordinator announces the shorter list before it answers.
      const run = session.runs.find((known) => known.id === runId) ?? null;
      await api.runs.remove(runId);
      this.deleted = run;
      session.runs = session.runs.filter((run) => run.id !== runId);
      if (session.live?.run.id === runId) session.live = null;
      if (session.view?.run.id === runId) session.show(session.recorded);
      this.binned = await api.runs.bin();
    }, `runs/${runId}`);
  }

  async restore(runId: string): Promise<void> {
    await this.#session.notices.guard(async () => {
      const api = await this.#session.api();
      await api.runs.restore(runId);
      if (this.deleted?.id === runId) this.deleted = null;
      this.#session.runs = await api.runs.list();
      this.binned = await api.runs.bin();
    }, `runs/${runId}`);
  }

  async purge(runId: string): Promise<void> {
    await this.#session.notices.guard(async () => {
      const api = await this.#session.api();
      await api.runs.purge(runId);
      if (this.deleted?.id === runId) this.deleted = null;
      this.binned = await api.runs.bin();
      this.sizes = await api.runs.sizes();
    }, `runs/${runId}`);
  }

  /** The archive of any run that can be shown, the recorded one included; with adapters it is the whole run. */
  async archiveOf(runId: string, withAdapters = false): Promise<RunArchive> {
    const { recorded } = this.#session;
    const stored = this.#session.runs.some(({ id }) => id === runId);
    if (stored || recorded?.run.id !== runId) {
      const { runs } = await this.#session.api();
      return withAdapters ? runs.wholeArchive(runId) : runs.archive(runId);
    }
    const archive = recorded.archive();
    return withAdapters ? { ...archive, version: 2, adapters: await this.#shippedWith(runId) } : archive;
  }

  async #shippedWith(runId: string): Promise<ArchivedAdapter[]> {
    const api = await this.#session.api();
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
    const api = await this.#session.api();
    const run = await api.runs.importArchive(archive);
    this.#session.runs = await api.runs.list();
    // What was taken of the file, not the file itself.
    this.#session.show(RunView.of(await api.runs.archive(run.id), 'stored'));
  }

  /** A debate as a run of its own, shown at once and ready to be gone on with. */
  async importTrajectories(text: string, name: string, report: string | null): Promise<TrajectoryImport> {
    const api = await this.#session.api();
    const found = await api.runs.importTrajectories({ text, name, report });
    const run = await api.runs.update({ runId: found.run.id, change: { note: importStrings.note(name) } });
    this.#session.runs = await api.runs.list();
    this.#session.show(RunView.of({ ...(await api.runs.archive(run.id)), run }, 'stored'));
    return found;
  }
}
