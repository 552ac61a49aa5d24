/** What the page knows and does: the run shown, the job in progress, the stored runs, and every action of a user. */
import { ArkletError } from '../../core/errors';
import type { JobApi, JobClient, JobEvent, RunArchive, RunRecord } from '../../core/jobApi';
import type { ModelsApi } from '../../core/modelsApi';
import type { Phase, RunConfig, RunStatus } from '../../core/records';
import { strings } from '../strings';
import { GpuTest } from './gpuTest.svelte';
import { begun, grow, stepOf, type DataEvent } from './growth';
import { Models } from './models.svelte';
import { StageCheck } from './modelsStage.svelte';
import { newestCut } from './newestCut';
import { Notices } from './notices.svelte';
import { Offline } from './offline.svelte';
import { CountGate } from './countGate';
import { Pace } from './pace';
import { PlaygroundState } from './playground.svelte';
import { QuestionFile } from './questionFile.svelte';
import { RunShelf } from './runShelf.svelte';
import { RunView } from './runView.svelte';
import { Settings } from './settings.svelte';
import { WakeLock } from './wakeLock';

export type Step = 'debate' | 'distil' | 'compare';
export const steps: readonly Step[] = ['debate', 'distil', 'compare'];

/** Where a turn stands in its debate. */
export interface TurnPlace {
  readonly round: number;
  readonly agent: number;
}

export type JobStatus = Omit<Extract<JobEvent, { type: 'progress' }>, 'type'>;
type DeviceEvent = Extract<JobEvent, { type: 'device' }>;
type LoadEvent = Extract<JobEvent, { type: 'load' }>;

export interface SessionSources {
  /** Starts the engine's coordinator; called once, after the first paint or by the first action. */
  connect(): Promise<JobClient>;
  /** The run that ships with the page. */
  recorded(): Promise<RunArchive | null>;
  /** Of the app, for reports. */
  readonly version?: string;
  /** Starts the models worker; called when the models are first looked at. */
  models?(): Promise<ModelsApi>;
}

export class Session {
  readonly notices = new Notices();
  readonly settings = new Settings();
  readonly file = new QuestionFile(this.settings);
  readonly gpuTest = new GpuTest();
  readonly playground = new PlaygroundState(this);
  readonly shelf = new RunShelf(this);
  readonly models: Models;
  readonly stage: StageCheck;
  view = $state.raw<RunView | null>(null);
  live = $state.raw<RunView | null>(null);
  recorded = $state.raw<RunView | null>(null);
  /** The recorded run was looked for: there is one or there is none. */
  looked = $state(false);
  job = $state.raw<JobStatus | null>(null);
  load = $state.raw<LoadEvent | null>(null);
  device = $state.raw<DeviceEvent | null>(null);
  runs = $state.raw<readonly RunRecord[]>([]);
  step = $state<Step>('debate');
  /** An action waits for the coordinator. */
  busy = $state(false);
  declined = $state<string | null>(null);
  selected = $state<string | null>(null);
  /** Turns of the selected question that a trace was made of. */
  marked = $state.raw<readonly TurnPlace[]>([]);

  readonly active = $derived(
    this.job !== null && (this.job.status === 'running' || this.job.status === 'paused'),
  );
  /** A run that ended before its time, to be offered while nothing else works. */
  readonly interrupted = $derived.by(() => {
    const newest = this.active || this.busy ? null : newestCut(this.runs);
    return newest?.id === this.declined ? null : newest;
  });

  readonly #sources: SessionSources;
  readonly #wakeLock = new WakeLock();
  readonly #pace = new Pace();
  readonly #counts = new CountGate();
  #client: Promise<JobClient> | null = null;
  #follow = true;
  #fetching = new Set<string>();
  /** Events of a run whose view is still being made. */
  #early: DataEvent[] = [];

  constructor(sources: SessionSources, offline = new Offline(null)) {
    this.#sources = sources;
    this.models = new Models(sources.models?.bind(sources), this.notices);
    this.stage = new StageCheck(this, offline);
  }

  get version(): string {
    return this.#sources.version ?? 'development';
  }

  /** Shows the recorded run; resolves when it is on screen or known to be missing. */
  async showRecorded(): Promise<void> {
    if (this.recorded === null) {
      const archive = await this.notices.guard(() => this.#sources.recorded());
      if (archive) this.recorded = RunView.of(archive, 'recorded');
      this.looked = true;
    }
    // A run that was opened or began meanwhile keeps the screen.
    if (this.view === null) this.show(this.recorded);
  }

  show(view: RunView | null): void {
    if (view === this.view) return;
    const other = this.view !== null;
    this.view = view;
    // A question that the address names waits for the first run.
    if (!other) return;
    this.selected = null;
    this.marked = [];
  }

  /** Connects, lists the runs and reads the presets. A failure becomes a notice. */
  async connect(): Promise<void> {
    await this.notices.guard(async () => {
      const api = await this.#api();
      const [runs, presets] = await Promise.all([api.runs(), api.presets()]);
      this.runs = runs;
      this.settings.presets = presets;
      for (const bad of this.settings.bad) {
        this.notices.add({
          code: 'config',
          message: strings.errors.badHash(bad.name, bad.value),
          hint: strings.errors.badHashHint,
        });
      }
    });
  }

  chooseStep(step: Step): void {
    this.step = step;
    this.#follow = false;
  }

  // Transport

  /** Starts a run with the settings; `change` is for this run alone. */
  async start(change: Partial<RunConfig> = {}): Promise<void> {
    await this.#act(async (api) => {
      if (this.settings.presets === null) this.settings.presets = await api.presets();
      if (this.settings.config === null) return;
      const config = { ...this.settings.config, ...change };
      const { imported } = this.file;
      const named = imported === null ? config : { ...config, questions: imported.name };
      await this.#launch(api, () => api.start(named, imported?.questions ?? null));
    });
  }

  /** Another training on the debate that a view shows: with the settings of the next run, without what was left out by hand. */
  async startOn(view: RunView, change: Partial<RunConfig> = {}): Promise<void> {
    await this.#act(async (api) => {
      if (this.settings.presets === null) this.settings.presets = await api.presets();
      const config = this.settings.config;
      if (config === null) return;
      // The recorded run is stored first: the coordinator starts from its own runs only.
      const stored = (await api.runs()).some((run) => run.id === view.run.id);
      const from = stored ? view.run.id : (await api.importArchive(view.archive())).id;
      await this.#launch(api, () =>
        api.start({ ...config, exclude: [...view.excluded], ...change }, null, from),
      );
    });
  }

  async #launch(api: JobApi, start: () => Promise<RunRecord>): Promise<void> {
    this.#follow = true;
    this.load = null;
    const run = await start();
    // The first events of the run may have come before this answer.
    if (this.live?.run.id !== run.id) this.#begin(new RunView(run, 'live'));
    this.#expect(run.id, run.phase);
    // The questions that the coordinator planned; their events do not repeat them.
    this.live?.load(await api.archive(run.id));
  }

  /** Hands a server's key to the coordinator, which keeps it in memory. */
  async setEndpointKey(url: string, key: string): Promise<void> {
    await this.notices.guard(async () => (await this.#api()).setKey(url, key));
  }

  async resume(runId: string): Promise<void> {
    await this.#act(async (api) => {
      const archive = await api.archive(runId);
      this.#follow = true;
      this.load = null;
      this.#begin(RunView.of(archive, 'live'));
      this.#expect(runId, archive.run.phase);
      await api.resume(runId);
    });
  }

  async pause(): Promise<void> {
    await this.#act((api) => api.pause());
    this.#setStatus('running', 'paused');
  }

  async unpause(): Promise<void> {
    await this.#act((api) => api.unpause());
    this.#setStatus('paused', 'running');
  }

  async stepOnce(): Promise<void> {
    await this.#act((api) => api.step());
  }

  async stop(): Promise<void> {
    await this.#act((api) => api.stop());
    if (this.active && this.job) this.job = { ...this.job, status: 'interrupted', secondsLeft: null };
    this.#wakeLock.want(false);
    await this.refreshRuns();
  }

  /** For a talk: whatever works is put into the bin, and the settings' run begins anew, with its fixed seed. */
  async restart(): Promise<void> {
    const before = this.active ? this.job?.runId : undefined;
    if (before !== undefined) await this.stop();
    if (before !== undefined && this.runs.find(({ id }) => id === before)?.status === 'interrupted')
      await this.shelf.remove(before);
    await this.start();
  }

  // Runs

  async refreshRuns(): Promise<void> {
    await this.notices.guard(async () => {
      this.runs = await (await this.#api()).runs();
    });
  }

  async open(runId: string): Promise<void> {
    await this.#act(async (api) => {
      this.show(this.live?.run.id === runId ? this.live : RunView.of(await api.archive(runId), 'stored'));
      const phase = this.view?.run.phase;
      if (phase !== undefined) this.step = stepOf(phase);
    });
  }

  /** For what is neither state nor transport: exports, imports of questions. */
  async api(): Promise<JobApi> {
    return this.#api();
  }

  // Events

  receive(event: JobEvent): void {
    switch (event.type) {
      case 'device':
        this.device = event;
        return;
      case 'load':
        this.load = event;
        return;
      case 'progress':
        this.#progress(this.#pace.fill(event, performance.now() / 1000));
        return;
      case 'questions':
      case 'text':
      case 'turn':
      case 'dataset':
      case 'train':
      case 'probe':
      case 'pad':
      case 'report': {
        if (event.type === 'train') {
          const { strategy, seed, log } = event;
          this.#pace.train(`${strategy}|${seed}`, log.num_tokens, performance.now() / 1000);
        }
        const view = this.#liveView(event.runId);
        if (view) grow(view, event);
        else this.#early.push(event);
        return;
      }
      case 'runs':
        this.runs = event.runs;
        this.#followRuns();
        return;
      case 'selftest':
        this.gpuTest.receive(event.row);
        return;
      case 'ask':
        this.playground.receive(event);
        return;
      case 'error':
        this.notices.add(event.error);
        return;
      default:
        event satisfies never;
    }
  }

  #progress(event: Extract<JobEvent, { type: 'progress' }>): void {
    const { type: _, ...status } = event;
    const before = this.job;
    const again = (): void => {
      // Unless it was paused or stopped meanwhile.
      if (this.job?.runId === event.runId && this.job.status === event.status) this.#progress(event);
    };
    if (!this.#counts.pass(before, status, again)) return;
    // Models of a phase are ready before its units are counted: what another one left loading is over.
    if (before?.runId !== event.runId || before.phase !== event.phase) this.load = null;
    this.job = status;
    const view = this.#liveView(event.runId);
    if (view && (view.run.phase !== event.phase || view.run.status !== event.status)) {
      view.run = { ...view.run, phase: event.phase, status: event.status };
    }
    if (this.#follow && this.view === view && before?.phase !== event.phase) this.step = stepOf(event.phase);
    this.#wakeLock.want(event.status === 'running');
    if (event.status === 'done' && before?.status !== 'done') void this.#complete(event.runId);
  }

  /** A job that ended (stopped, failed) sends no more progress: its record says so. */
  #followRuns(): void {
    const { job } = this;
    const run = this.runs.find((known) => known.id === job?.runId);
    if (!job || !run || run.status === job.status || job.status === 'done') return;
    const over = run.status !== 'running' && run.status !== 'paused';
    this.job = { ...job, status: run.status, ...(over ? { secondsLeft: null, tokensPerSecond: null } : {}) };
    if (this.live?.run.id === run.id) this.live.run = run;
    if (over) this.#wakeLock.want(false);
    if (run.status === 'done') void this.#complete(run.id);
  }

  /** The stored run holds what events leave out: the traces of each dataset, timings, the report. */
  async #complete(runId: string): Promise<void> {
    await this.notices.guard(async () => {
      const archive = await (await this.#api()).archive(runId);
      if (this.live?.run.id === runId) this.live.load(archive);
      this.runs = await (await this.#api()).runs();
    });
  }

  /** The view that grows by this run's events. One that another page started is fetched first. */
  #liveView(runId: string): RunView | null {
    if (this.live?.run.id === runId) return this.live;
    if (this.#fetching.has(runId)) return null;
    this.#fetching.add(runId);
    void this.notices
      .guard(async () => {
        const archive = await (await this.#api()).archive(runId);
        if (this.live?.run.id !== runId) this.#begin(RunView.of(archive, 'live'));
      })
      .finally(() => this.#fetching.delete(runId));
    return null;
  }

  #begin(view: RunView): void {
    this.live = view;
    for (const event of this.#early) if (event.runId === view.run.id) grow(view, event);
    this.#early = [];
    this.show(view);
    this.step = stepOf(view.run.phase);
  }

  #expect(runId: string, phase: Phase): void {
    if (this.job?.runId === runId && this.active) return;
    this.job = begun(runId, phase);
  }

  #setStatus(from: RunStatus, to: RunStatus): void {
    if (this.job?.status === from) this.job = { ...this.job, status: to };
  }

  async #act(action: (api: JobApi) => Promise<void>): Promise<void> {
    this.busy = true;
    try {
      await this.notices.guard(async () => action(await this.#api()));
    } finally {
      this.busy = false;
    }
  }

  async #api(): Promise<JobApi> {
    this.#client ??= this.#sources.connect().then((client) => {
      client.listen((event) => this.receive(event));
      return client;
    });
    try {
      return (await this.#client).api;
    } catch (cause) {
      this.#client = null;
      throw cause instanceof ArkletError
        ? cause
        : new ArkletError(strings.errors.noWorker, strings.errors.noWorkerHint, { cause });
    }
  }
}
