/** For a talk: one key begins the settings' run anew, with its fixed seed. */

/** Begins and ends runs. */
interface Controls {
  readonly active: unknown;
  start(): Promise<unknown>;
  stop(): Promise<unknown>;
}

/** Milliseconds in which a restart can be confirmed. */
const askedFor = 8000;

export class Restart {
  /** It waits to be confirmed: a run is at work. */
  asked = $state(false);
  readonly #session: Controls;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(session: Controls) {
    this.#session = session;
  }

  /** A run at work is stopped only when it is asked for twice, and stays among the runs. */
  async press(): Promise<void> {
    clearTimeout(this.#timer);
    const { active } = this.#session;
    if (active && !this.asked) {
      this.asked = true;
      this.#timer = setTimeout(() => (this.asked = false), askedFor);
      return;
    }
    this.asked = false;
    if (active) await this.#session.stop();
    await this.#session.start();
  }
}
