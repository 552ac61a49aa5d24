/** One run that is struck by faults, from its start or from where the browser died, to its end. */
import type { RunConfig } from '../../src/settings/config';
import type { JobEvent } from '../../src/wire/jobEvents';
import { turnKey } from '../../src/store/turns';
import { damageFile, damageRecord, evict } from './damage';
import type { Fault, Kind } from './faults';
import { differing, outputsOf, type Outputs } from './outputs';
import type { Told } from './strike';
import { Tab } from './tab';

export interface Trial {
  readonly config: RunConfig;
  /** Those that are still to strike, in order. */
  readonly faults: readonly Fault[];
  /** Events between two faults at most. */
  readonly spread: number;
  /** Of a run that goes on after its page or browser went: its id, what was heard of it, and what was lost. */
  readonly runId: string | null;
  readonly heard: readonly string[];
  /** The store loses turns: what is looked for must be found. */
  readonly broken: boolean;
  /** Null: this is the undisturbed run. */
  readonly whole: Outputs | null;
}

export interface TrialEnd {
  /** 'page' and 'browser': whoever drives this page does that now, and goes on with what is left. */
  readonly end: 'done' | 'page' | 'browser' | 'stuck';
  readonly runId: string;
  /** Faults that have struck. */
  readonly struck: readonly Fault[];
  readonly heard: readonly string[];
  /** Turns that were recorded and then gone, though nobody damaged them. */
  readonly lost: readonly string[];
  readonly differing: readonly string[];
  readonly outputs: Outputs | null;
  readonly events: number;
  /** What happened, for reading. */
  readonly notes: readonly string[];
}

/** What the driver does from outside the page. */
export interface Outside {
  quota(bytes: number | null): Promise<void>;
  freeze(): Promise<void>;
}

/** Milliseconds without any event after which a run counts as stuck. */
const patience = 120_000;
/** Resumes of one trial. */
const mostResumes = 30;

const damages: Partial<Record<Kind, (runId: string, choice: number) => Promise<string>>> = {
  file: damageFile,
  record: damageRecord,
  eviction: evict,
};

const wait = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

type News =
  | { readonly type: 'struck'; readonly kind: Kind }
  | { readonly type: 'ended'; readonly status: string; readonly reason: string }
  | { readonly type: 'full' };

export class TrialRun {
  readonly #trial: Trial;
  readonly #outside: Outside;
  readonly #heard: Set<string>;
  readonly #left: Fault[];
  readonly #struck: Fault[] = [];
  readonly #lost: string[] = [];
  readonly #notes: string[] = [];
  readonly #news: News[] = [];
  #wake = (): void => undefined;
  #events = 0;
  #count = 0;
  #runId: string;
  #tab: Tab;

  constructor(trial: Trial, outside: Outside) {
    this.#trial = trial;
    this.#outside = outside;
    this.#heard = new Set(trial.heard);
    this.#left = [...trial.faults];
    this.#runId = trial.runId ?? '';
    this.#tab = this.#open();
  }

  async go(): Promise<TrialEnd> {
    const end = await this.#go();
    // What the page or the browser takes with it is alive until then.
    if (end.end === 'done' || end.end === 'stuck') this.#tab.kill();
    return end;
  }

  async #go(): Promise<TrialEnd> {
    const { config, runId } = this.#trial;
    if (runId === null) {
      await this.#clean();
      this.#arm();
      try {
        this.#runId = (await this.#tab.api.control.start({ config, questions: null })).id;
      } catch (thrown) {
        // A run that did not begin is begun again.
        this.#notes.push(`not begun: ${String(thrown)}`);
        this.#tab.heal();
        this.#runId = (await this.#tab.api.control.start({ config, questions: null })).id;
      }
    } else {
      await this.#checkHeard();
      this.#arm();
      await this.#resume();
    }
    for (let resumes = 0; ;) {
      const news = await this.#next();
      if (!news) return this.#ending('stuck');
      switch (news.type) {
        case 'struck': {
          const left = await this.#strike(this.#struck.at(-1)!);
          if (left) return this.#ending(left);
          continue;
        }
        case 'full':
          this.#notes.push('waits for room');
          this.#tab.heal();
          await this.#outside.quota(null);
          await this.#tab.api.control.unpause();
          continue;
        case 'ended': {
          if (news.status === 'done') {
            this.#tab.heal();
            await this.#outside.quota(null);
            const outputs = await outputsOf(this.#tab.api, this.#runId);
            return this.#ending('done', outputs);
          }
          this.#notes.push(`${news.status}: ${news.reason}`);
          if (++resumes > mostResumes) return this.#ending('stuck');
          this.#tab.heal();
          await this.#outside.quota(null);
          await this.#resume();
          continue;
        }
        default:
          news satisfies never;
      }
    }
  }

  #open(): Tab {
    const tab = new Tab({ onEvent: (event) => this.#hear(event), onTold: (told) => this.#told(told) });
    if (this.#trial.broken) tab.break();
    return tab;
  }

  #push(news: News): void {
    this.#news.push(news);
    this.#wake();
  }

  async #next(): Promise<News | null> {
    for (;;) {
      const news = this.#news.shift();
      if (news) return news;
      const seen = this.#events;
      const woken = new Promise<true>((resolve) => (this.#wake = () => resolve(true)));
      if (!(await Promise.race([woken, wait(patience).then(() => false)])) && seen === this.#events)
        return null;
    }
  }

  #hear(event: JobEvent): void {
    this.#events++;
    if (event.type === 'turn') this.#heard.add(turnKey(event.turn));
    if (event.type === 'error' && event.error.details?.['full'] === true) this.#push({ type: 'full' });
    if (event.type === 'ended')
      this.#push({ type: 'ended', status: event.status, reason: event.error?.message ?? 'stopped' });
  }

  #told(told: Told): void {
    if (told.chaos === 'count') this.#count = told.events;
    if (told.chaos !== 'struck') return;
    const fault = this.#left.shift();
    if (!fault) return;
    this.#struck.push(fault);
    this.#push({ type: 'struck', kind: told.kind });
  }

  /** The next fault strikes some events from here. */
  #arm(): void {
    const [next] = this.#left;
    if (next) this.#tab.arm(next, 1 + Math.floor(next.at * this.#trial.spread));
  }

  /** What the page does of a fault; where whoever drives it has to act, what. */
  async #strike(fault: Fault): Promise<'page' | 'browser' | null> {
    const { kind, choice } = fault;
    this.#notes.push(`struck by ${kind}`);
    switch (kind) {
      case 'page':
      case 'browser':
        return kind;
      case 'coordinator':
      case 'file':
      case 'record':
      case 'eviction': {
        await this.#reopen();
        const damage = damages[kind];
        if (damage) {
          this.#notes.push(await damage(this.#runId, choice));
          // What was damaged is no loss.
          this.#heard.clear();
        }
        await this.#checkHeard();
        this.#arm();
        await this.#resume();
        return null;
      }
      case 'second-tab':
        await this.#secondTab(choice);
        this.#arm();
        await this.#resume();
        return null;
      case 'freeze':
        await this.#outside.freeze();
        break;
      case 'quota':
        await this.#outside.quota(1);
        break;
      default:
        break;
    }
    this.#arm();
    return null;
  }

  /** The tab is gone and another one is opened, once its locks are free. */
  async #reopen(): Promise<void> {
    this.#tab.kill();
    this.#tab = this.#open();
    this.#news.length = 0;
  }

  /** A second tab is refused what it must not do, hears of the first one's end, and takes over. */
  async #secondTab(choice: number): Promise<void> {
    const first = this.#tab;
    let heard = (): void => undefined;
    const cut = new Promise<boolean>((resolve) => (heard = () => resolve(true)));
    const second = new Tab({
      onEvent: (event) => {
        const mine = (id: string): boolean => id === this.#runId;
        if (event.type === 'runs' && event.runs.some((run) => mine(run.id) && run.status === 'interrupted'))
          heard();
      },
      onTold: () => undefined,
    });
    await second.api.runs.list();
    const { control, runs } = second.api;
    const tries = [
      () => control.resume(this.#runId),
      () => runs.remove(this.#runId),
      () => control.start({ config: this.#trial.config, questions: null }),
    ];
    const refused = await tries[Math.floor(choice * tries.length)]!().then(
      () => false,
      () => true,
    );
    const ended = this.#news.some(({ type }) => type === 'ended');
    if (!refused && !ended) this.#lost.push('a second tab was let in');
    first.kill();
    const began = performance.now();
    const known = await Promise.race([cut, wait(20_000).then(() => false)]);
    if (!known && !ended) this.#lost.push('the second tab did not hear of the end of the first');
    this.#notes.push(`known after ${Math.round(performance.now() - began)} ms`);
    second.kill();
    await this.#reopen();
    await this.#checkHeard();
  }

  /** Everything that was heard of as recorded is there. */
  async #checkHeard(): Promise<void> {
    const { turns } = await this.#tab.api.runs.archive(this.#runId);
    const stored = new Set(turns.map(turnKey));
    for (const key of this.#heard) if (!stored.has(key)) this.#lost.push(key);
  }

  async #resume(): Promise<void> {
    // The locks of one that died are free a moment later.
    for (let tries = 0; ; tries++) {
      const run = (await this.#tab.api.runs.list()).find(({ id }) => id === this.#runId);
      if (run?.status === 'done') return this.#push({ type: 'ended', status: 'done', reason: '' });
      try {
        return await this.#tab.api.control.resume(this.#runId);
      } catch (thrown) {
        // It may be at work: its events tell.
        if (tries > 100) return void this.#notes.push(`not resumed: ${String(thrown)}`);
        this.#tab.heal();
        await wait(50);
      }
    }
  }

  /** Runs of before. */
  async #clean(): Promise<void> {
    const { runs } = this.#tab.api;
    for (const { id } of await runs.list()) await runs.remove(id);
    for (const { id } of await runs.bin()) await runs.purge(id);
  }

  #ending(end: TrialEnd['end'], outputs: Outputs | null = null): TrialEnd {
    const { whole } = this.#trial;
    return {
      end,
      runId: this.#runId,
      struck: this.#struck,
      heard: [...this.#heard],
      lost: this.#lost,
      differing: whole && outputs ? differing(whole, outputs) : [],
      outputs: whole ? null : outputs,
      events: this.#count,
      notes: this.#notes,
    };
  }
}
