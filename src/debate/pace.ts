/** What a job reports while it runs. */
export interface TurnProgress {
  readonly questionsDone: number;
  readonly questions: number;
  /** Turns stored, those of earlier sessions included. */
  readonly turnsDone: number;
  /** Most turns the job can take. */
  readonly turns: number;
  /** Seconds left at the pace of this session; null before the first turn. */
  readonly secondsLeft: number | null;
  /** Generated tokens per second over the last `windowSeconds`. */
  readonly tokensPerSecond: number | null;
}

const windowSeconds = 10;

/** Measures turns and tokens per second; time spent paused does not count. Times are seconds. */
export class Pace {
  #active = 0;
  #resumedAt: number | null;
  #turns = 0;
  #recent: { at: number; tokens: number }[] = [];

  constructor(now: number) {
    this.#resumedAt = now;
  }

  stop(now: number): void {
    if (this.#resumedAt === null) return;
    this.#active += now - this.#resumedAt;
    this.#resumedAt = null;
  }

  start(now: number): void {
    this.#resumedAt ??= now;
  }

  add(now: number, tokens: number): void {
    this.#turns++;
    const at = this.#elapsed(now);
    this.#recent.push({ at, tokens });
    this.#recent = this.#recent.filter((entry) => entry.at > at - windowSeconds);
  }

  secondsLeft(now: number, turnsLeft: number): number | null {
    return this.#turns === 0 ? null : (this.#elapsed(now) / this.#turns) * turnsLeft;
  }

  tokensPerSecond(now: number): number | null {
    const span = Math.min(windowSeconds, this.#elapsed(now));
    if (this.#turns === 0 || span <= 0) return null;
    return this.#recent.reduce((sum, entry) => sum + entry.tokens, 0) / span;
  }

  #elapsed(now: number): number {
    return this.#active + (this.#resumedAt === null ? 0 : now - this.#resumedAt);
  }
}
