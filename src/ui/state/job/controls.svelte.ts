/** Starts, pauses, resumes and stops runs. */
import type { RunRecord } from '../../../records/runRecords';
import type { RunConfig } from '../../../settings/config';
import type { GrowingView } from '../growingView.svelte';
import type { Notices } from '../notices.svelte';
import type { QuestionFile } from '../questionFile.svelte';
import { RunView } from '../runView.svelte';
import type { Screen } from '../screen.svelte';
import type { Settings } from '../settings.svelte';
import type { StoredRuns } from '../storedRuns.svelte';
import type { Actions } from './actions.svelte';
import type { JobStatus } from './jobStatus';
import { lastInterrupted } from './lastInterrupted';
import type { RunningJob } from './runningJob.svelte';

interface Parts {
  readonly running: RunningJob;
  readonly actions: Actions;
  readonly stored: StoredRuns;
  readonly screen: Screen;
  readonly growing: GrowingView;
  readonly notices: Notices;
  readonly settings: Settings;
  readonly file: QuestionFile;
  /** Reads the list of runs again. */
  readonly refresh: () => Promise<void>;
}

export class Controls {
  /** Id of the interrupted run whose offer was declined. */
  declined = $state<string | null>(null);
  /** A run is being started or resumed, and perhaps one before it stopped. */
  starting = $state(false);
  /** Stops asked for so far. */
  #stops = 0;
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  get job(): JobStatus | null {
    return this.#parts.running.status;
  }

  get active(): boolean {
    return this.#parts.running.active;
  }

  get busy(): boolean {
    return this.#parts.actions.busy;
  }

  get load(): RunningJob['load'] {
    return this.#parts.running.load;
  }

  get device(): RunningJob['device'] {
    return this.#parts.running.device;
  }

  /** A run that ended early, offered while nothing else runs. */
  readonly interrupted = $derived.by(() => {
    const newest = this.active || this.busy ? null : lastInterrupted(this.#parts.stored.runs);
    return newest?.id === this.declined ? null : newest;
  });

  /** Starts a run with the settings; `change` is for this run alone. */
  start(change: Partial<RunConfig> = {}): Promise<void> {
    return this.#starts((stopped) => this.#start(change, stopped));
  }

  /** Ends the run in hand and starts one with the settings; a stop that comes in between is for the new one. */
  restart(): Promise<void> {
    return this.#starts(async (stopped) => {
      await this.#end();
      if (!stopped()) await this.#start({}, stopped);
    });
  }

  async #start(change: Partial<RunConfig>, stopped: () => boolean): Promise<void> {
    const { actions, file, settings } = this.#parts;
    await actions.run(async (api) => {
      await file.find();
      const config = { ...settings.config, ...change };
      if (!(await file.readyFor(config)) || stopped()) return;
      await this.#launch(() => api.control.start(file.startWith(config)));
    });
  }

  /** Another training on the debate that a view shows: with the settings of the next run, without the traces left out by hand. */
  startOn(view: RunView, change: Partial<RunConfig> = {}): Promise<void> {
    return this.#starts((stopped) => this.#startOn(view, change, stopped));
  }

  async #startOn(view: RunView, change: Partial<RunConfig>, stopped: () => boolean): Promise<void> {
    const { actions, settings, screen } = this.#parts;
    await actions.run(async (api) => {
      const { config } = settings;
      // The recorded run is stored first: the coordinator starts from its own runs only.
      const stored = (await api.runs.list()).some((run) => run.id === view.run.id);
      const from = stored ? view.run.id : (await api.runs.importArchive(view.archive())).id;
      if (stopped()) return;
      const run = await this.#launch(() =>
        api.control.start({
          config: { ...config, exclude: [...view.excluded], ...change },
          questions: null,
          from,
        }),
      );
      // A debate that is reused sends no events.
      screen.live?.load(await api.runs.archive(run.id));
    });
  }

  resume(runId: string): Promise<void> {
    return this.#starts((stopped) => this.#resume(runId, stopped));
  }

  async #resume(runId: string, stopped: () => boolean): Promise<void> {
    const { actions, growing, running } = this.#parts;
    await actions.run(async (api) => {
      const archive = await api.runs.archive(runId);
      if (stopped()) return;
      this.#prepare();
      growing.begin(RunView.of(archive, 'live'));
      running.expect({ ...archive.run, status: 'running' });
      await api.control.resume(runId);
    });
  }

  async pause(): Promise<void> {
    await this.#parts.actions.run((api) => api.control.pause());
    this.#parts.running.change('running', 'paused');
  }

  async unpause(): Promise<void> {
    await this.#parts.actions.run((api) => api.control.unpause());
    this.#parts.running.change('paused', 'running');
  }

  async stepOnce(): Promise<void> {
    await this.#parts.actions.run((api) => api.control.step());
  }

  /** Of a run that is being started it is remembered: there is nothing to end yet. */
  async stop(): Promise<void> {
    this.#stops += 1;
    if (!this.starting) await this.#end();
  }

  async #starts(work: (stopped: () => boolean) => Promise<void>): Promise<void> {
    const before = this.#stops;
    const stopped = (): boolean => this.#stops !== before;
    this.starting = true;
    try {
      await work(stopped);
    } finally {
      this.starting = false;
    }
    if (stopped() && this.active) await this.#end();
  }

  async #end(): Promise<void> {
    await this.#parts.actions.run((api) => api.control.stop());
    this.#parts.running.interrupt();
    await this.#parts.refresh();
  }

  async #launch(start: () => Promise<RunRecord>): Promise<RunRecord> {
    const { file, growing, running } = this.#parts;
    this.#prepare();
    file.warned = false;
    const run = await growing.start(start);
    running.expect({ ...run, status: 'running' });
    return run;
  }

  #prepare(): void {
    const { screen, running, notices } = this.#parts;
    screen.followsJob = true;
    running.load = null;
    // Notices of the last run.
    notices.clear('run');
  }
}
