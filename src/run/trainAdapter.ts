/** Supervised training of an adapter inside the engine worker. */
import type { Gate } from '../core/gate';
import { readAdapterFiles, writeAdapterFiles } from '../lm/adapterFiles';
import { readCheckpoint, writeCheckpoint } from '../train/checkpoint';
import { defaultTrainOptions, type TrainOptions } from '../train/options';
import type { TrainRow } from '../train/batch';
import { train } from '../train/trainer';
import type { EngineModel } from './engineModel';
import type { TrainingRow, TrainRequest, TrainUpdate } from './engineProtocol';

function toRow({ messages, target }: TrainingRow): TrainRow {
  return { messages: [...messages, { role: 'assistant', content: target }] };
}

/**
 * Trains and leaves the adapter switched in under its id. Gives its PEFT files. Throws what `train` throws; a
 * checkpoint was handed out before an InterruptedError.
 */
export async function trainAdapter(
  engine: EngineModel,
  request: TrainRequest,
  hooks: { signal: AbortSignal; gate: Gate; onUpdate: (update: TrainUpdate) => void },
): Promise<Readonly<Record<string, Uint8Array>>> {
  return null as never;
}
