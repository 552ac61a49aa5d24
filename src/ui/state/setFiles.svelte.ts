/** Files beside the training file: the test file, and one for each evaluation set. The settings name them. */
import type { JobApi } from '../../wire/jobApi';
import type { StartRequest } from '../../wire/control';
import type { QuestionImport } from '../../tasks/questionFiles';
import { evalSetsOf, isSetName, writeEvalSet, type EvalSetSpec } from '../../settings/evalSets';
import { isGeneratedSet } from '../../tasks/generatedSets';
import type { Notices } from './notices.svelte';
import type { Settings } from './settings.svelte';

interface Owner {
  readonly settings: Settings;
  readonly notices: Notices;
  api(): Promise<JobApi>;
}

const subject = 'question-file/sets';

/** As a list of settings can hold it. */
function listed(name: string): string {
  return name.replaceAll(',', ' ');
}

export class SetFiles {
  test = $state.raw<QuestionImport | null>(null);
  /** By the name of their set. */
  files = $state.raw<ReadonlyMap<string, QuestionImport>>(new Map());
  readonly #owner: Owner;

  constructor(owner: Owner) {
    this.#owner = owner;
  }

  /** The sets that the settings name, those of the generator included. */
  readonly named: readonly EvalSetSpec[] = $derived.by(() =>
    evalSetsOf(this.#owner.settings.config.evalSets),
  );

  /** Names of files that the settings need and that are not here. */
  readonly missing: readonly string[] = $derived.by(() => {
    const { testFile } = this.#owner.settings.config;
    const sets = this.named.flatMap(({ name, file }) =>
      file === null || this.files.has(name) ? [] : [file],
    );
    return testFile === null || this.test?.name === testFile ? sets : [testFile, ...sets];
  });

  /** Whether a file can stand under this name: as the name of a set, and not one that is built in. */
  takes(name: string): boolean {
    return isSetName(name) && !isGeneratedSet(name);
  }

  /** The training file is then not split for the test. */
  useAsTest(file: QuestionImport, training: string): void {
    this.test = file;
    this.#owner.settings.set('trainFile', training);
    this.#owner.settings.set('testFile', file.name);
    this.#keep(file);
  }

  dropTest(): void {
    const { settings } = this.#owner;
    this.test = null;
    if (settings.config.trainFile !== null) settings.set('trainFile', null);
    if (settings.config.testFile !== null) settings.set('testFile', null);
  }

  useAsSet(file: QuestionImport, name: string): void {
    const stored = { ...file, name: listed(file.name) };
    this.files = new Map([...this.files, [name, stored]]);
    this.#name([...this.named.filter((one) => one.name !== name), { name, file: stored.name }]);
    this.#keep(stored);
  }

  toggleBuiltIn(name: string): void {
    const others = this.named.filter((one) => one.name !== name);
    this.#name(others.length < this.named.length ? others : [...others, { name, file: null }]);
  }

  remove(name: string): void {
    this.files = new Map([...this.files].filter(([own]) => own !== name));
    this.#name(this.named.filter((one) => one.name !== name));
  }

  /** Takes files that the settings name from storage, where they are there. */
  async find(): Promise<void> {
    if (this.missing.length === 0) return;
    await this.#owner.notices.guard(async () => {
      const { questions } = await this.#owner.api();
      const { testFile } = this.#owner.settings.config;
      if (testFile !== null && this.test?.name !== testFile)
        this.test = (await questions.keptQuestions({ name: testFile, hash: null }))?.file ?? null;
      for (const { name, file } of this.named) {
        if (file === null || this.files.has(name)) continue;
        const kept = await questions.keptQuestions({ name: file, hash: null });
        if (kept) this.files = new Map([...this.files, [name, kept.file]]);
      }
    }, subject);
  }

  /** What a run is started with beside the training file. */
  get sources(): Pick<StartRequest, 'test' | 'sets'> {
    const sets = [...this.files].map(([name, { questions }]) => [name, questions] as const);
    return {
      ...(this.test && { test: this.test.questions }),
      ...(sets.length > 0 && { sets: Object.fromEntries(sets) }),
    };
  }

  #name(sets: readonly EvalSetSpec[]): void {
    this.#owner.settings.set('evalSets', sets.map(writeEvalSet));
  }

  #keep(file: QuestionImport): void {
    void this.#owner.notices.guard(async () => {
      await (await this.#owner.api()).questions.keepQuestions(file);
    }, subject);
  }
}
