/**
 * All that a training depends on, as one hash: its rows, the base, the adapter it starts from and the settings. A stored training
 * is resumed, kept or reused only where the hash is the same: equal settings alone do not make equal trainings.
 */
import { canonical } from '../core/canonical';
import { ArkletError } from '../core/errors';
import { filesSource } from '../core/fileSource';
import { sha256 } from '../models/hashes';
import type { CheckpointId } from '../store/checkpoints';
import type { Damage } from '../store/digest';
import { readPeft } from '../train/adapterFiles';
import { madeAgain } from '../library/damage';
import type { Job } from './job';

/** Changes when the same inputs would be trained to other bytes. */
const method = 1;

/** Hash of an adapter's weights and config; null for none. */
export async function adapterHash(
  files: Readonly<Record<string, Uint8Array>> | null,
): Promise<string | null> {
  if (files === null) return null;
  const names = Object.keys(files).filter((name) => name.startsWith('adapter_'));
  const hashes = names.sort().map(async (name) => [name, await sha256(new Uint8Array(files[name]!))]);
  return sha256(new TextEncoder().encode(JSON.stringify(await Promise.all(hashes))));
}

export interface TrainingParts {
  readonly kind: 'sft' | 'reward' | 'rl';
  /** Adapters that it reads, by their part in it. */
  readonly adapters: Readonly<Record<string, Readonly<Record<string, Uint8Array>> | null>>;
  /** Rows, questions and settings: plain data. */
  readonly data: unknown;
}

/** Null where the base cannot be identified: its training is then never reused. */
export async function trainingInputs(
  job: Job,
  { kind, adapters, data }: TrainingParts,
): Promise<string | null> {
  const base = await job.baseHash();
  if (base === null) return null;
  const read = Object.entries(adapters).map(async ([part, files]) => [part, await adapterHash(files)]);
  const inputs = {
    method,
    kind,
    base,
    backend: job.device.backend,
    // Rollouts and continuations read the cache; what was trained before there was a choice had f32.
    ...(kind !== 'sft' && job.config.kvCache !== 'f32' && { kvCache: job.config.kvCache }),
    adapters: Object.fromEntries((await Promise.all(read)) as [string, string | null][]),
    data,
  };
  return sha256(new TextEncoder().encode(canonical(inputs)));
}

/**
 * Whether a training on these inputs is stored: the run's own, or one of the run whose debate it uses, which is then taken over.
 * An adapter of the run that was trained on anything else is removed.
 */
export async function hasTraining(job: Job, id: CheckpointId, inputs: string | null): Promise<boolean> {
  const { store, from } = job;
  const own = await storedTraining(job, id);
  if (own) {
    if (own.damages.length > 0)
      job.emit({ type: 'error', runId: job.runId, error: madeAgain(own.damages).toData() });
    else if (inputs === null || own.log?.inputs === inputs) return true;
    await store.removeAdapter(id);
  }
  if (from === null || inputs === null) return false;
  const other = await storedTraining(job, { ...id, runId: from });
  if (!other?.files || other.damages.length > 0 || other.log?.inputs !== inputs) return false;
  await store.putLog({ ...other.log, runId: id.runId });
  await store.putAdapter(id, other.files);
  return true;
}

/** What is stored of a training that ended, and what of it is damaged; null where no adapter is. */
async function storedTraining({ store }: Job, id: CheckpointId) {
  const damages: Damage[] = [];
  const files = await store.getAdapter(id, (damage) => damages.push(damage));
  if (files === null && damages.length === 0) return null;
  if (files && !(await isReadable(files)))
    damages.push({ part: 'adapter', name: id.strategy, seed: id.seed });
  const logs = await store.getLogs(id.runId, (damage) => {
    if (damage.name === id.strategy && damage.seed === id.seed) damages.push(damage);
  });
  const log = logs.find((one) => one.strategy === id.strategy && one.seed === id.seed);
  return { files, damages, log };
}

/** Adapters of older versions were stored without a digest. */
async function isReadable(files: Readonly<Record<string, Uint8Array>>): Promise<boolean> {
  try {
    await readPeft(filesSource(files, 'adapter'));
    return true;
  } catch (thrown) {
    if (thrown instanceof ArkletError) return false;
    throw thrown;
  }
}
