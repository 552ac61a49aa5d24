/** A trained student as a model of its own. */
import type { Names, Stream } from './calls';
import type { JobEvent } from './jobEvents';
import type { AdapterPlace } from './runs';

/**
 * As what a student leaves: a Hugging Face folder; one GGUF file (`gguf`: in the base's own precision); an 8-bit GGUF with its
 * Modelfile; the adapter alone for llama.cpp or mlx_lm.
 */
export const studentFormats = [
  'merged',
  'gguf',
  'gguf-q8_0',
  'gguf-q4_0',
  'ollama',
  'gguf-adapter',
  'mlx',
] as const;
export type StudentFormat = (typeof studentFormats)[number];

/** Which adapter is exported, and as what. */
export interface StudentExport extends AdapterPlace {
  readonly format: StudentFormat;
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
