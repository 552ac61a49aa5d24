/**
 * The network cut of a rehearsal: while it is on, a request is answered from what is stored or refused. It ends by itself
 * when the page that asked for it falls silent, so that no closed tab leaves the app without a network.
 */
import type { CutAnswer } from './messages';

/** Milliseconds without a message of the page after which the cut ends; a hidden tab may send one a minute. */
const patience = 150_000;
/** Addresses listed by name; the others are only counted. */
const most = 50;

export class NetworkCut {
  readonly #now: () => number;
  #id: string | null = null;
  #heard = 0;
  #answered = 0;
  #requests = 0;
  readonly #refused = new Set<string>();

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  get on(): boolean {
    return this.#id !== null && this.#now() - this.#heard < patience;
  }

  /** Begins the cut of this name or keeps it on. */
  keep(id: string): Omit<CutAnswer, 'outside'> {
    const begun = !this.on || this.#id !== id;
    if (begun) {
      this.#answered = 0;
      this.#requests = 0;
      this.#refused.clear();
    }
    this.#id = id;
    this.#heard = this.#now();
    return {
      begun,
      answered: this.#answered,
      requests: this.#requests,
      refused: [...this.#refused],
    };
  }

  /** Ends the cut of this name, and reports what it saw. */
  end(id: string): Omit<CutAnswer, 'outside'> {
    const last = this.keep(id);
    this.#id = null;
    return last;
  }

  answered(): void {
    this.#answered++;
  }

  refuse(address: string): void {
    this.#requests++;
    if (this.#refused.size < most) this.#refused.add(address);
  }
}

/** Whether an address is this machine's own, which needs no network: a model server on it stays reachable. */
export function isThisMachine(address: string): boolean {
  const { hostname } = new URL(address);
  return (
    /^127(\.\d{1,3}){3}$/.test(hostname) ||
    hostname === 'localhost' ||
    hostname.endsWith('.localhost') ||
    hostname === '[::1]'
  );
}
