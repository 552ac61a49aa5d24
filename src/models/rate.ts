/** Bytes per second over the last few seconds, for "time left". */
const windowMs = 5000;

export class ByteRate {
  readonly #marks: { readonly at: number; readonly bytes: number }[] = [];
  readonly #now: () => number;
  #bytes = 0;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
    this.#marks.push({ at: now(), bytes: 0 });
  }

  add(bytes: number): void {
    this.#bytes += bytes;
    const at = this.#now();
    const last = this.#marks.at(-1);
    if (last && at - last.at < 200) return;
    this.#marks.push({ at, bytes: this.#bytes });
    while (this.#marks.length > 2 && at - (this.#marks[0]?.at ?? 0) > windowMs) this.#marks.shift();
  }

  /** null before there is anything to go by. */
  get perSecond(): number | null {
    const first = this.#marks[0];
    const span = first ? this.#now() - first.at : 0;
    return first && span >= 300 && this.#bytes > first.bytes
      ? ((this.#bytes - first.bytes) / span) * 1000
      : null;
  }
}
