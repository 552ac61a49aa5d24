/**
 * What went wrong, until its reader dismisses it or it is over. A notice has a subject (a run, a file, a model): a newer one
 * about the same subject takes its place, and a success takes it away.
 */
import { createContext } from 'svelte';
import { asArkletError, type ErrorData } from '../../core/errors';
import { pageError } from '../pageError';
import { errorStrings as text } from '../strings/errors';
import type { BadSetting } from './settings.svelte';

export interface NoticeAction {
  readonly label: string;
  readonly run: () => void | Promise<void>;
}

export interface Notice {
  readonly id: number;
  readonly code: string;
  readonly subject: string;
  readonly message: string;
  readonly hint: string;
  /** The text of a bug report; only for faults of Arklet itself. */
  readonly report: string | null;
  readonly actions: readonly NoticeAction[];
}

export class Notices {
  list = $state.raw<readonly Notice[]>([]);
  #next = 1;

  /** `subject`: what it is about, `area/what`; without one the message is on its own. */
  add(error: ErrorData, subject?: string, actions: readonly NoticeAction[] = []): void {
    if (error.code === 'interrupted') return;
    const words = pageError(error);
    const about = subject ?? `${error.code}/${words.message}`;
    const others = this.list.filter(
      (known) => known.subject !== about && (known.message !== words.message || known.hint !== words.hint),
    );
    const notice = { ...words, id: this.#next++, code: error.code, subject: about, actions };
    this.list = [...others, notice];
  }

  /** Settings of the address that cannot be read. */
  addBadSettings(bad: readonly BadSetting[]): void {
    for (const { name, value } of bad) {
      const message = text.badHash(name, value);
      this.add({ code: 'config', message, hint: text.badHashHint }, `address/${name}`);
    }
  }

  /** Any thrown value. */
  report(thrown: unknown, subject?: string, actions: readonly NoticeAction[] = []): void {
    this.add(asArkletError(thrown).toData(), subject, actions);
  }

  /** Removes the notices of a subject, or of all its area ("run" and "run/..."). */
  clear(subject: string): void {
    const left = this.list.filter(
      (known) => known.subject !== subject && !known.subject.startsWith(`${subject}/`),
    );
    if (left.length < this.list.length) this.list = left;
  }

  dismiss(id: number): void {
    this.list = this.list.filter((notice) => notice.id !== id);
  }

  /** Runs an action; what it throws becomes a notice, and its success ends one. Resolves to undefined after a failure. */
  async guard<T>(action: () => Promise<T>, subject?: string): Promise<T | undefined> {
    try {
      const result = await action();
      if (subject !== undefined) this.clear(subject);
      return result;
    } catch (thrown) {
      this.report(thrown, subject);
      return undefined;
    }
  }
}

/** The page's messages, for panels: a modal one hides the rest of the page. */
export const [getNotices, setNotices] = createContext<Notices>();
