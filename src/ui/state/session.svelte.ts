/** What the page knows and does: the run shown, the job in progress, the stored runs, and every action of a user. */
import type { ArkletError } from '../../core/errors';
import type { JobApi } from '../../wire/jobApi';
import type { JobEvent } from '../../wire/jobEvents';
import type { RunRecord } from '../../records/runRecords';
import type { RunStatus } from '../../records/records';
import type { RunConfig } from '../../settings/config';
import { GpuTest } from '../device/gpuTest.svelte';
import { expectedStatus, isGoing, newsOf, withStatus, type Ending, type JobStatus } from './jobStatus';
import { GrowingView } from './growingView.svelte';
import { stepOf } from './growth';
import { Models } from '../models/models.svelte';
import { StageCheck } from '../models/modelsStage.svelte';
import { lastInterrupted } from './lastInterrupted';
import { Notices } from './notices.svelte';
import { Offline } from '../shell/offline.svelte';
import { CoordinatorLink } from './coordinatorLink';
import { CountGate } from './countGate';
import { Pace } from './eta';
import { tellOfModel, tellProblem } from './problems';
import { PlaygroundState } from './playground.svelte';
import { QuestionFile } from './questionFile.svelte';
import { Restart } from './restart.svelte';
import { RunHistory } from './runHistory.svelte';
import type { SessionSources, Step, TurnPlace } from './sessionParts';
import { RunView } from './runView.svelte';
import { Settings } from './settings.svelte';
import { WakeLock } from '../shell/wakeLock';

export class Session {
  readonly notices = new Notices();
  readonly settings = new Settings();
  readonly file = new QuestionFile(this);
  readonly gpuTest = new GpuTest();
  readonly playground = new PlaygroundState(this);
  readonly runHistory = new RunHistory(this);
  readonly restart = new Restart(this);
  readonly models: Models;
  readonly stage: StageCheck;
  view = $state.raw<RunView | null>(null);
  recorded = $state.raw<RunView | null>(null);
  /** The recorded run was looked for: there is one or there is none. */
  looked = $state(false);
  /** The coordinator has answered. */
  connected = $state(false);
  job = $state.raw<JobStatus | null>(null);
  load = $state.raw<Extract<JobEvent, { type: 'load' }> | null>(null);
  device = $state.raw<Extract<JobEvent, { type: 'device' }> | null>(null);
  runs = $state.raw<readonly RunRecord[]>([]);
  step = $state<Step>('debate');
  /** An action waits for the coordinator. */
  busy = $state(false);
  declined = $state<string | null>(null);
  selected = $state<string | null>(null);
  /** Turns of the selected question that a trace was made of. */
  marked = $state.raw<readonly TurnPlace[]>([]);

  readonly active = $derived(this.job !== null && isGoing(this.job));
  /** A run that ended before its time, to be offered while nothing else works. */
  readonly interrupted = $derived.by(() => {
    const newest = this.active || this.busy ? null : lastInterrupted(this.runs);
    return newest?.id === this.declined ? null : newest;
  });

  readonly #sources: SessionSources;
  readonly #wakeLock = new WakeLock();
  readonly #pace = new Pace();
  readonly #counts = new CountGate();
  readonly #link: CoordinatorLink;
  #follow = true;
  readonly #growing = new GrowingView({
    notices: this.notices,
    api: () => this.#api(),
    onBegin: (view) => {
      this.show(view);
      this.step = stepOf(view.run.phase);
    },
  });

  constructor(sources: SessionSources, offline = new Offline(null)) {
    this.#sources = sources;
    this.#link = new CoordinatorLink({
      connect: () => sources.connect(),
      onEvent: (event) => this.receive(event),
      onGone: (error) => this.#gone(error),
    });
    this.models = new Models(sources.models?.bind(sources), this.notices);
    this.stage = new StageCheck(this, offline);
  }

  /** The view of the run that works, or worked last. */
  get live(): RunView | null {
    return this.#growing.view;
  }

  set live(view: RunView | null) {
    this.#growing.view = view;
  }

  get version(): string {
    return this.#sources.version ?? 'development';
  }

  /** Shows the recorded run; resolves when it is on screen or known to be missing. */
  async showRecorded(): Promise<void> {
    if (this.recorded === null) {
      const archive = await this.notices.guard(() => this.#sources.recorded(), 'recorded');
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

  /** Connects and lists the runs. A failure becomes a notice. */
  async connect(): Promise<void> {
    await this.notices.guard(async () => {
      const api = await this.#api();
      this.runs = await api.runs.list();
      this.#followRuns();
      this.connected = true;
      this.notices.addBadSettings(this.settings.bad);
    }, 'engine');
    await this.file.find();
  }

  chooseStep(step: Step): void {
    this.step = step;
    this.#follow = false;
  }

  /** Starts a run with the settings; `change` is for this run alone. */
  async start(change: Partial<RunConfig> = {}): Promise<void> {
    await this.#act(async (api) => {
      await this.file.find();
      const config = { ...this.settings.config, ...change };
      if (!(await this.file.readyFor(config))) return;
      await this.#launch(() => api.control.start(this.file.startWith(config)));
    });
  }

  /** Another training on the debate that a view shows: with the settings of the next run, without what was left out by hand. */
  async startOn(view: RunView, change: Partial<RunConfig> = {}): Promise<void> {
    await this.#act(async (api) => {
      const { config } = this.settings;
      // The recorded run is stored first: the coordinator starts from its own runs only.
      const stored = (await api.runs.list()).some((run) => run.id === view.run.id);
      const from = stored ? view.run.id : (await api.runs.importArchive(view.archive())).id;
      const run = await this.#launch(() =>
        api.control.start({
          config: { ...config, exclude: [...view.excluded], ...change },
          questions: null,
          from,
        }),
      );
      // No event tells of the debate that is used again.
      this.live?.load(await api.runs.archive(run.id));
    });
  }

  async #launch(start: () => Promise<RunRecord>): Promise<RunRecord> {
    this.#follow = true;
    this.load = null;
    // What was said of the run before is over.
    this.notices.clear('run');
    this.file.warned = false;
    const run = await this.#growing.start(start);
    this.#expect({ ...run, status: 'running' });
    return run;
  }

  async resume(runId: string): Promise<void> {
    await this.#act(async (api) => {
      const archive = await api.runs.archive(runId);
      this.#follow = true;
      this.load = null;
      this.notices.clear('run');
      this.#growing.begin(RunView.of(archive, 'live'));
      this.#expect({ ...archive.run, status: 'running' });
      await api.control.resume(runId);
    });
  }

  async pause(): Promise<void> {
    await this.#act((api) => api.control.pause());
    this.#setStatus('running', 'paused');
  }

  async unpause(): Promise<void> {
    await this.#act((api) => api.control.unpause());
    this.#setStatus('paused', 'running');
  }

  async stepOnce(): Promise<void> {
    await this.#act((api) => api.control.step());
  }

  async stop(): Promise<void> {
    await this.#act((api) => api.control.stop());
    this.#cut();
    await this.refreshRuns();
  }

  async refreshRuns(): Promise<void> {
    await this.notices.guard(async () => {
      this.runs = await (await this.#api()).runs.list();
      this.#followRuns();
    }, 'runs');
  }

  async open(runId: string): Promise<void> {
    await this.#act(async (api) => {
      this.show(
        this.live?.run.id === runId ? this.live : RunView.of(await api.runs.archive(runId), 'stored'),
      );
      const phase = this.view?.run.phase;
      if (phase !== undefined) this.step = stepOf(phase);
    });
  }

  /** For what is neither state nor transport: exports, imports of questions. */
  readonly api = (): Promise<JobApi> => this.#api();

  receive(event: JobEvent): void {
    switch (event.type) {
      case 'device':
        this.device = event;
        return;
      case 'load':
        this.load = event;
        tellOfModel(this.notices, event);
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
        // An agent that answers again has got over what was said of it.
        if (event.type === 'turn' && event.turn.finishReason !== 'error')
          this.notices.clear(`run/agent-${event.turn.agent}`);
        this.#growing.take(event);
        return;
      }
      case 'runs':
        this.runs = event.runs;
        this.#followRuns();
        return;
      case 'ended':
        // The stored run is read when its last progress came, or its record.
        if (event.status !== 'done') this.#ended(event);
        return;
      case 'error':
        tellProblem(this, event);
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
    const view = this.#growing.of(event.runId);
    if (view && (view.run.phase !== event.phase || view.run.status !== event.status)) {
      view.run = { ...view.run, phase: event.phase, status: event.status };
    }
    if (this.#follow && this.view === view && before?.phase !== event.phase) this.step = stepOf(event.phase);
    this.#wakeLock.want(event.status === 'running');
    if (event.status !== 'done' || before?.status === 'done') return;
    if (view && event.peakBytes) this.models.measure(view.run.config, event.peakBytes);
    void this.#complete(event.runId);
  }

  /** What the job's own tab says of its end: the stored record may not have taken it. */
  #ended({ runId, status, error }: Ending): void {
    this.runs = this.runs.map((run) => (run.id === runId ? { ...run, status, error } : run));
    if (this.job?.runId !== runId || this.job.status === 'done') return;
    this.job = withStatus(this.job, status);
    if (this.live?.run.id === runId) this.live.run = { ...this.live.run, status, error };
    if (!isGoing({ status })) this.#wakeLock.want(false);
  }

  /** A phase that fails at its start has sent no progress: the record says where it stands. */
  #followPhase(): void {
    const { job, live } = this;
    const run = this.runs.find(({ id }) => id === job?.runId);
    if (!job || run?.status !== 'failed' || isGoing(job) || run.phase === job.phase) return;
    const { phase } = run;
    this.job = { ...job, phase, done: 0, total: 0, detail: null };
    if (live?.run.id !== run.id) return;
    live.run = { ...live.run, phase };
    if (this.#follow && this.view === live) this.step = stepOf(phase);
  }

  #followRuns(): void {
    const news = newsOf(this.job, this.runs);
    if (news?.type === 'begun') {
      this.#expect(news.run);
      this.#growing.of(news.run.id);
    } else if (news) {
      const { runId, status, error } = news;
      this.#ended({ runId, status, error });
      if (status === 'done') void this.#complete(runId);
    }
    this.#followPhase();
  }

  /** The stored run holds what events leave out: the traces of each dataset, timings, the report. */
  async #complete(runId: string): Promise<void> {
    // It came to its end: what went wrong on the way is over.
    this.notices.clear('run');
    await this.notices.guard(async () => {
      const { runs } = await this.#api();
      const outcome = await runs.outcome(runId);
      const view = this.live?.run.id === runId ? this.live : null;
      view?.end(outcome);
      // A turn that no event told of.
      if (view && view.turns < outcome.timings.length) view.load(await runs.archive(runId));
      this.runs = await runs.list();
    }, 'runs');
  }

  #expect(run: Pick<RunRecord, 'id' | 'phase' | 'status'>): void {
    if (this.job?.runId !== run.id || !this.active) this.job = expectedStatus(run);
  }

  #cut(): void {
    if (this.active && this.job) this.job = withStatus(this.job, 'interrupted');
    this.#wakeLock.want(false);
  }

  #setStatus(from: RunStatus, to: RunStatus): void {
    if (this.job?.status === from) this.job = withStatus(this.job, to);
  }

  async #act(action: (api: JobApi) => Promise<void>): Promise<void> {
    this.busy = true;
    try {
      await this.notices.guard(async () => action(await this.#api()), 'run/action');
    } finally {
      this.busy = false;
    }
  }

  #api(): Promise<JobApi> {
    return this.#link.api();
  }

  /** The coordinator's worker is gone, and with it a job that it worked on. */
  #gone(error: ArkletError): void {
    this.#cut();
    this.notices.report(error);
    void this.refreshRuns();
  }
}
