/** Progress and time left over trainings whose steps cost differently. */

/** Supervised, reward model, group RL. */
export type StageKind = 'sft' | 'reward' | 'rl';

/** What a step costs beside a supervised one, until one of its kind was timed: sampling makes group RL's long. */
const guess: Readonly<Record<StageKind, number>> = { sft: 1, reward: 1, rl: 8 };

export class StageEta {
  readonly #stages: readonly { readonly kind: StageKind; readonly steps: number }[];
  readonly #now: () => number;
  readonly #spent: Record<StageKind, { seconds: number; steps: number }> = {
    sft: { seconds: 0, steps: 0 },
    reward: { seconds: 0, steps: 0 },
    rl: { seconds: 0, steps: 0 },
  };
  #stage = 0;
  #step = 0;
  /** Clock at the last step of this stage, null before its first: what comes before a step is not its own time. */
  #last: number | null = null;

  /** `now` gives seconds. */
  constructor(
    stages: readonly { readonly kind: StageKind; readonly steps: number }[],
    now = () => performance.now() / 1000,
  ) {
    this.#stages = stages;
    this.#now = now;
  }

  /** This stage has done so many steps. */
  step(done: number): void {
    const now = this.#now();
    const kind = this.#stages[this.#stage]?.kind;
    if (kind !== undefined && this.#last !== null && done > this.#step) {
      const spent = this.#spent[kind];
      spent.seconds += now - this.#last;
      spent.steps += done - this.#step;
    }
    this.#step = done;
    this.#last = now;
  }

  /** This stage is done, whether now or in an earlier session. */
  next(): void {
    this.#stage++;
    this.#step = 0;
    this.#last = null;
  }

  /** Steps done and in all; seconds left from what steps took so far, null before any was timed. */
  progress(): { done: number; total: number; secondsLeft: number | null } {
    const sum = (list: readonly { readonly steps: number }[]): number =>
      list.reduce((steps, stage) => steps + stage.steps, 0);
    const before = this.#stages.slice(0, this.#stage);
    const rest = this.#stages.slice(this.#stage);
    const unit = this.#secondsOf('sft');
    const left = rest.reduce((seconds, { kind, steps }, i) => {
      const open = Math.max(0, steps - (i === 0 ? this.#step : 0));
      return seconds + open * (this.#secondsOf(kind) ?? (unit ?? 0) * guess[kind]);
    }, 0);
    return {
      done: sum(before) + this.#step,
      total: sum(this.#stages),
      secondsLeft: unit === null ? null : left,
    };
  }

  /** Seconds a step of a kind takes; of another kind's by the guess where only that was timed. */
  #secondsOf(kind: StageKind): number | null {
    const own = this.#spent[kind];
    if (own.steps > 0) return own.seconds / own.steps;
    for (const other of ['sft', 'reward', 'rl'] as const) {
      const { steps, seconds } = this.#spent[other];
      if (steps > 0) return ((seconds / steps) * guess[kind]) / guess[other];
    }
    return null;
  }
}
