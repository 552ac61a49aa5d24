/** Whether a run can be stored at all: the least that it will write, against what the browser still grants. */
import { askedOf } from '../records/questionCounts';
import { StorageError } from '../core/errors';
import type { RunConfig } from '../settings/config';

/** What `navigator.storage.estimate` reports. */
export interface Room {
  readonly usage: number;
  readonly quota: number;
}

/** Bytes of the shortest turn with its prompt and its clock values, as stored. */
const turnBytes = 600;
/** Checkpoints and adapters of the smallest student. */
const trainingBytes = 50_000;

/** A lower bound: models' replies and larger students come on top. */
export function leastBytes(config: RunConfig): number {
  const spoken = askedOf(config) * config.nAgents * (config.protocol === 'debate' ? config.rounds + 1 : 1);
  const trainings = (config.strategies.length + config.controls.length) * config.distilSeeds;
  return spoken * turnBytes + trainings * trainingBytes;
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

/** Throws StorageError where there is certainly too little room. */
export function checkRoom(config: RunConfig, { usage, quota }: Room): void {
  const free = Math.max(0, quota - usage);
  const needed = leastBytes(config);
  if (free >= needed) return;
  throw new StorageError(
    `This run stores at least ${megabytes(needed)}, but the browser grants ${megabytes(free)} more (${megabytes(usage)} of ${megabytes(quota)} are in use).`,
    'Delete old runs under Runs or downloaded models under Models, or free space on the disk; then start again.',
  );
}
