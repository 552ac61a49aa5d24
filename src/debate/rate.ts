/** What a job reports while it runs. */
export interface TurnProgress {
  readonly questionsDone: number;
  readonly questions: number;
  /** Turns stored, those of earlier sessions included. */
  readonly turnsDone: number;
  /** Most turns the job can take. */
  readonly turns: number;
  /** Seconds left at the pace of this session; null before its first turns. */
  readonly secondsLeft: number | null;
  /** Generated tokens per second over the last `windowSeconds`. */
  readonly tokensPerSecond: number | null;
}

const windowSeconds = 10;
/** Turns that end within so many seconds of each other are of one burst, as a batch's are, */
const gapSeconds = 0.05;
/** which is over after so many seconds in any case. */
const longestBurst = 0.5;

/**
 * Measures turns and tokens per second over the bursts that are over: a batch's turns end together, and a rate read off
 * the first of them would be too low by the batch's size. Time spent paused does not count. Times are seconds.
 */
export class Pace {
  #active = 0;
  #resumedAt: number | null;
  #turns = 0;
  #lastAt = 0;
  #burstBegan = 0;
  /** The turns of all bursts that are over, and when the last of these ended. */
  #measured: { readonly turns: number; readonly at: number } | null = null;
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
    const at = this.#elapsed(now);
    if (this.#turns === 0) this.#burstBegan = at;
    else if (at - this.#lastAt >= gapSeconds || at - this.#burstBegan >= longestBurst) {
      const measured = { turns: this.#turns, at: this.#lastAt };
      this.#measured = measured;
      this.#burstBegan = at;
      this.#recent = this.#recent.filter((entry) => entry.at > measured.at - windowSeconds);
    }
    this.#turns++;
    this.#lastAt = at;
    this.#recent.push({ at, tokens });
  }

  /** Null before the first burst is over. */
  secondsLeft(turnsLeft: number): number | null {
    return this.#measured && (this.#measured.at / this.#measured.turns) * turnsLeft;
  }

  /** Of the last `windowSeconds`; null before the first burst is over. */
  get tokensPerSecond(): number | null {
    if (!this.#measured || this.#measured.at <= 0) return null;
    const { at: end } = this.#measured;
    const tokens = this.#recent.reduce((sum, entry) => sum + (entry.at <= end ? entry.tokens : 0), 0);
    return tokens / Math.min(windowSeconds, end);
  }

  #elapsed(now: number): number {
    return this.#active + (this.#resumedAt === null ? 0 : now - this.#resumedAt);
  }
}
