/** Faults that a run is struck by, and the seeded choice of them. */
import { hashKey, RandomStream } from '../../src/core/rng';

/** Each kind with its share of all faults; `gpu`: on the WebGPU backend; `hardware`: it changes what the device is taken to hold. */
export const kinds = {
  /** The engine's worker is ended without a word. */
  engine: { share: 12 },
  /** The engine's worker hangs: it answers nothing. */
  hang: { share: 3 },
  /** The coordinator's worker is ended, and another one goes on. */
  coordinator: { share: 12 },
  /** The page is loaded again in the middle of everything. */
  page: { share: 6 },
  /** The browser is killed. */
  browser: { share: 2 },
  /** One write fails. */
  'write-once': { share: 10 },
  /** Every write fails until the run has ended. */
  'write-for-good': { share: 8 },
  /** The quota is used up; room is made later. */
  quota: { share: 8 },
  /** The engine's worker is ended and nothing can be fetched until the run has ended. */
  network: { share: 6 },
  /** Bytes of a stored file are flipped, cut off or removed. */
  file: { share: 9 },
  /** A stored record is changed. */
  record: { share: 9 },
  /** All of one kind that is stored of the run is gone. */
  eviction: { share: 6 },
  /** The clock is set by 40 days. */
  clock: { share: 4 },
  /** The page is frozen for a moment. */
  freeze: { share: 3 },
  /** A second tab tries to take the run, the first one dies, the second goes on. */
  'second-tab': { share: 8 },
  /** The GPU's device is destroyed. */
  'device-lost': { share: 5, gpu: true },
  /** The GPU's device is lost while memory is asked for. */
  'device-lost-memory': { share: 5, gpu: true, hardware: true },
} as const satisfies Record<
  string,
  { readonly share: number; readonly gpu?: boolean; readonly hardware?: boolean }
>;

export type Kind = keyof typeof kinds;

export interface Fault {
  readonly kind: Kind;
  /** When: a share of the events between two faults. */
  readonly at: number;
  /** What else is chosen, by the kind. */
  readonly choice: number;
}

export const isGpu = (kind: Kind): boolean => 'gpu' in kinds[kind];

/** `count` faults: kinds by their shares, as exactly as whole numbers allow, in seeded order at seeded moments. */
export function plan(seed: number, count: number, only: readonly Kind[]): readonly Fault[] {
  const stream = new RandomStream(hashKey(seed, 'chaos'));
  const named = (Object.keys(kinds) as Kind[]).filter((kind) => only.length === 0 || only.includes(kind));
  const sum = named.reduce((all, kind) => all + kinds[kind].share, 0);
  const list: Kind[] = [];
  let share = 0;
  for (const kind of named) {
    share += kinds[kind].share;
    while (list.length < Math.round((count * share) / sum)) list.push(kind);
  }
  for (let i = list.length - 1; i > 0; i--) {
    const j = stream.integer(0, i);
    [list[i], list[j]] = [list[j]!, list[i]!];
  }
  return list.map((kind) => ({ kind, at: stream.next(), choice: stream.next() }));
}
