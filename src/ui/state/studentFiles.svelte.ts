/** Students on their way to a file: one at a time, with how far it is; the file is saved when it is made. */
import { InterruptedError } from '../../core/errors';
import type { JobApi, JobEvent, StudentExport } from '../../wire/jobApi';
import { saveFile, zipFiles } from '../exports';
import type { Models } from '../models/models.svelte';
import type { Notices } from './notices.svelte';

interface Owner {
  readonly notices: Notices;
  readonly models: Models;
  api(): Promise<JobApi>;
}

type Progress = Extract<JobEvent, { type: 'export' }>;

export class StudentFiles {
  /** What is being made; null: nothing. */
  making = $state.raw<StudentExport | null>(null);
  /** Null while the student is loaded. */
  progress = $state.raw<Progress | null>(null);
  readonly #session: Owner;

  constructor(session: Owner) {
    this.#session = session;
  }

  receive(event: Progress): void {
    if (this.making) this.progress = event;
  }

  async save(chosen: StudentExport, name: string): Promise<void> {
    const { notices, models } = this.#session;
    if (this.making) return;
    this.making = chosen;
    this.progress = null;
    await notices.guard(async () => {
      const api = await this.#session.api();
      try {
        const files = await api.exportStudent(chosen, models.plan?.budget ?? null);
        const gguf = files['model.gguf'];
        if (gguf) saveFile(`${name}.gguf`, new Blob([new Uint8Array(gguf)]));
        else saveFile(`${name}.zip`, await zipFiles(files));
      } catch (thrown) {
        // Somebody pressed Cancel.
        if (!(thrown instanceof InterruptedError)) throw thrown;
      }
    }, `export/${chosen.runId}`);
    this.making = null;
    this.progress = null;
  }

  async stop(): Promise<void> {
    await this.#session.notices.guard(async () => (await this.#session.api()).stopExport());
  }
}
