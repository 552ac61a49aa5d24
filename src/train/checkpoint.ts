/** The whole state of a training run between two steps, and its bytes: one safetensors file with metadata. */
import * as v from 'valibot';
import { FileFormatError } from '../core/errors';
import type { TrainOptions } from './options';
import { readState, writeState } from './stateFile';

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

const kind = 'training';

/** A checkpoint as bytes; equal checkpoints have equal bytes. */
export function writeCheckpoint(checkpoint: Checkpoint): Uint8Array<ArrayBuffer> {
  const { params, m, v: second, best, ...rest } = checkpoint;
  const state = { ...rest, best: best && { step: best.step, loss: best.loss } };
  return writeState(kind, state, { params, m, v: second, ...(best && { best: best.params }) });
}

/** The checkpoint in the bytes. Throws FileFormatError. */
export async function readCheckpoint(bytes: Uint8Array<ArrayBuffer>): Promise<Checkpoint> {
  const file = await readState(kind, bytes, { kindless: true });
  const read = v.safeParse(schema, file.state);
  if (!read.success)
    throw new FileFormatError('The checkpoint has no readable state.', 'Start this training again.');
  const { version: _, best, ...rest } = read.output;
  const params = file.tensor('params');
  const { length } = params;
  const moments = { m: file.tensor('m', length), v: file.tensor('v', length) };
  return { ...rest, params, ...moments, best: best && { ...best, params: file.tensor('best', length) } };
}
