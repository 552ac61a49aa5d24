/** States of the two trainings between two steps as bytes: one safetensors file, its settings as JSON in the metadata. */
import { FileFormatError } from '../../core/errors';
import { MemorySource } from '../../core/fileSource';
import { readHeader, writeSafetensors } from '../../lm/safetensors';

const hint = 'Start this training again.';

/** Equal states have equal bytes. */
export function writeState(
  kind: string,
  state: object,
  tensors: Readonly<Record<string, Float32Array>>,
): Uint8Array<ArrayBuffer> {
  const list = Object.entries(tensors).map(([name, data]) => ({
    name,
    dtype: 'F32' as const,
    shape: [data.length],
    data,
  }));
  return writeSafetensors(list, { arklet: JSON.stringify({ version: 1, kind, ...state }) });
}

export interface StateFile {
  readonly state: unknown;
  /** A tensor by name; throws FileFormatError where there is none of that length. */
  tensor(name: string, length: number): Float32Array;
}

/** Throws FileFormatError for damaged bytes or another kind of state. */
export async function readState(kind: string, bytes: Uint8Array<ArrayBuffer>): Promise<StateFile> {
  const { tensors, metadata } = await readHeader(new MemorySource([[kind, bytes]]), kind);
  let state: unknown;
  try {
    state = JSON.parse(metadata['arklet'] ?? '');
  } catch (cause) {
    throw new FileFormatError(`The checkpoint of the ${kind} has no readable state.`, hint, { cause });
  }
  const found = typeof state === 'object' && state !== null && 'kind' in state ? state.kind : undefined;
  if (found !== kind)
    throw new FileFormatError(`A checkpoint of the ${kind} was expected, not of ${String(found)}.`, hint);
  return {
    state,
    tensor(name, length) {
      const entry = tensors.get(name);
      if (entry?.dtype !== 'F32' || entry.shape[0] !== length)
        throw new FileFormatError(`The checkpoint of the ${kind} lacks ${name} [${length}].`, hint);
      return new Float32Array(bytes.slice(entry.start, entry.end).buffer);
    },
  };
}

/** A value as text that does not depend on the order of its keys. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) =>
    typeof item === 'object' && item !== null && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)))
      : item,
  );
}
