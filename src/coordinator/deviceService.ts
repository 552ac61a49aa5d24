/** The engine's kernels, the test of them and the bench, which wait for no run and let none begin. */
import type { EngineClient } from '../engine/engineClient';
import type { JobLock } from '../library/jobLock';
import type { Handlers } from '../rpc/rpc';
import type { DeviceProtocol } from '../wire/device';

export function deviceHandlers(engine: () => EngineClient, lock: JobLock): Handlers<DeviceProtocol> {
  const alone = async <T>(work: () => Promise<T>): Promise<T> => {
    const release = await lock.take();
    try {
      return await work();
    } finally {
      release();
    }
  };
  return {
    kernels: () => engine().kernels(),
    testDevice: (backend, { signal, progress }) =>
      alone(() => engine().selftest(backend, { signal, onRow: progress })),
    benchDevice: (backend, { signal, progress }) =>
      alone(() => engine().bench(backend, { signal, onFigure: progress })),
  };
}
