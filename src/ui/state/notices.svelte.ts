import { createContext } from 'svelte';
import { asArkletError, type ErrorData } from '../../core/errors';

export interface Notice extends ErrorData {
  readonly id: number;
}

/** What went wrong, until its reader dismisses it. The same message is shown once. */
export class Notices {
  list = $state.raw<readonly Notice[]>([]);
  #next = 1;

  add(error: ErrorData): void {
    const known = this.list.some((notice) => notice.code === error.code && notice.message === error.message);
    if (known || error.code === 'interrupted') return;
    this.list = [...this.list, { ...error, id: this.#next++ }];
  }

  /** Any thrown value. */
  report(thrown: unknown): void {
    this.add(asArkletError(thrown).toData());
  }

  dismiss(id: number): void {
    this.list = this.list.filter((notice) => notice.id !== id);
  }

  /** Runs an action; what it throws becomes a notice. Resolves to undefined then. */
  async guard<T>(action: () => Promise<T>): Promise<T | undefined> {
    try {
      return await action();
    } catch (thrown) {
      this.report(thrown);
      return undefined;
    }
  }
}

/** The page's messages, for panels: a modal one hides the rest of the page. */
export const [getNotices, setNotices] = createContext<Notices>();
