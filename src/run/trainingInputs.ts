/**
 * All that a training hangs on, as one hash: its rows, the base, the adapter it starts from and the settings. A stored training
 * is gone on with, kept or taken over only where the hash is the same: equal settings alone say nothing about what was learnt.
 */
import { sha256 } from '../models/hashes';
import type { CheckpointId } from '../store/checkpoints';
import type { Job } from './job';

/** Changes when the same inputs would be trained to other bytes. */
const method = 1;

/** JSON with the names in one order. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_name, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}

/** Hash of an adapter's weights and config; null for none. */
async function adapterHash(files: Readonly<Record<string, Uint8Array>> | null): Promise<string | null> {
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

/** Null where the base cannot be told from others: its training is then taken over by nobody. */
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
  const logOf = async (runId: string) =>
    (await store.getLogs(runId)).find((log) => log.strategy === id.strategy && log.seed === id.seed);
  if (await store.getAdapter(id)) {
    if (inputs === null || (await logOf(id.runId))?.inputs === inputs) return true;
    await store.removeAdapter(id);
  }
  if (from === null || inputs === null) return false;
  const log = await logOf(from);
  if (log?.inputs !== inputs) return false;
  const files = await store.getAdapter({ ...id, runId: from });
  if (!files) return false;
  await store.putLog({ ...log, runId: id.runId });
  await store.putAdapter(id, files);
  return true;
}
