/** One merged student at a time, and none while a run works. */
import { DeviceLostError, asArkletError } from '../core/errors';
import type { JobEvent, StudentExport } from '../wire/jobApi';
import { fetchCatalogue } from '../models/catalogue';
import type { EngineClient } from '../engine/engineClient';
import type { JobLock } from '../library/jobLock';
import { pacedLoad } from '../job/loadPace';
import type { AdapterArm } from '../wire/jobApi';
import { studentOf } from '../models/student';

export interface StudentExportParts {
  readonly base: string;
  readonly lock: JobLock;
  engine(): EngineClient;
  emit(event: JobEvent): void;
  /** The base that an adapter belongs to, and its PEFT files. */
  adapter(arm: Omit<AdapterArm, 'type'>): Promise<{
    readonly student: string;
    readonly files: Readonly<Record<string, Uint8Array>>;
  }>;
}

export class StudentExports {
  readonly #parts: StudentExportParts;
  #going: { readonly controller: AbortController; readonly ended: Promise<unknown> } | null = null;

  constructor(parts: StudentExportParts) {
    this.#parts = parts;
  }

  /** Ends the export before; throws BusyError while a run works, what loading and merging throw, InterruptedError. */
  async make(chosen: StudentExport, budget: number | null): Promise<Readonly<Record<string, Uint8Array>>> {
    await this.stop();
    const release = await this.#parts.lock.take();
    const controller = new AbortController();
    const work = this.#make(chosen, budget, controller.signal).finally(release);
    const going = { controller, ended: work.catch(() => undefined) };
    this.#going = going;
    try {
      return await work;
    } finally {
      if (this.#going === going) this.#going = null;
    }
  }

  async stop(): Promise<void> {
    this.#going?.controller.abort();
    await this.#going?.ended;
  }

  async #make(
    { runId, strategy, seed, format }: StudentExport,
    budget: number | null,
    signal: AbortSignal,
  ): Promise<Readonly<Record<string, Uint8Array>>> {
    const { base, emit } = this.#parts;
    const { student, files } = await this.#parts.adapter({ runId, strategy, seed });
    const model = studentOf(student, await fetchCatalogue(base, signal), base);
    const engine = this.#parts.engine();
    try {
      await engine.open('auto', [model]);
      const onProgress = pacedLoad((progress) => emit({ type: 'load', model: model.id, ...progress }));
      await engine.load(model.id, { signal, onProgress });
      return await engine.exportStudent(
        { model: model.id, adapter: files, format, budget },
        { signal, onProgress: (progress) => emit({ type: 'export', ...progress }) },
      );
    } catch (thrown) {
      if (thrown instanceof DeviceLostError) engine.forget();
      throw asArkletError(thrown);
    }
  }
}
