/** The parts of the page's state, each with what it needs of the others. */
import type { ArkletError } from '../../core/errors';
import type { SelftestReport, SelftestRow } from '../../compute/selftestReport';
import type { DeviceBench, DeviceFigure } from '../../wire/deviceBench';
import { DeviceWork } from '../device/deviceWork.svelte';
import { Models } from '../models/models.svelte';
import { StageCheck } from '../models/modelsStage.svelte';
import { Offline } from '../shell/offline.svelte';
import { GrowingView } from './growingView.svelte';
import { Actions } from './job/actions.svelte';
import { Controls } from './job/controls.svelte';
import { CoordinatorLink } from './job/coordinatorLink';
import { JobFollower } from './job/jobFollower';
import { RunningJob } from './job/runningJob.svelte';
import { Notices } from './notices.svelte';
import { PlaygroundState } from './playground.svelte';
import { QuestionFile } from './questionFile.svelte';
import { Restart } from './restart.svelte';
import { RunHistory } from './runHistory.svelte';
import { Screen } from './screen.svelte';
import type { SessionSources } from './sessionParts';
import { Settings } from './settings.svelte';
import { StoredRuns } from './storedRuns.svelte';

export class Session {
  readonly notices = new Notices();
  readonly settings = new Settings();
  readonly stored = new StoredRuns();
  readonly gpuTest = new DeviceWork<SelftestRow, SelftestReport>();
  readonly bench = new DeviceWork<DeviceFigure, DeviceBench>();
  readonly screen: Screen;
  readonly controls: Controls;
  readonly file: QuestionFile;
  readonly playground: PlaygroundState;
  readonly runHistory: RunHistory;
  readonly restart: Restart;
  readonly models: Models;
  readonly stage: StageCheck;
  /** Of the app, for reports. */
  readonly version: string;
  readonly #running = new RunningJob();
  readonly #actions: Actions;
  readonly #follower: JobFollower;
  /** The coordinator has answered. */
  connected = $state(false);

  constructor(sources: SessionSources, offline = new Offline(null)) {
    const { notices, settings, stored } = this;
    const running = this.#running;
    const link = new CoordinatorLink({
      connect: () => sources.connect(),
      onEvent: (event) => this.#follower.receive(event),
      onGone: (error) => this.#gone(error),
    });
    const api = () => link.api();
    const actions = new Actions(notices, api);
    const growing = new GrowingView({ notices, api, onBegin: (view) => this.screen.begin(view) });
    const screen = new Screen({ notices, actions, growing, recorded: () => sources.recorded() });
    const models = new Models(sources.models?.bind(sources), notices);
    const file = new QuestionFile({ settings, notices, api });
    const refresh = () => this.#refresh();
    const controls = new Controls({
      running,
      actions,
      stored,
      screen,
      growing,
      notices,
      settings,
      file,
      refresh,
    });
    this.version = sources.version ?? 'development';
    this.#actions = actions;
    this.#follower = new JobFollower({ job: running, stored, screen, growing, notices, models, api });
    this.screen = screen;
    this.models = models;
    this.file = file;
    this.controls = controls;
    this.playground = new PlaygroundState({ notices, settings, screen, api });
    this.runHistory = new RunHistory({ notices, models, stored, screen, api });
    this.restart = new Restart(controls);
    this.stage = new StageCheck({ models, notices, controls }, offline);
  }

  /** Starts the coordinator where it does not run; throws ArkletError. */
  get api(): Actions['api'] {
    return this.#actions.api;
  }

  /** Connects and lists the runs. A failure becomes a notice. */
  async connect(): Promise<void> {
    const { notices, settings, file } = this;
    await notices.guard(async () => {
      await this.#list();
      this.connected = true;
      notices.addBadSettings(settings.bad);
    }, 'engine');
    await file.find();
  }

  async #list(): Promise<void> {
    this.stored.runs = await (await this.api()).runs.list();
    this.#follower.readRuns();
  }

  async #refresh(): Promise<void> {
    await this.notices.guard(() => this.#list(), 'runs');
  }

  /** The coordinator's worker is gone, and its job with it. */
  #gone(error: ArkletError): void {
    this.#running.interrupt();
    this.notices.report(error);
    void this.#refresh();
  }
}
