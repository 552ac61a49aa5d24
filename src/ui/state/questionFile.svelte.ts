/**
 * A question file of the user's own for the next run: kept in storage under its hash, named in the address, checked against
 * the chosen models; and the counts of the settings that it can serve.
 */
import type { StartRequest } from '../../wire/control';
import type { JobApi } from '../../wire/jobApi';
import type { DatasetSplit } from '../../wire/questions';
import type { Question } from '../../records/records';
import {
  usableQuestions,
  type ColumnChoice,
  type QuestionCheck,
  type QuestionImport,
} from '../../tasks/questionFiles';
import { askedOf, fileCounts, heldBy, splitOf, type FileCounts } from '../../records/questionCounts';
import type { RunConfig } from '../../settings/config';
import type { Notices } from './notices.svelte';
import { SetFiles } from './setFiles.svelte';
import type { Settings } from './settings.svelte';

interface Fitted {
  readonly before: FileCounts;
  readonly after: FileCounts;
}

/** What a link or a run names. */
export interface NamedFile {
  readonly name: string;
  /** Null: whichever file of that name is here. */
  readonly hash: string | null;
}

/** A file, or rows from elsewhere that are read as one. */
export type PickedFile = Pick<File, 'name' | 'arrayBuffer'>;

export interface FetchedFile extends PickedFile {
  /** The dataset has further rows. */
  readonly more: boolean;
}

/** What it needs of the session. */
interface Owner {
  readonly settings: Settings;
  readonly notices: Notices;
  api(): Promise<JobApi>;
}

/** Keys of the address; settings know them not. */
const nameKey = 'questions';
const hashKey = 'questions-hash';
export const fileKeys = [nameKey, hashKey] as const;

const subject = 'question-file';

/** What a check of the questions depends on. */
const checked = [
  'agents',
  'student',
  'nAgents',
  'personas',
  'shots',
  'maxTokens',
  'labels',
  'nearDuplicates',
  'seed',
  ...fileCounts,
] as const satisfies readonly (keyof RunConfig)[];

/** The part of an address that names a file. */
export function addressOf({ name, hash }: NamedFile): string {
  const params = new URLSearchParams({ [nameKey]: name, ...(hash === null ? {} : { [hashKey]: hash }) });
  return `&${params.toString()}`;
}

export class QuestionFile {
  imported = $state.raw<QuestionImport | null>(null);
  /** Of the imported file, once it is kept. */
  hash = $state<string | null>(null);
  /** A file that the address or a run names and that is not here yet. */
  needed = $state.raw<NamedFile | null>(null);
  /** It was looked for in storage. */
  looked = $state(false);
  /** A file that was dropped on the page, until the settings have read it. */
  dropped = $state.raw<File | null>(null);
  /** A dataset of the hub that a link or a run names, until the settings offer it. */
  wanted = $state<string | null>(null);
  /** How well the chosen models can read the file; null before that is known. */
  check = $state.raw<QuestionCheck | null>(null);
  /** Run was pressed, but no model can read a single question. */
  warned = $state(false);
  /** Counts that were lowered to what the file holds. */
  #fitted = $state.raw<Fitted | null>(null);
  /** The files beside it. */
  readonly sets: SetFiles;
  readonly #owner: Owner;
  /** Number of files taken so far, as an id. */
  #taken = 0;
  #checked = '';
  #checking: Promise<void> | null = null;

  constructor(owner: Owner) {
    this.#owner = owner;
    this.sets = new SetFiles(owner);
  }

  /** Different questions of the file; null without one. */
  readonly held = $derived(this.imported && heldBy(this.#questionsFor(this.imported)));

  /** Who can use none of the questions, and why: there is nothing to train on. Null where there is. */
  readonly hopeless = $derived(this.check?.hopeless ?? null);

  /** The counts that were set before the file lowered them, while its own are in use. */
  get lowered(): FileCounts | null {
    const { config } = this.#owner.settings;
    const fitted = this.#fitted;
    if (!fitted || !config || fileCounts.some((name) => config[name] !== fitted.after[name])) return null;
    return fitted.before;
  }

  /** For the next run; counts that ask for more than it holds are lowered in proportion. */
  use(file: QuestionImport): void {
    this.drop();
    this.#take(file);
    void this.#owner.notices.guard(async () => {
      const hash = await (await this.#owner.api()).questions.keepQuestions(file);
      if (this.imported === file) this.hash = hash;
    }, subject);
  }

  /** The questions of a file that the settings can use. */
  #questionsFor(file: QuestionImport) {
    return usableQuestions(file, this.#owner.settings.config?.labels ?? 'gold');
  }

  #take(file: QuestionImport): void {
    this.imported = file;
    this.#taken += 1;
    this.needed = null;
    const { settings } = this.#owner;
    const { config } = settings;
    const held = heldBy(this.#questionsFor(file));
    const after = config && askedOf(config) > held ? splitOf(config, held) : null;
    if (!config || !after) return;
    const { trainQuestions, validationQuestions, testQuestions } = config;
    this.#fitted = { before: { trainQuestions, validationQuestions, testQuestions }, after };
    for (const name of fileCounts) settings.set(name, after[name]);
  }

  /** Back to the generator; counts that were lowered and not changed since are as before. */
  drop(): void {
    const { settings } = this.#owner;
    const { config } = settings;
    const fitted = this.#fitted;
    // A test file goes with one to learn from.
    if (this.imported !== null) this.sets.dropTest();
    this.imported = null;
    this.hash = null;
    this.needed = null;
    this.check = null;
    this.warned = false;
    this.#checked = '';
    this.#fitted = null;
    if (!config || !fitted) return;
    for (const name of fileCounts)
      if (config[name] === fitted.after[name]) settings.set(name, fitted.before[name]);
  }

  /** Rows of a dataset of the hub, as a file that was picked. Throws AccessError, DownloadError. */
  async fetch(
    name: string,
    options: { signal: AbortSignal; onRows(rows: number): void },
  ): Promise<FetchedFile> {
    const { questions } = await this.#owner.api();
    const { onRows: onProgress, signal } = options;
    const { bytes, more, name: whole } = await questions.fetchDataset(name, { onProgress, signal });
    return { name: whole, more, arrayBuffer: () => Promise.resolve(bytes.slice().buffer) };
  }

  /** Configs and splits of a dataset of the hub. Throws ConfigError, AccessError, DownloadError. */
  async splits(name: string): Promise<readonly DatasetSplit[]> {
    return (await this.#owner.api()).questions.datasetSplits(name);
  }

  /** Reads a picked file in the coordinator's worker; a large one does not hold the page up. Throws ImportError. */
  async read(picked: PickedFile, choice?: ColumnChoice): Promise<QuestionImport> {
    const bytes = new Uint8Array(await picked.arrayBuffer());
    const questions: Question[] = [];
    const api = await this.#owner.api();
    const rest = await api.questions.readQuestions(
      { bytes, name: picked.name, ...(choice && { choice }) },
      { onProgress: (some) => questions.push(...some) },
    );
    return { ...rest, questions };
  }

  /** What of the settings and files a run is started with. */
  startWith(config: RunConfig): Omit<StartRequest, 'from'> {
    const { imported, sets } = this;
    const split = config.trainFile === null;
    return {
      config: imported !== null && split ? { ...config, questions: imported.name } : config,
      questions: imported && usableQuestions(imported, config.labels ?? 'gold'),
      ...sets.sources,
    };
  }

  // The address

  /** The part of the address that names the file; empty without one. */
  get address(): string {
    if (this.imported) return addressOf({ name: this.imported.name, hash: this.hash });
    return this.needed ? addressOf(this.needed) : '';
  }

  /** Reads what the address names; `find` then looks for it. */
  readAddress(params: URLSearchParams): void {
    const name = params.get(nameKey);
    if (name === null || name === '') {
      if (this.imported !== null || this.needed !== null) this.drop();
      return;
    }
    this.want({ name, hash: params.get(hashKey) });
  }

  want(file: NamedFile): void {
    if (this.imported?.name === file.name && (file.hash === null || file.hash === this.hash)) return;
    this.drop();
    this.needed = file;
    this.looked = false;
  }

  /** Takes the needed file from storage, where it is there. */
  async find(): Promise<void> {
    await this.sets.find();
    const { needed } = this;
    if (needed === null || this.looked) return;
    await this.#owner.notices.guard(async () => {
      const kept = await (await this.#owner.api()).questions.keptQuestions(needed);
      if (this.needed !== needed) return;
      this.looked = true;
      if (!kept) return;
      this.hash = kept.hash;
      this.#take(kept.file);
    }, subject);
  }

  // The models

  /** Whether the questions are here and a run on them can learn; where it cannot, a second press runs all the same. */
  async readyFor(config: RunConfig): Promise<boolean> {
    if (this.needed !== null) return false;
    await this.checkFor(config);
    // Without labels the student is trained on noise too: that is for trying the machinery.
    if (this.hopeless === null || this.warned || config.labels === 'none') return true;
    this.warned = true;
    return false;
  }

  /** Checks the file against a config's models; the same check is not made twice. */
  async checkFor(config: RunConfig): Promise<void> {
    const { imported } = this;
    if (imported === null) return;
    const { sets } = this;
    const beside = [sets.test?.name, [...sets.files.values()].map(({ name }) => name)];
    const key = JSON.stringify([this.#taken, beside, checked.map((name) => config[name])]);
    if (key === this.#checked) return this.#checking ?? undefined;
    this.#checked = key;
    this.warned = false;
    const work = this.#owner.notices.guard(async () => {
      const { questions } = await this.#owner.api();
      const asked = { ...this.startWith(config), questions: usableQuestions(imported, config.labels) };
      const check = await questions.checkQuestions(asked);
      if (this.#checked === key) this.check = check;
    }, `${subject}/check`);
    this.#checking = work.then(() => undefined);
    await this.#checking;
  }
}
