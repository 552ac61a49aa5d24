/** The playground: a new question, the arms that are asked, and their answers as they grow. */
import { asArkletError, type ErrorData } from '../../core/errors';
import type { JobApi } from '../../wire/jobApi';
import type { AdapterInfo, AskArm, AskProgress, AskReply, AskResult } from '../../wire/playground';
import type { RunRecord } from '../../records/runRecords';
import type { AnswerType, Question } from '../../records/records';
import { pageError } from '../pageError';
import { bundled } from '../../specs/engine';
import { readSpec } from '../../specs/spec';
import { bundledWords, markUnknown, type Piece } from './knownWords';
import type { Notices } from './notices.svelte';
import type { RunView } from './runView.svelte';
import type { Screen } from './screen.svelte';
import type { Settings } from './settings.svelte';

type AskPart = Exclude<AskProgress, { type: 'load' }>;

/** A turn as it is shown: text so far, and the reply once it has ended. */
export interface GrowingReply {
  readonly round: number;
  readonly agent: number;
  readonly text: string;
  readonly reply: AskReply | null;
}

export interface ArmAnswer {
  readonly arm: AskArm;
  readonly replies: readonly GrowingReply[];
  readonly result: AskResult | null;
}

function place(list: readonly GrowingReply[], next: GrowingReply): GrowingReply[] {
  const others = list.filter(({ round, agent }) => round !== next.round || agent !== next.agent);
  return [...others, next].sort((a, b) => a.round - b.round || a.agent - b.agent);
}

/** What it needs of the page. */
interface Owner {
  readonly notices: Notices;
  readonly settings: Settings;
  readonly screen: Pick<Screen, 'recorded' | 'view'>;
  api(): Promise<JobApi>;
}

export class PlaygroundState {
  text = $state('');
  base = $state(true);
  ensemble = $state(true);
  /** Chosen adapters, by `adapterKey`. */
  chosen = $state.raw<readonly string[]>([]);
  adapters = $state.raw<readonly AdapterInfo[] | null>(null);
  examples = $state.raw<readonly Question[]>([]);
  exampleSeed = $state(1);
  answers = $state.raw<readonly ArmAnswer[]>([]);
  /** Question that the answers are of. */
  asked = $state<string | null>(null);
  asking = $state(false);
  error = $state.raw<ErrorData | null>(null);
  /** Name of the adapter that was imported last. */
  imported = $state<string | null>(null);
  /** A model that is loaded for the question. */
  load = $state.raw<Extract<AskProgress, { type: 'load' }> | null>(null);
  readonly #page: Owner;
  #controller = new AbortController();

  constructor(page: Owner) {
    this.#page = page;
  }

  /** The right answer as typed. */
  given = $state('');
  /** Options of a multiple choice as typed, one a line. */
  optionLines = $state('');

  /** A question of the run on screen with the same text: its options go along. */
  readonly #known = $derived.by(() => {
    const text = this.text.trim();
    return this.#view?.questionByText(text) ?? null;
  });

  /** The options that are asked: those that were typed, else those of the run's own question. */
  readonly options = $derived.by((): readonly string[] => {
    const typed = this.optionLines.split('\n').filter((line) => line.trim() !== '');
    return typed.length > 0 ? typed : (this.#known?.options ?? []);
  });

  /** Whether a multiple choice is likely: the run's questions are. */
  get asksChoice(): boolean {
    return this.options.length > 0 || this.#view?.answerType === 'choice';
  }

  /** Words that the student knows; null: any, or not known yet. */
  words = $state.raw<ReadonlySet<string> | null>(null);

  /** The right answer: of an example, else the one that was typed. */
  readonly gold = $derived.by(() => {
    const example = this.examples.find(({ text }) => text === this.asked)?.gold;
    const plain = this.given.trim().replace(/,(?=\d{3}\b)/g, '');
    // The letter of an option.
    const typed = /^[a-j]$/i.test(plain) && this.options.length > 0 ? plain.toUpperCase() : plain;
    return example ?? (typed === '' ? null : typed);
  });

  /** The question with the words that the student does not know; empty while it knows them all. */
  readonly marked = $derived.by((): readonly Piece[] => {
    if (this.words === null || this.run?.config.student !== bundled) return [];
    const found = markUnknown(this.text, this.words);
    return found.some(({ unknown }) => unknown) ? found : [];
  });

  get #view(): RunView | null {
    const { view, recorded } = this.#page.screen;
    return view ?? recorded;
  }

  /** The run whose agents and student answer: the one on screen. */
  get run(): RunRecord | null {
    return this.#view?.run ?? null;
  }

  /** What is read from an answer: what the example asks for, else what the run's questions do. */
  #answerType(question: string): AnswerType {
    const example = this.examples.find(({ text }) => text === question);
    return example?.answerType ?? this.#view?.answerType ?? 'number';
  }

  /** Reads the adapters and some examples; keeps what is chosen where it still exists. */
  async open(): Promise<void> {
    void bundledWords().then((words) => (this.words ??= words));
    await this.#page.notices.guard(async () => {
      const api = await this.#page.api();
      const adapters = await api.playground.adapters();
      this.adapters = adapters;
      const keys = adapters.map(adapterKey);
      const kept = this.chosen.filter((key) => keys.includes(key));
      // First the adapter of the run on screen, else the newest.
      const own = adapters.find(({ runId }) => runId === this.run?.id) ?? adapters[0];
      this.chosen = kept.length > 0 || own === undefined ? kept : [adapterKey(own)];
      if (this.examples.length === 0) await this.moreExamples();
    }, 'ask/open');
  }

  async moreExamples(): Promise<void> {
    await this.#page.notices.guard(async () => {
      this.exampleSeed += 1;
      const { generateQuestions } = await import('../../tasks/wordProblems');
      this.examples = generateQuestions({ seed: this.exampleSeed, split: 'test', count: 3 });
    }, 'ask/examples');
  }

  /** Whether the agents of the run on screen only replay a recording. */
  readonly recordedAgents = $derived.by(
    () => this.run?.config.agents.every((spec) => readSpec(spec)?.runtime === 'recorded') ?? false,
  );

  async importAdapter(picked: readonly File[]): Promise<void> {
    this.imported = null;
    await this.#page.notices.guard(async () => {
      const { readAdapterFiles } = await import('../adapterFiles');
      const { name, files } = await readAdapterFiles(picked);
      const api = await this.#page.api();
      const student = this.run?.config.student ?? this.#page.settings.config?.student ?? bundled;
      const adapter = await api.playground.importAdapter({ files, name, student });
      this.adapters = await api.playground.adapters();
      this.chosen = [...this.chosen, adapterKey(adapter)];
      this.imported = adapter.runName;
    }, 'ask/import');
  }

  async removeAdapter(adapter: AdapterInfo): Promise<void> {
    await this.#page.notices.guard(async () => {
      const api = await this.#page.api();
      await api.playground.removeAdapter(adapter.strategy);
      this.adapters = await api.playground.adapters();
      this.chosen = this.chosen.filter((key) => key !== adapterKey(adapter));
      this.imported = null;
    }, 'ask/import');
  }

  toggle(key: string): void {
    this.chosen = this.chosen.includes(key)
      ? this.chosen.filter((known) => known !== key)
      : [...this.chosen, key];
  }

  readonly arms = $derived.by((): readonly AskArm[] => {
    const distilled = (this.adapters ?? [])
      .filter((adapter) => this.chosen.includes(adapterKey(adapter)))
      .map(({ runId, strategy, seed }) => ({ type: 'distilled', runId, strategy, seed }) as const);
    return [
      ...(this.base ? [{ type: 'base' } as const] : []),
      ...distilled,
      ...(this.ensemble && !this.recordedAgents ? [{ type: 'ensemble' } as const] : []),
    ];
  });

  /** Asks; a failure is kept in `error`, beside the question. */
  async ask(): Promise<void> {
    const config = this.run?.config ?? this.#page.settings.config;
    const question = this.text.trim();
    if (!config || this.asking) return;
    const controller = new AbortController();
    this.#controller = controller;
    this.asked = question;
    this.asking = true;
    this.error = null;
    this.answers = this.arms.map((arm) => ({ arm, replies: [], result: null }));
    try {
      const backend = this.#page.settings.config?.backend ?? config.backend;
      const api = await this.#page.api();
      const { signal } = controller;
      await api.playground.ask(
        {
          question,
          answerType: this.options.length > 0 ? 'choice' : this.#answerType(question),
          ...(this.options.length > 0 && { options: this.options }),
          config: { ...config, backend },
          arms: this.arms,
        },
        { signal, onProgress: (progress) => this.#follow(progress) },
      );
    } catch (thrown) {
      const error = asArkletError(thrown).toData();
      const { message, hint } = pageError(error);
      if (error.code !== 'interrupted') this.error = { ...error, message, hint };
      if (this.answers.every(({ replies }) => replies.length === 0)) this.answers = [];
    } finally {
      this.asking = false;
      this.load = null;
    }
  }

  stop(): void {
    this.#controller.abort();
  }

  #follow(progress: AskProgress): void {
    if (progress.type === 'load') this.load = progress;
    else
      this.answers = this.answers.map((answer, at) =>
        at === progress.arm ? grown(answer, progress) : answer,
      );
  }
}

function grown(answer: ArmAnswer, part: AskPart): ArmAnswer {
  switch (part.type) {
    case 'text': {
      const { round, agent } = part;
      const known = answer.replies.find((one) => one.round === round && one.agent === agent);
      const text = (known?.text ?? '') + part.text;
      return { ...answer, replies: place(answer.replies, { round, agent, text, reply: null }) };
    }
    case 'reply': {
      const { round, agent, reply: text } = part.reply;
      return { ...answer, replies: place(answer.replies, { round, agent, text, reply: part.reply }) };
    }
    case 'done':
      return { ...answer, result: part.result };
    default:
      return part satisfies never;
  }
}

export function adapterKey({
  runId,
  strategy,
  seed,
}: Pick<AdapterInfo, 'runId' | 'strategy' | 'seed'>): string {
  return `${runId}|${strategy}|${seed}`;
}
