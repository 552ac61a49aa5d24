/** "Prepare for the stage": everything here, every file checked, and a rehearsal with the network cut. */
import { DownloadError } from '../../core/errors';
import { isFetchedByLibrary, isKept } from '../../specs/keptModels';
import { hasFiles, baseName, parseSpec, type ModelSpec } from '../../specs/spec';
import type { RunConfig } from '../../settings/config';
import type { CutAnswer } from '../../offline/messages';
import { strings } from '../strings/models';
import type { Models } from './models.svelte';
import type { Notices } from '../state/notices.svelte';
import type { Offline } from '../shell/offline.svelte';

export type StageStep = keyof typeof strings.stage.steps;

/** What the check needs of the page. */
export interface StagePage {
  readonly models: Models;
  readonly notices: Notices;
  readonly controls: {
    readonly active: boolean;
    readonly job: { readonly runId: string; readonly status: string } | null;
    start(change: Partial<RunConfig>): Promise<void>;
  };
}

/** Small enough for a minute; every trace is trained on, so that four questions are enough. */
const rehearsal: Partial<RunConfig> = {
  trainQuestions: 4,
  validationQuestions: 2,
  testQuestions: 4,
  oodQuestions: 0,
  robustQuestions: 0,
  evalSets: [],
  zeroShotVote: 0,
  steps: 2,
  distilSeeds: 1,
  strategies: ['rsft'],
  controls: [],
  labels: 'none',
  stepFilter: 'off',
  peerMentions: 'keep',
};

/** Milliseconds between two words to the service worker, which would fall asleep and forget the cut. */
const beat = 1000;

/** Milliseconds that storing the app may take. */
const storing = 120_000;

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** A model that a run names, and what the name says. */
interface Named {
  readonly name: string;
  readonly spec: ModelSpec;
}

/** Every model that a run names, personas' own included. Throws ConfigError. */
function named({ agents, personas, student }: RunConfig): readonly Named[] {
  const own = personas.flatMap(({ model }) => (model === undefined ? [] : [model]));
  const names = [...agents, ...own, student];
  // An adapter of a run is here; its base model may have to be fetched.
  const bases = names.flatMap((name) => baseName(parseSpec(name)) ?? []);
  return [...new Set([...names, ...bases])].map((name) => ({ name, spec: parseSpec(name) }));
}

export class StageCheck {
  step = $state<StageStep | null>(null);
  /** What the cut of the last rehearsal saw. */
  cut = $state.raw<CutAnswer | null>(null);
  readonly working = $derived(
    this.step !== null && ['download', 'verify', 'fetch', 'rehearse'].includes(this.step),
  );
  readonly #page: StagePage;
  readonly #offline: Offline;

  constructor(page: StagePage, offline: Offline) {
    this.#page = page;
    this.#offline = offline;
  }

  /** Goes through all steps and ends at `ready`, `open` (nothing to cut the network with) or a failure with a notice. */
  async prepare(config: RunConfig): Promise<void> {
    const { notices } = this.#page;
    this.cut = null;
    const end = await notices.guard(() => this.#prepare(config), 'stage');
    this.step = end ?? 'failed';
  }

  async #prepare(config: RunConfig): Promise<StageStep> {
    const models = named(config);
    if (!(await this.#stored(models.filter(({ spec }) => isKept(spec))))) return 'failed';
    // These libraries fetch by themselves what is at an address of the user's own.
    if (models.some(({ spec }) => isFetchedByLibrary(spec))) {
      this.step = 'fetch';
      if (!(await this.#run())) return 'failed';
    }
    if (!this.#offline.available) {
      this.step = 'rehearse';
      return (await this.#run()) ? 'open' : 'failed';
    }
    if (!(await this.#appStored())) {
      throw new DownloadError(strings.stage.notStored, strings.stage.notStoredHint);
    }
    // Large libraries are stored when they are first used: now, where the run needs one.
    if (models.some(({ spec }) => hasFiles(spec) && spec.runtime !== 'engine')) await this.#offline.keep();
    return this.#rehearse();
  }

  /** Downloads and hashes what our own store keeps. */
  async #stored(models: readonly Named[]): Promise<boolean> {
    const { models: store } = this.#page;
    this.step = 'download';
    for (const { name, spec } of models) {
      if (spec.place !== 'local' && !(await store.download(name))) return false;
    }
    this.step = 'verify';
    for (const { name } of models) {
      await store.verify(name);
      if (!store.checks.get(name)?.every(({ ok }) => ok)) return false;
    }
    return true;
  }

  /** Waits for a first visit to be stored. */
  async #appStored(): Promise<boolean> {
    const offline = this.#offline;
    for (let waited = 0; waited < storing && offline.state !== 'failed'; waited += beat) {
      if (offline.state === 'ready') {
        // The browser may have thrown something away since.
        await offline.refresh();
        break;
      }
      await sleep(beat);
    }
    return offline.stored?.ready === true;
  }

  /** A small run while the service worker answers from what is stored and refuses all else. */
  async #rehearse(): Promise<StageStep> {
    const id = crypto.randomUUID();
    const { outside: before } = await this.#offline.ask({ type: 'cut', id });
    let broken = false;
    let done = false;
    try {
      if (before > 0) throw new DownloadError(strings.stage.outside, strings.stage.outsideHint);
      this.step = 'rehearse';
      done = await this.#run(async () => {
        this.cut = await this.#offline.ask({ type: 'cut', id });
        broken ||= this.cut.begun;
      });
    } finally {
      const last = await this.#offline.ask({ type: 'mend', id });
      broken ||= last.begun;
      this.cut = last;
    }
    const { refused, outside } = this.cut;
    if (!done) {
      throw refused.length > 0
        ? new DownloadError(strings.stage.missing(refused), strings.stage.missingHint)
        : new DownloadError(strings.stage.stopped, strings.stage.stoppedHint);
    }
    if (broken || outside > 0) throw new DownloadError(strings.stage.broken, strings.stage.brokenHint);
    return 'ready';
  }

  /** The run from its start to its end; whether it was done. */
  async #run(onBeat: () => Promise<void> = () => Promise.resolve()): Promise<boolean> {
    const { controls } = this.#page;
    const before = controls.job?.runId;
    await controls.start(rehearsal);
    const runId = controls.job?.runId;
    if (runId === undefined || runId === before) return false;
    while (controls.active && controls.job?.runId === runId) {
      await onBeat();
      await sleep(beat);
    }
    return controls.job?.runId === runId && controls.job.status === 'done';
  }
}
