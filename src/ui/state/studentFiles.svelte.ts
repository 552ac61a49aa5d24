/** Students on their way to a file: one at a time, with how far it is; the file is saved when it is made. */
import { InterruptedError } from '../../core/errors';
import type { JobApi } from '../../wire/jobApi';
import type { ExportProgress, StudentExport } from '../../wire/students';
import { saveFile, zipFiles } from '../exports';
import type { Models } from '../models/models.svelte';
import type { Notices } from './notices.svelte';

interface Owner {
  readonly notices: Notices;
  readonly models: Models;
  api(): Promise<JobApi>;
}

export class StudentFiles {
  /** What is being made; null: nothing. */
  making = $state.raw<StudentExport | null>(null);
  /** Null while the student is loaded. */
  progress = $state.raw<Extract<ExportProgress, { type: 'merge' }> | null>(null);
  readonly #owner: Owner;
  #controller: AbortController | null = null;

  constructor(owner: Owner) {
    this.#owner = owner;
  }

  async save(chosen: StudentExport, name: string): Promise<void> {
    const { notices, models } = this.#owner;
    if (this.making) return;
    this.making = chosen;
    this.progress = null;
    const controller = new AbortController();
    this.#controller = controller;
    await notices.guard(async () => {
      const { students } = await this.#owner.api();
      try {
        const files = await students.exportStudent(
          { chosen, budget: models.plan?.budget ?? null },
          {
            signal: controller.signal,
            onProgress: (progress) => {
              if (progress.type === 'merge') this.progress = progress;
            },
          },
        );
        const [[path = '', only] = [], second] = Object.entries(files);
        const alone = only && second === undefined && path.endsWith('.gguf');
        if (alone) saveFile(`${name}.gguf`, new Blob([new Uint8Array(only)]));
        else saveFile(`${name}.zip`, await zipFiles(files));
      } catch (thrown) {
        // Somebody pressed Cancel.
        if (!(thrown instanceof InterruptedError)) throw thrown;
      }
    }, `export/${chosen.runId}`);
    this.making = null;
    this.progress = null;
  }

  stop(): void {
    this.#controller?.abort();
  }
}
