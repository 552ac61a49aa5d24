import { expect, it } from 'vitest';
import { Coordinator } from '../../../src/run/coordinator';
import type { LockSource } from '../../../src/run/jobLock';
import { createMemoryStore } from './memoryStore';

/** The locks as a tab sees them while another one holds the job's. */
function locksOf(held: boolean): LockSource {
  const info = { name: 'arklet-job', mode: 'exclusive', clientId: 'another tab' } as const;
  return {
    query: () => Promise.resolve({ held: held ? [info] : [], pending: [] }),
    request: () => new Promise<never>(() => undefined),
  };
}

const tab = (held: boolean): Coordinator =>
  new Coordinator({
    store: createMemoryStore(),
    locks: locksOf(held),
    base: 'http://app/',
    version: 'test',
    emit: () => undefined,
    openEngine: () => {
      throw new Error('no engine is needed');
    },
  });

it.each(['stop', 'pause', 'unpause', 'step'] as const)(
  '%s in a tab that does not do the work says which one does, and is no news where nobody works',
  async (action) => {
    await expect(tab(true)[action]()).rejects.toMatchObject({
      code: 'busy',
      message: 'The run goes on in another tab.',
    });
    await expect(tab(false)[action]()).resolves.toBeUndefined();
  },
);
