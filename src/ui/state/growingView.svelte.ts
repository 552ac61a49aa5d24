/** The view that grows by the events of the run in progress, whichever page started it. */
import type { JobApi } from '../../wire/jobApi';
import type { RunRecord } from '../../records/runRecords';
import { grow, type DataEvent } from './growth';
import type { Notices } from './notices.svelte';
import { RunView } from './runView.svelte';

interface Owner {
  readonly notices: Notices;
  api(): Promise<JobApi>;
  /** A run has begun, or was found in progress. */
  onBegin(view: RunView): void;
}

export class GrowingView {
  view = $state.raw<RunView | null>(null);
  readonly #owner: Owner;
  readonly #fetching = new Set<string>();
  /** A run begins here whose id is not known yet. */
  #starting = false;
  /** Events of a run whose view is still being made. */
  #early: DataEvent[] = [];

  constructor(owner: Owner) {
    this.#owner = owner;
  }

  /** Starts a run; its first events, the questions among them, may come before the answer. */
  async start(start: () => Promise<RunRecord>): Promise<RunRecord> {
    this.#starting = true;
    const run = await start().finally(() => (this.#starting = false));
    if (this.view?.run.id !== run.id) this.begin(new RunView(run, 'live'));
    return run;
  }

  begin(view: RunView): void {
    this.view = view;
    for (const event of this.#early) if (event.runId === view.run.id) grow(view, event);
    this.#early = [];
    this.#owner.onBegin(view);
  }

  take(event: DataEvent): void {
    const view = this.of(event.runId);
    if (view) grow(view, event);
    else this.#early.push(event);
  }

  /** Null while it is being made: one that another page started is fetched first. */
  of(runId: string): RunView | null {
    if (this.view?.run.id === runId) return this.view;
    if (this.#starting || this.#fetching.has(runId)) return null;
    this.#fetching.add(runId);
    void this.#owner.notices
      .guard(async () => {
        const archive = await (await this.#owner.api()).runs.archive(runId);
        if (this.view?.run.id !== runId) this.begin(RunView.of(archive, 'live'));
      }, 'runs')
      .finally(() => this.#fetching.delete(runId));
    return null;
  }
}
