/** Counts bytes by owner. Everything that allocates reports here; a leak shows as an owner that does not return to 0. */
import { fail } from '../core/assert';

export class Ledger {
  readonly #held = new Map<string, number>();
  #total = 0;
  #peak = 0;

  add(owner: string, bytes: number): void {
    this.#held.set(owner, (this.#held.get(owner) ?? 0) + bytes);
    this.#total += bytes;
    this.#peak = Math.max(this.#peak, this.#total);
  }

  remove(owner: string, bytes: number): void {
    const left = (this.#held.get(owner) ?? 0) - bytes;
    if (left < 0) fail(`ledger: ${owner} gave back ${bytes} bytes but ${-left} fewer were held`);
    if (left === 0) this.#held.delete(owner);
    else this.#held.set(owner, left);
    this.#total -= bytes;
  }

  /** Bytes held now. */
  get total(): number {
    return this.#total;
  }

  /** Most bytes held at once since the last `resetPeak`. */
  get peak(): number {
    return this.#peak;
  }

  resetPeak(): void {
    this.#peak = this.#total;
  }

  /** Bytes held now, by owner. */
  byOwner(): Record<string, number> {
    return Object.fromEntries(this.#held);
  }
}
