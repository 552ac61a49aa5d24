/** What a user does with stored runs: names and notes, the bin, the baseline, sizes, files. */
import type { JobApi, RunArchive, RunRecord } from '../../core/jobApi';
import type { Notices } from './notices.svelte';
import { RunView } from './runView.svelte';

/** What the shelf needs of the session. */
interface Owner {
  readonly notices: Notices;
  runs: readonly RunRecord[];
  live: RunView | null;
  view: RunView | null;
  readonly recorded: RunView | null;
  api(): Promise<JobApi>;
  show(view: RunView | null): void;
}

export class RunShelf {
  binned = $state.raw<readonly RunRecord[]>([]);
  /** Bytes by run; null until they were counted. */
  sizes = $state.raw<Readonly<Record<string, number>> | null>(null);
  /** The run that was deleted last, while its undo is offered. */
  deleted = $state.raw<RunRecord | null>(null);
  readonly #session: Owner;

  constructor(session: Owner) {
    this.#session = session;
  }

  /** Reads the bin and the sizes. */
  async refresh(): Promise<void> {
    await this.#session.notices.guard(async () => {
      const api = await this.#session.api();
      this.binned = await api.bin();
      this.sizes = await api.sizes();
    });
  }

  async update(runId: string, change: { name?: string; note?: string; pinned?: boolean }): Promise<void> {
    await this.#session.notices.guard(async () => {
      const session = this.#session;
      const run = await (await session.api()).update(runId, change);
      session.runs = session.runs.map((known) => {
        if (known.id === runId) return run;
        return change.pinned === true && known.pinned ? { ...known, pinned: false } : known;
      });
      if (session.view?.run.id === runId) session.view.run = run;
    });
  }

  /** Into the bin; `deleted` offers to undo it. */
  async remove(runId: string): Promise<void> {
    await this.#session.notices.guard(async () => {
      const session = this.#session;
      const api = await session.api();
      await api.remove(runId);
      this.deleted = session.runs.find((run) => run.id === runId) ?? null;
      session.runs = session.runs.filter((run) => run.id !== runId);
      if (session.live?.run.id === runId) session.live = null;
      if (session.view?.run.id === runId) session.show(session.recorded);
      this.binned = await api.bin();
    });
  }

  async restore(runId: string): Promise<void> {
    await this.#session.notices.guard(async () => {
      const api = await this.#session.api();
      await api.restore(runId);
      if (this.deleted?.id === runId) this.deleted = null;
      this.#session.runs = await api.runs();
      this.binned = await api.bin();
    });
  }

  async purge(runId: string): Promise<void> {
    await this.#session.notices.guard(async () => {
      const api = await this.#session.api();
      await api.purge(runId);
      if (this.deleted?.id === runId) this.deleted = null;
      this.binned = await api.bin();
      this.sizes = await api.sizes();
    });
  }

  /** The archive of any run that can be shown, the recorded one included; with adapters it is the whole run. */
  async archiveOf(runId: string, withAdapters = false): Promise<RunArchive> {
    const { recorded } = this.#session;
    const stored = this.#session.runs.some(({ id }) => id === runId);
    if (!stored && recorded?.run.id === runId) return recorded.archive();
    return (await this.#session.api()).archive(runId, withAdapters);
  }

  async importArchive(archive: RunArchive): Promise<void> {
    await this.#session.notices.guard(async () => {
      const api = await this.#session.api();
      const run = await api.importArchive(archive);
      this.#session.runs = await api.runs();
      this.#session.show(RunView.of({ ...archive, run }, 'stored'));
    });
  }
}
