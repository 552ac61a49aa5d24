/** A trained student as a model of its own. */
import type { Names, Stream } from './calls';
import type { JobEvent } from './jobEvents';
import type { AdapterPlace } from './runs';

/** Which adapter is merged into its student, and as what: a Hugging Face folder, or one GGUF file. */
export interface StudentExport extends AdapterPlace {
  readonly format: 'merged' | 'gguf';
}

/** The student that is loaded for it, then each layer that is merged; `bytes`: of the file. */
export type ExportProgress =
  | Extract<JobEvent, { type: 'load' }>
  | { readonly type: 'merge'; readonly done: number; readonly total: number; readonly bytes: number };

type Files = Readonly<Record<string, Uint8Array>>;

export interface StudentsProtocol {
  /**
   * The student with its adapter merged in: name to bytes. `budget`: bytes that may be held, null where none is known. Rejects
   * with BusyError while a run works, OutOfMemoryError where it would hold more, InterruptedError when it is aborted.
   */
  readonly exportStudent: Stream<
    { readonly chosen: StudentExport; readonly budget: number | null },
    ExportProgress,
    Files
  >;
}

export const studentsNames: Names<StudentsProtocol> = { exportStudent: true };
