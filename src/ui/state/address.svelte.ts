/**
 * The address has what is on screen, and Back leads to the previous one: a step, a panel, a run, a question or a comparison is
 * an entry of the history; settings and the tour change the entry that is there.
 */
import type { Appearance } from './appearance.svelte';
import { addressKeys, Panels } from './panels.svelte';
import type { Screen } from './screen.svelte';
import type { QuestionFile } from './questionFile.svelte';
import type { Settings } from './settings.svelte';
import { steps } from './sessionParts';

interface Desk {
  readonly screen: Screen;
  readonly settings: Settings;
  readonly file: QuestionFile;
  /** Whether the coordinator has answered. */
  connected(): boolean;
  readonly panels: Panels;
  readonly appearance: Appearance;
}

/** What Back goes through. */
interface Place {
  readonly step: string;
  readonly panel: string;
  readonly run: string;
  readonly question: string;
  readonly guided: boolean;
}

/** Stored with an entry of the history, so that its place among ours is known again. */
interface Mark {
  readonly arklet: number;
}

/** Questions that follow each other faster, as with an arrow key held down, share an entry. */
const browsing = 700;

function markOf(state: unknown): number | null {
  const mark = (state as Partial<Mark> | null)?.arklet;
  return typeof mark === 'number' ? mark : null;
}

export class Address {
  readonly #desk: Desk;
  /** Not while the page goes to what the address names. */
  #ready = $state(false);
  #at = 0;
  #place: Place | null = null;
  #questionAt = -Infinity;

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  /** Shows what the address names; from here on it follows the page. */
  start(): void {
    this.#at = markOf(history.state) ?? 0;
    this.#read(true);
  }

  get #run(): string {
    const { view } = this.#desk.screen;
    return view === null || view.source === 'recorded' ? '' : view.run.id;
  }

  get #now(): Place {
    const { screen, panels } = this.#desk;
    return {
      step: screen.step,
      panel: panels.address,
      run: this.#run,
      question: screen.selected ?? '',
      guided: panels.guide !== null,
    };
  }

  get hash(): string {
    const { screen, settings: own, file, panels, appearance } = this.#desk;
    const run = this.#run === '' ? '' : `&run=${encodeURIComponent(this.#run)}`;
    const question = screen.selected === null ? '' : `&question=${encodeURIComponent(screen.selected)}`;
    const stage = appearance.stage ? '&stage=on' : '';
    return `#${own.hash}${file.address}&step=${screen.step}${stage}${run}${question}${panels.hash}`;
  }

  /** Brings the address up to date; to be called in an effect. */
  follow(): void {
    if (!this.#ready) return;
    const { hash } = this;
    const now = this.#now;
    const before = this.#place;
    this.#place = now;
    if (hash === location.hash) return;
    if (before !== null && this.#isNew(before, now)) {
      this.#at += 1;
      history.pushState({ arklet: this.#at } satisfies Mark, '', hash);
    } else {
      history.replaceState({ arklet: this.#at } satisfies Mark, '', hash);
    }
  }

  #isNew(before: Place, now: Place): boolean {
    // The tour moves through steps and questions by itself.
    if (now.guided || before.guided) return false;
    const elsewhere = now.step !== before.step || now.run !== before.run;
    // Closing a panel shows the place under it again: no new place.
    const opened = now.panel !== '' && now.panel !== before.panel;
    if (elsewhere || opened) return now.panel !== '' || before.panel === '';
    if (now.question === before.question) return false;
    const last = this.#questionAt;
    this.#questionAt = performance.now();
    return this.#questionAt - last > browsing;
  }

  /** Back, Forward, or an address that was written by hand. */
  onPop(state: unknown): void {
    const at = markOf(state);
    const back = at !== null && at < this.#at;
    this.#at = at ?? this.#at;
    // A panel that was closed left an entry like the one before it.
    if (back && at > 0 && this.#isHere(new URLSearchParams(location.hash.slice(1)))) {
      history.back();
      return;
    }
    this.#read(at === null);
  }

  #isHere(params: URLSearchParams): boolean {
    const { step, panel, run, question } = this.#now;
    const named = (name: string): string => params.get(name) ?? '';
    const open = new Panels();
    open.read(params);
    return (
      named('step') === step &&
      open.address === panel &&
      named('run') === run &&
      named('question') === question
    );
  }

  /** Settings are read only from an address that was typed or followed: Back does not undo them. */
  #read(settings: boolean): void {
    const { screen, settings: own, file, panels, appearance } = this.#desk;
    const params = new URLSearchParams(location.hash.slice(1));
    if (settings) {
      own.readHash(location.hash, addressKeys);
      file.readAddress(params);
      // Before the engine is there, connecting looks for the file.
      if (this.#desk.connected()) void file.find();
    }
    panels.read(params);
    if (params.get('stage') === 'on' && !appearance.stage) appearance.toggleStage();
    const step = steps.find((known) => known === params.get('step'));
    this.#ready = false;
    void this.#show(params.get('run') ?? '').then(() => {
      screen.selected = params.get('question');
      if (step !== undefined) screen.step = step;
      this.#place = this.#now;
      this.#ready = true;
    });
  }

  async #show(run: string): Promise<void> {
    const { screen } = this.#desk;
    if (run === this.#run) return;
    if (run === '') screen.show(screen.recorded);
    else await screen.open(run);
  }
}
