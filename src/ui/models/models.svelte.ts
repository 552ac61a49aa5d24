/** What the page knows and does about models: lists, downloads, storage, and the memory plan of the next run. */
import { ArkletError, InterruptedError } from '../../core/errors';
import type { DevicePreset, MachineFacts, MemoryPlan } from '../../models/memoryPlan';
import type { ModelCalls, ModelsApi } from '../../wire/modelsApi';
import type { FileCheck, ModelProgress, PickedFile, StorageMeter } from '../../models/modelRecords';
import { writePicked } from '../../specs/engine';
import { specLabel } from '../../specs/spec';
import type { ModelEntry } from '../../specs/modelEntry';
import type { RunConfig } from '../../settings/config';
import { machineFacts } from '../machine';
import { strings } from '../strings/models';
import type { Notices } from '../state/notices.svelte';

/** A download, copy or check in progress. */
export interface Transfer {
  readonly progress: ModelProgress | null;
  readonly stop: () => void;
}

const budgetKey = 'arklet-memory-budget';

function storedBudget(): number | null {
  const value = Number(localStorage.getItem(budgetKey));
  return Number.isFinite(value) && value > 0 ? value : null;
}

/** Where the picker looks for models. */
export type ModelSource = keyof typeof strings.sources;

export class Models {
  /** Bundled models and those in storage; null until asked for. */
  entries = $state.raw<readonly ModelEntry[] | null>(null);
  /** WebLLM's list; null until it is asked for. */
  webllm = $state.raw<readonly ModelEntry[] | null>(null);
  /** The same; those in storage as they are there. */
  readonly webllmList = $derived.by((): readonly ModelEntry[] => {
    const here = new Map(this.entries?.map((entry) => [entry.spec, entry]));
    return (this.webllm ?? []).map((listed) => here.get(listed.spec) ?? listed);
  });
  /** A model of the hub or an address that was looked up and is not here. */
  found = $state.raw<readonly ModelEntry[]>([]);
  transfers = $state.raw<ReadonlyMap<string, Transfer>>(new Map());
  checks = $state.raw<ReadonlyMap<string, readonly FileCheck[]>>(new Map());
  /** Names of picked GGUF files that do not say how their tokenizer splits text. */
  splitUnsaid = $state.raw<readonly string[]>([]);
  /** Asked in place of the hub. */
  mirror = $state<string | null>(null);
  meter = $state.raw<StorageMeter | null>(null);
  persisted = $state<boolean | null>(null);
  plan = $state.raw<MemoryPlan | null>(null);
  presets = $state.raw<readonly DevicePreset[] | null>(null);
  machine = $state.raw<MachineFacts | null>(null);
  /** Bytes that the user allows; null: by the browser's own limits. */
  budget = $state<number | null>(storedBudget());
  looking = $state(false);
  /** Most bytes that a run of this page has held. */
  held: number | null = null;
  /** The last run that ended here: its peak memory, and that of its plan; null before it was planned. */
  measured = $state.raw<{
    readonly config: RunConfig;
    readonly peak: number;
    readonly planned: number | null;
  } | null>(null);

  /** A list to be opened when the settings are shown: from a note that says which models would help. */
  wanted = $state.raw<{ readonly role: 'agent' | 'student'; readonly source: ModelSource } | null>(null);

  readonly #connect: (() => Promise<ModelsApi>) | undefined;
  readonly #notices: Notices;
  #api: Promise<ModelsApi> | null = null;
  #planned = 0;

  constructor(connect: (() => Promise<ModelsApi>) | undefined, notices: Notices) {
    this.#connect = connect;
    this.#notices = notices;
  }

  /** Whether this page has a models worker at all. */
  get available(): boolean {
    return this.#connect !== undefined;
  }

  /** Reads the lists and the meter again. */
  async refresh(): Promise<void> {
    await this.#notices.guard(async () => {
      const api = await this.worker();
      const asked = [api.list(), api.storage().catch(() => null), api.hub()] as const;
      [this.entries, this.meter, { mirror: this.mirror }] = await Promise.all(asked);
      // What came into storage is listed there, no longer among what was looked up.
      const here = new Set(this.entries.map(({ spec }) => spec));
      this.found = this.found.filter(({ spec }) => !here.has(spec));
      this.persisted = (await navigator.storage?.persisted?.()) ?? null;
    }, 'models/list');
  }

  async loadWebllm(): Promise<void> {
    if (this.webllm !== null) return;
    await this.busy(async (api) => {
      this.webllm = await api.webllm();
    });
  }

  /** Looks a name up on the hub or at its address. */
  async look(spec: string): Promise<void> {
    await this.busy(async (api) => {
      const entry = await api.look(spec, this.plan?.budget ?? null);
      if (entry.state === 'absent')
        this.found = [entry, ...this.found.filter((one) => one.spec !== entry.spec)];
      else await this.refresh();
    });
  }

  /** Starts or resumes a download; false when it was paused or failed (a failure becomes a notice). */
  async download(spec: string): Promise<boolean> {
    const done = await this.#transfer(spec, async (api, calls) => {
      const { name, splitUnsaid = false } = await api.download(spec, calls);
      this.#tellSplit(name, splitUnsaid);
    });
    if (done) this.found = this.found.filter((one) => one.spec !== spec);
    return done;
  }

  async importFiles(name: string, files: readonly PickedFile[]): Promise<boolean> {
    return this.#transfer(writePicked(name), async (api, calls) => {
      const { splitUnsaid = false } = await api.importFiles(name, files, calls);
      this.#tellSplit(name, splitUnsaid);
    });
  }

  #tellSplit(name: string, unsaid: boolean): void {
    const others = this.splitUnsaid.filter((one) => one !== name);
    this.splitUnsaid = unsaid ? [...others, name] : others;
  }

  /** Hashes every file again. */
  async verify(spec: string): Promise<boolean> {
    return this.#transfer(spec, async (api, calls) => {
      const checks = await api.verify(spec, calls);
      this.checks = new Map(this.checks).set(spec, checks);
    });
  }

  async remove(spec: string): Promise<void> {
    this.transfers.get(spec)?.stop();
    await this.#notices.guard(async () => {
      const api = await this.worker();
      // The worker gives the model's lock back a moment after the stop.
      for (let tries = 0; ; tries++) {
        try {
          await api.remove(spec);
          break;
        } catch (thrown) {
          if (tries > 20 || !(thrown instanceof ArkletError) || thrown.code !== 'storage') throw thrown;
          await new Promise((resolve) => setTimeout(resolve, 100));
        }
      }
    }, `model/${spec}`);
    this.checks = new Map([...this.checks].filter(([name]) => name !== spec));
    const removed = specLabel(spec);
    this.splitUnsaid = this.splitUnsaid.filter((name) => name !== removed);
    await this.refresh();
  }

  /** Asks the browser not to clear this site's storage by itself. */
  async persist(): Promise<void> {
    this.persisted = (await navigator.storage?.persist?.()) ?? false;
    if (!this.persisted) {
      this.#notices.add({
        code: 'storage',
        message: strings.storage.refused,
        hint: strings.storage.refusedHint,
      });
    }
  }

  setBudget(bytes: number | null): void {
    this.budget = bytes;
    if (bytes === null) localStorage.removeItem(budgetKey);
    else localStorage.setItem(budgetKey, String(bytes));
  }

  /** Plans the memory of a run; the latest call wins. */
  async planFor(config: RunConfig): Promise<void> {
    const mine = ++this.#planned;
    await this.#notices.guard(async () => {
      const api = await this.worker();
      const machine = await machineFacts(config.backend, { budget: this.budget, held: this.held });
      const plan = await api.plan(config, machine);
      if (mine !== this.#planned) return;
      this.machine = machine;
      this.plan = plan;
      const { measured } = this;
      if (measured?.planned !== null) return;
      const { peak } = await api.plan(measured.config, machine);
      if (this.measured === measured) this.measured = { ...measured, planned: peak };
    }, 'models/plan');
  }

  /** A run has ended: its plan is worked out when models are looked at next. */
  measure(config: RunConfig, peak: number): void {
    this.held = Math.max(this.held ?? 0, peak);
    this.measured = { config, peak, planned: null };
  }

  async loadPresets(): Promise<void> {
    if (this.presets !== null) return;
    await this.busy(async (api) => {
      const machine = this.machine ?? (await machineFacts('auto', { budget: this.budget, held: null }));
      this.presets = await api.presets(machine.features);
    });
  }

  worker(): Promise<ModelsApi> {
    if (!this.#connect) {
      return Promise.reject(new ArkletError(strings.none, strings.noneHint));
    }
    this.#api ??= this.#connect();
    this.#api.catch(() => (this.#api = null));
    return this.#api;
  }

  /** For what is looked up; a failure becomes a notice. */
  async busy(work: (api: ModelsApi) => Promise<void>): Promise<void> {
    this.looking = true;
    await this.#notices.guard(async () => work(await this.worker()), 'models/look');
    this.looking = false;
  }

  #show(spec: string, transfer: Transfer | null): void {
    const transfers = new Map(this.transfers);
    if (transfer) transfers.set(spec, transfer);
    else transfers.delete(spec);
    this.transfers = transfers;
  }

  async #transfer(
    spec: string,
    work: (api: ModelsApi, calls: ModelCalls) => Promise<unknown>,
  ): Promise<boolean> {
    if (this.transfers.has(spec)) return false;
    const controller = new AbortController();
    const stop = (): void => controller.abort();
    this.#show(spec, { progress: null, stop });
    const done = await this.#notices.guard(async () => {
      try {
        await work(await this.worker(), {
          signal: controller.signal,
          onProgress: (progress) => this.#show(spec, { progress, stop }),
        });
        return true;
      } catch (thrown) {
        if (thrown instanceof InterruptedError) return false;
        throw thrown;
      }
    }, `model/${spec}`);
    this.#show(spec, null);
    await this.refresh();
    return done ?? false;
  }
}
