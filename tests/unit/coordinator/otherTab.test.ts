import { expect, it } from 'vitest';
import type { Coordinator } from '../../../src/coordinator/coordinator';
import { openServices } from '../../../src/coordinator/services';
import type { LockSource } from '../../../src/library/jobLock';
import { createMemoryStore } from '../../support/memoryStore';

/** The locks as a tab sees them while another one works on a run. */
function locksOf(held: boolean): LockSource {
  const names = held ? ['arklet-job', 'arklet-run abc'] : [];
  const info = names.map((name) => ({ name, mode: 'exclusive', clientId: 'another tab' }) as const);
  return {
    query: () => Promise.resolve({ held: info, pending: [] }),
    request: () => new Promise<never>(() => undefined),
  };
}

const tab = (held: boolean): Coordinator =>
  openServices({
    store: createMemoryStore(),
    locks: locksOf(held),
    base: 'http://app/',
    version: 'test',
    emit: () => undefined,
    openEngine: () => {
      throw new Error('no engine is needed');
    },
  }).coordinator;

it.each(['stop', 'pause', 'unpause', 'step'] as const)(
  '%s in a tab that cannot reach the one that works says so, and is no news where nobody works',
  async (action) => {
    await expect(tab(true)[action]()).rejects.toMatchObject({
      code: 'busy',
      message: 'Another tab runs this.',
    });
    await expect(tab(false)[action]()).resolves.toBeUndefined();
  },
);
