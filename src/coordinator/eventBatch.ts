/**
 * Events on their way to the pages. Debates make thousands a second, and each message costs the page's main thread a task
 * of its own: turns, their text and counts wait a moment and go out together; whatever else comes takes them along at once.
 */
import type { JobEvent } from '../wire/jobEvents';

/** Milliseconds that an event may wait: six frames. */
const pause = 100;

type TextEvent = Extract<JobEvent, { type: 'text' }>;
type Progress = Extract<JobEvent, { type: 'progress' }>;

const placeOf = ({ runId, questionId, round, agent }: Omit<TextEvent, 'type' | 'text'>): string =>
  `${runId}|${questionId}|${round}|${agent}`;

export class EventBatch {
  readonly #send: (events: readonly JobEvent[]) => void;
  #events: (JobEvent | null)[] = [];
  /** Where the text of an unfinished turn is in `#events`. */
  readonly #texts = new Map<string, number>();
  #count = -1;
  #shown: Progress | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(send: (events: readonly JobEvent[]) => void) {
    this.#send = send;
  }

  emit(event: JobEvent): void {
    switch (event.type) {
      case 'text':
        this.#addText(event);
        break;
      case 'turn':
        this.#dropText(placeOf({ ...event.turn, runId: event.runId }));
        this.#events.push(event);
        break;
      case 'progress':
        if (!this.#addCount(event)) return;
        break;
      default:
        this.#events.push(event);
        this.flush();
        return;
    }
    this.#timer ??= setTimeout(() => this.flush(), pause);
  }

  /** Sends what waits. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const events = this.#events.filter((event) => event !== null);
    this.#events = [];
    this.#texts.clear();
    this.#count = -1;
    if (events.length > 0) this.#send(events);
  }

  #addText(event: TextEvent): void {
    const place = placeOf(event);
    const at = this.#texts.get(place) ?? this.#events.length;
    const before = this.#events[at];
    this.#texts.set(place, at);
    this.#events[at] = before?.type === 'text' ? { ...event, text: before.text + event.text } : event;
  }

  /** A finished turn holds its text. */
  #dropText(place: string): void {
    const at = this.#texts.get(place);
    if (at === undefined) return;
    this.#events[at] = null;
    this.#texts.delete(place);
  }

  /** Of a phase's counts that wait the newest goes out; another run, phase or status goes at once. False: it has gone. */
  #addCount(event: Progress): boolean {
    const before = this.#shown;
    this.#shown = event;
    const same =
      before?.runId === event.runId && before.phase === event.phase && before.status === event.status;
    if (same && this.#count >= 0) this.#events[this.#count] = null;
    this.#count = this.#events.push(event) - 1;
    if (!same) this.flush();
    return same;
  }
}
