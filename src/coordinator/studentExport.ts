/** A merged student: one at a time, and none while a run works. */
import { asArkletError, DeviceLostError, throwIfAborted } from '../core/errors';
import type { EngineClient } from '../engine/engineClient';
import { withLoadRate } from '../job/loadRate';
import type { JobLock } from '../library/jobLock';
import { fetchCatalogue } from '../models/catalogue';
import { studentOf } from '../models/student';
import type { CallContext, Handlers } from '../rpc/rpc';
import type { AdapterPlace } from '../wire/runs';
import type { StudentExport, StudentsProtocol } from '../wire/students';

export interface StudentExportParts {
  /** The app's address, ending with a slash. */
  readonly base: string;
  readonly lock: JobLock;
  engine(): EngineClient;
  /** The base that an adapter belongs to, and its PEFT files. */
  adapter(place: AdapterPlace): Promise<{
    readonly student: string;
    readonly files: Readonly<Record<string, Uint8Array>>;
  }>;
}

type Context = CallContext<StudentsProtocol['exportStudent']>;

export function studentsHandlers(parts: StudentExportParts): Handlers<StudentsProtocol> {
  return {
    exportStudent: async ({ chosen, budget }, context) => {
      const release = await parts.lock.take();
      try {
        return await mergedStudent(parts, chosen, budget, context);
      } finally {
        release();
      }
    },
  };
}

/** Throws what loading and merging throw, InterruptedError. */
async function mergedStudent(
  { base, adapter, engine: open }: StudentExportParts,
  { format, ...place }: StudentExport,
  budget: number | null,
  { signal, progress }: Context,
): Promise<Readonly<Record<string, Uint8Array>>> {
  throwIfAborted(signal);
  const { student, files } = await adapter(place);
  const model = studentOf(student, await fetchCatalogue(base, signal), base);
  const engine = open();
  try {
    await engine.open('auto', [model]);
    const onProgress = withLoadRate((load) => progress({ type: 'load', model: model.id, ...load }));
    await engine.load(model.id, { signal, onProgress });
    return await engine.exportStudent(
      { model: model.id, adapter: files, format, budget },
      { signal, onProgress: (layer) => progress({ type: 'merge', ...layer }) },
    );
  } catch (thrown) {
    if (thrown instanceof DeviceLostError) engine.forget();
    throw asArkletError(thrown);
  }
}
