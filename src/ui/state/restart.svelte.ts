/** For a talk: one key starts the settings' run again, with its fixed seed. */

/** Begins and ends runs. */
interface Controls {
  readonly active: unknown;
  start(): Promise<unknown>;
  /** Ends the run in progress, then starts. */
  restart(): Promise<unknown>;
}

/** Milliseconds in which a restart can be confirmed. */
const askedFor = 8000;

export class Restart {
  /** Waiting to be confirmed: a run is in progress. */
  asked = $state(false);
  readonly #session: Controls;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(session: Controls) {
    this.#session = session;
  }

  /** A run in progress is stopped only after a second press, and stays among the runs. */
  async press(): Promise<void> {
    clearTimeout(this.#timer);
    const { active } = this.#session;
    if (active && !this.asked) {
      this.asked = true;
      this.#timer = setTimeout(() => (this.asked = false), askedFor);
      return;
    }
    this.asked = false;
    await (active ? this.#session.restart() : this.#session.start());
  }
}
