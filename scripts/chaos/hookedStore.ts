/** The real store, with a hook before each write of it. */
import type { JobStore } from '../../src/store/jobStore';

const writes = [
  'createRun',
  'editRun',
  'putTurns',
  'putDataset',
  'putLog',
  'putCheckpoint',
  'removeCheckpoint',
  'putContinuations',
  'putAdapter',
  'removeAdapter',
  'putReport',
] as const satisfies readonly (keyof JobStore)[];

type Write = (typeof writes)[number];

/**
 * What `before` throws is what the write fails by; nothing of it is stored then. Where it gives false the write is left out, and
 * nobody is told: as a product with a fault would.
 */
export function hookedStore(inner: JobStore, before: (write: Write) => boolean): JobStore {
  const wrap = (store: JobStore): JobStore => {
    const hooked = writes.map((name) => [
      name,
      async (...all: never[]) => {
        if (!before(name)) return undefined;
        const write: (...all: never[]) => Promise<unknown> = store[name];
        return write(...all);
      },
    ]);
    return {
      ...store,
      ...(Object.fromEntries(hooked) as Pick<JobStore, Write>),
      during: (runId, revoked) => wrap(store.during(runId, revoked)),
    };
  };
  return wrap(inner);
}
