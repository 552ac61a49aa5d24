/**
 * Counter-based random numbers (Philox-2x32-10; Salmon et al., SC 2011): a value depends only on a 32-bit key and a
 * 64-bit counter, so nothing depends on the order in which work was done.
 */
import { fail } from '../core/assert';

/** 32-bit FNV-1a with a final avalanche over the text form of the parts, separated unambiguously. */
export function hashKey(...parts: readonly (string | number)[]): number {
  let hash = 0x811c9dc5;
  for (const part of parts) {
    const text = `${typeof part === 'number' ? 'n' : 's'}${part}\u0000`;
    for (let i = 0; i < text.length; i++) {
      hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
    }
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** The upper 32 bits of the unsigned product of two 32-bit integers. */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const carry = (middle & 0xffff) + aLow * bHigh;
  return (aHigh * bHigh + Math.floor(middle / 0x10000) + Math.floor(carry / 0x10000)) >>> 0;
}

/** One Philox-2x32-10 block: two 32-bit words for (key, counter). */
export function philox(key: number, counterLow: number, counterHigh = 0): [number, number] {
  let low = counterLow >>> 0;
  let high = counterHigh >>> 0;
  let roundKey = key >>> 0;
  for (let round = 0; round < 10; round++) {
    const upper = multiplyHigh(0xd256d193, low);
    const lower = Math.imul(0xd256d193, low) >>> 0;
    low = (upper ^ roundKey ^ high) >>> 0;
    high = lower;
    roundKey = (roundKey + 0x9e3779b9) >>> 0;
  }
  return [low, high];
}

/** A uniform number in [0, 1) with 53 random bits for (key, counter). */
export function uniform(key: number, counter: number): number {
  const [low, high] = philox(key, counter >>> 0, Math.floor(counter / 0x100000000));
  return ((high >>> 5) * 0x4000000 + (low >>> 6)) / 0x20000000000000;
}

/** A sequence over one key; `counter` is its whole state and may be saved and set. */
export class RandomStream {
  readonly key: number;
  counter: number;

  constructor(key: number, counter = 0) {
    this.key = key >>> 0;
    this.counter = counter;
  }

  /** Uniform in [0, 1). */
  next(): number {
    return uniform(this.key, this.counter++);
  }

  /** Integer in [low, high], both included. */
  integer(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  /** Standard normal (Box-Muller, two uniforms a value). */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.next()));
    return radius * Math.cos(2 * Math.PI * this.next());
  }

  /** One element; the list must not be empty. */
  pick<T>(list: readonly T[]): T {
    const item = list[this.integer(0, list.length - 1)];
    if (item === undefined) fail('pick() from an empty list');
    return item;
  }

  /** A shuffled copy (Fisher-Yates). */
  shuffle<T>(list: readonly T[]): T[] {
    const copy = [...list];
    for (let i = copy.length - 1; i > 0; i--) {
      const j = this.integer(0, i);
      [copy[i], copy[j]] = [copy[j]!, copy[i]!];
    }
    return copy;
  }
}
