/** The state of a training between two steps as bytes: one safetensors file, everything but the tensors as JSON in its metadata. */
import { FileFormatError } from '../core/errors';
import { parseJson } from '../core/json';
import { MemorySource } from '../core/fileSource';
import { readHeader, writeSafetensors } from '../lm/safetensors';

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
  /** A tensor by name; throws FileFormatError where there is none of that length (any, where none is asked for). */
  tensor(name: string, length?: number): Float32Array;
}

/** Throws FileFormatError for damaged bytes or another kind of state; `kindless` states of version 0.1 name no kind. */
export async function readState(
  kind: string,
  bytes: Uint8Array<ArrayBuffer>,
  { kindless = false } = {},
): Promise<StateFile> {
  const { tensors, metadata } = await readHeader(new MemorySource([[kind, bytes]]), kind);
  let state: unknown;
  try {
    state = parseJson(metadata['arklet'] ?? '');
  } catch (cause) {
    throw new FileFormatError(`The checkpoint of the ${kind} has no readable state.`, hint, { cause });
  }
  const found = typeof state === 'object' && state !== null && 'kind' in state ? state.kind : undefined;
  if (found !== kind && !(kindless && found === undefined))
    throw new FileFormatError(`A checkpoint of the ${kind} was expected, not of ${String(found)}.`, hint);
  return {
    state,
    tensor(name, length) {
      const entry = tensors.get(name);
      if (entry?.dtype !== 'F32' || (length !== undefined && entry.shape[0] !== length)) {
        const size = length === undefined ? '' : ` [${length}]`;
        throw new FileFormatError(`The checkpoint of the ${kind} lacks ${name}${size}.`, hint);
      }
      return new Float32Array(bytes.slice(entry.start, entry.end).buffer);
    },
  };
}
