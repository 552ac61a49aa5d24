/** Time left and tokens a second of a phase, measured here where the job does not report them. */
import type { JobEvent } from '../../wire/jobEvents';
import type { Phase, RunStatus } from '../../records/records';

type Progress = Extract<JobEvent, { type: 'progress' }>;

interface Mark {
  readonly at: number;
  readonly amount: number;
}

/** Units a second between the first and the newest mark; null before there are two apart in time and amount. */
function rate(first: Mark | null, at: number, amount: number): number | null {
  if (first === null || amount <= first.amount || at <= first.at) return null;
  return (amount - first.amount) / (at - first.at);
}

export class Pace {
  #phase: Phase | null = null;
  #status: RunStatus | null = null;
  #total = 0;
  #started: Mark | null = null;
  #tokens: Mark | null = null;
  #training = '';
  #tokensPerSecond: number | null = null;

  /** The event, with what it leaves out. `now` in seconds. A pause restarts the measurement. */
  fill(event: Progress, now: number): Progress {
    const restarted = this.#started !== null && event.done < this.#started.amount;
    const another = event.phase !== this.#phase || event.total !== this.#total;
    if (another || restarted || event.status !== this.#status) {
      this.#status = event.status;
      this.#phase = event.phase;
      this.#total = event.total;
      this.#started = { at: now, amount: event.done };
      if (event.phase !== 'distil') this.#tokensPerSecond = null;
    }
    const perSecond = rate(this.#started, now, event.done);
    return {
      ...event,
      secondsLeft: event.secondsLeft ?? (perSecond === null ? null : (event.total - event.done) / perSecond),
      tokensPerSecond: event.tokensPerSecond ?? this.#tokensPerSecond,
    };
  }

  /** A step of training: `tokens` are those seen since its start, `training` names strategy and seed. */
  train(training: string, tokens: number, now: number): void {
    if (training !== this.#training || (this.#tokens !== null && tokens < this.#tokens.amount)) {
      this.#training = training;
      this.#tokens = { at: now, amount: tokens };
      // The speed of another training does not apply.
      this.#tokensPerSecond = null;
    }
    this.#tokensPerSecond = rate(this.#tokens, now, tokens) ?? this.#tokensPerSecond;
  }
}
