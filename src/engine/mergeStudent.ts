/** A student with an adapter merged in, as files, inside the engine worker. */
import { OutOfMemoryError } from '../core/errors';
import { filesSource, type FileSource } from '../core/fileSource';
import { exportCommand, mergedFormat, type Files } from '../train/commands';
import type { StudentFormat } from '../wire/students';
import type { EngineModel } from './engineModel';

/** Most bytes of one file: a page cannot be sure of a longer buffer. */
const longestFile = 2 ** 31 - 2 ** 16;

const megabytes = (bytes: number): string => `${Math.ceil(bytes / 1e6).toLocaleString('en')} MB`;

/** Bytes of the merged file by its parameters. */
export function mergedBytes({ model, info }: Pick<EngineModel, 'model' | 'info'>): number {
  return info.parameters * (mergedFormat(model) === 'f32' ? 4 : 2);
}

/** Throws OutOfMemoryError before anything is made, InterruptedError, and what the tokenizer cannot be written as. */
export async function mergeStudent(
  engine: EngineModel,
  request: {
    readonly adapter: Readonly<Record<string, Uint8Array>>;
    readonly format: StudentFormat;
    /** Bytes that may be held, and that are held by the engine now. */
    readonly budget: number | null;
    readonly held: number;
    readonly source: FileSource;
  },
  {
    signal,
    progress,
  }: {
    readonly signal: AbortSignal;
    progress(part: { readonly done: number; readonly total: number; readonly bytes: number }): void;
  },
): Promise<Readonly<Record<string, Uint8Array<ArrayBuffer>>>> {
  const { adapter, format, budget, held, source } = request;
  const bytes = mergedBytes(engine);
  const made = (): Promise<Files> =>
    exportCommand({
      model: engine.model,
      adapter: filesSource(adapter, 'the adapter'),
      source,
      format,
      baseModel: engine.id,
      signal,
      onLayer: (done, total) => progress({ done, total, bytes }),
    });
  // The tensors, and the file that they are copied into.
  const needed = held + 2 * bytes;
  const merges = format !== 'gguf-adapter' && format !== 'mlx';
  if (!merges) return Object.fromEntries(await made());
  if (bytes > longestFile || (budget !== null && needed > budget)) {
    throw new OutOfMemoryError(
      bytes > longestFile
        ? `The merged model would have ${megabytes(bytes)}, more than the ${megabytes(longestFile)} that a page can make.`
        : `Merging the model would hold ${megabytes(needed)}, more than the ${megabytes(budget ?? 0)} of this machine.`,
      'Save the adapter, and merge it with peft or on the command line.',
      { details: { bytes: needed, budget } },
    );
  }
  return Object.fromEntries(await made());
}
