/** The engine's kernels, and the test of them, which waits for no run and lets none begin. */
import type { EngineClient } from '../engine/engineClient';
import type { JobLock } from '../library/jobLock';
import type { Handlers } from '../rpc/rpc';
import type { DeviceProtocol } from '../wire/device';

export function deviceHandlers(engine: () => EngineClient, lock: JobLock): Handlers<DeviceProtocol> {
  return {
    kernels: () => engine().kernels(),
    testDevice: async (backend, { signal, progress }) => {
      const release = await lock.take();
      try {
        return await engine().selftest(backend, { signal, onRow: progress });
      } finally {
        release();
      }
    },
  };
}
