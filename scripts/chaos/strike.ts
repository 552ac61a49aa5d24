/** What the chaos page and its workers say to each other, beside the product's own protocols. */
import type { Kind } from './faults';

/** To the coordinator's worker. */
export type Order =
  /** Strikes after so many events from now. */
  | { readonly chaos: 'arm'; readonly kind: Kind; readonly after: number; readonly choice: number }
  /** Writes succeed and the network is there again. */
  | { readonly chaos: 'heal' }
  /** From here on some turns are not stored though they are told to be: what is looked for must then be found. */
  | { readonly chaos: 'break' };

/** From the coordinator's worker. */
export type Told =
  /** The fault's moment has come; what the worker does itself is done. */
  | { readonly chaos: 'struck'; readonly kind: Kind }
  /** Events so far. */
  | { readonly chaos: 'count'; readonly events: number };

/** To the engine's worker. */
export type EngineOrder = { readonly chaos: 'hang' | 'close' | 'destroy' | 'starve' | 'heal' };

export function isChaos<T extends { readonly chaos: string }>(data: unknown): data is T {
  return typeof data === 'object' && data !== null && 'chaos' in data;
}
