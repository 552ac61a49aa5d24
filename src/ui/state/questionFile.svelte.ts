/** A question file of the user's own for the next run, and the counts of the settings that it can serve. */
import type { QuestionImport } from '../../core/jobApi';
import { askedOf, fileCounts, heldBy, splitOf, type FileCounts } from '../../core/questionCounts';
import type { Settings } from './settings.svelte';

interface Fitted {
  readonly before: FileCounts;
  readonly after: FileCounts;
}

export class QuestionFile {
  imported = $state.raw<QuestionImport | null>(null);
  /** Counts that were lowered to what the file holds. */
  #fitted = $state.raw<Fitted | null>(null);
  readonly #settings: Settings;

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  /** Different questions of the file; null without one. */
  readonly held = $derived(this.imported && heldBy(this.imported.questions));

  /** The counts that were asked for before the file lowered them, as long as its own stand. */
  get lowered(): FileCounts | null {
    const { config } = this.#settings;
    const fitted = this.#fitted;
    if (!fitted || !config || fileCounts.some((name) => config[name] !== fitted.after[name])) return null;
    return fitted.before;
  }

  /** For the next run; counts that ask for more than it holds are lowered in proportion. */
  use(file: QuestionImport): void {
    this.drop();
    this.imported = file;
    const { config } = this.#settings;
    const held = heldBy(file.questions);
    const after = config && askedOf(config) > held ? splitOf(config, held) : null;
    if (!config || !after) return;
    const { trainQuestions, validationQuestions, testQuestions } = config;
    this.#fitted = { before: { trainQuestions, validationQuestions, testQuestions }, after };
    for (const name of fileCounts) this.#settings.set(name, after[name]);
  }

  /** Back to the generator; counts that were lowered and not changed since are as before. */
  drop(): void {
    const { config } = this.#settings;
    const fitted = this.#fitted;
    this.imported = null;
    this.#fitted = null;
    if (!config || !fitted) return;
    for (const name of fileCounts)
      if (config[name] === fitted.after[name]) this.#settings.set(name, fitted.before[name]);
  }
}
