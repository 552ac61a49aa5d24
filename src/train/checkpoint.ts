/** The whole state of a training run between two steps, and its bytes: one safetensors file with metadata. */
import * as v from 'valibot';
import { FileFormatError } from '../core/errors';
import { MemorySource } from '../core/fileSource';
import { readHeader, writeSafetensors } from '../lm/safetensors';
import type { TensorToWrite } from '../lm/safetensors';
import type { TrainOptions } from './options';

export interface BestState {
  readonly step: number;
  readonly loss: number;
  readonly params: Float32Array;
}

export interface Checkpoint {
  /** Optimiser steps done. */
  readonly step: number;
  /** Documents seen: the place in the endless sequence of epochs. */
  readonly cursor: number;
  /** Tokens seen, prompts included. */
  readonly tokens: number;
  readonly options: TrainOptions;
  /** Fingerprint of the tokenised training data. */
  readonly data: number;
  /** Backend and device that made it; bytes repeat only there. */
  readonly device: string;
  /** The backend's choice of kernel variants in its own form, or null. */
  readonly variants: string | null;
  /** Flat parameters and AdamW moments in the adapter's layout. */
  readonly params: Float32Array;
  readonly m: Float32Array;
  readonly v: Float32Array;
  /** The parameters with the lowest held-out loss so far. */
  readonly best: BestState | null;
  /** Held-out losses in a row that were no better than the best. */
  readonly stale: number;
}

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const schema = v.object({
  version: v.literal(1),
  step: count,
  cursor: count,
  tokens: count,
  options: v.custom<TrainOptions>((value) => typeof value === 'object' && value !== null && 'lora' in value),
  data: count,
  device: v.string(),
  variants: v.nullable(v.string()),
  best: v.nullable(v.object({ step: count, loss: v.number() })),
  stale: count,
});

/** A checkpoint as bytes; equal checkpoints have equal bytes. */
export function writeCheckpoint(checkpoint: Checkpoint): Uint8Array<ArrayBuffer> {
  const { params, m, v: second, best, ...rest } = checkpoint;
  const flat = (name: string, data: Float32Array): TensorToWrite => ({
    name,
    dtype: 'F32',
    shape: [data.length],
    data,
  });
  const tensors = [flat('params', params), flat('m', m), flat('v', second)];
  if (best) tensors.push(flat('best', best.params));
  const state = { version: 1, ...rest, best: best && { step: best.step, loss: best.loss } };
  return writeSafetensors(tensors, { arklet: JSON.stringify(state) });
}

/** The checkpoint in the bytes. Throws FileFormatError. */
export async function readCheckpoint(bytes: Uint8Array<ArrayBuffer>): Promise<Checkpoint> {
  const name = 'checkpoint';
  const { tensors, metadata } = await readHeader(new MemorySource([[name, bytes]]), name);
  const hint = 'Start this training again.';
  let state: v.InferOutput<typeof schema>;
  try {
    state = v.parse(schema, JSON.parse(metadata['arklet'] ?? ''));
  } catch (cause) {
    throw new FileFormatError('The checkpoint has no readable state.', hint, { cause });
  }
  const flat = (label: string): Float32Array => {
    const entry = tensors.get(label);
    if (entry?.dtype !== 'F32') throw new FileFormatError(`The checkpoint lacks ${label}.`, hint);
    return new Float32Array(bytes.slice(entry.start, entry.end).buffer);
  };
  const { version: _, best, ...rest } = state;
  const checkpoint = { ...rest, params: flat('params'), m: flat('m'), v: flat('v') };
  if (checkpoint.m.length !== checkpoint.params.length || checkpoint.v.length !== checkpoint.params.length)
    throw new FileFormatError('Parameters and moments of the checkpoint differ in length.', hint);
  return { ...checkpoint, best: best && { ...best, params: flat('best') } };
}
