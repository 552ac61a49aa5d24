/** Messages about stored parts of a run that are not as they were written, and what is done about them. */
import * as v from 'valibot';
import { ImportError, StorageError } from '../core/errors';
import type { RunRecord } from '../records/runRecords';
import type { Damage } from '../store/digest';
import type { StoredRun } from '../store/schema';
import { issueOf } from '../records/recordSchemas';
import { configAt, runSchema } from '../records/archiveSchema';
import { presets } from '../settings/config';

const words: Readonly<Record<Damage['part'], (names: readonly string[]) => string>> = {
  turn: (names) => (names.length === 1 ? '1 turn' : `${names.length} turns`),
  dataset: (names) => `the training data of ${names.join(', ')}`,
  log: (names) => `the training log of ${names.join(', ')}`,
  report: () => 'the report',
  checkpoint: (names) => `the checkpoint of ${names.join(', ')}`,
  adapter: (names) => `the adapter of ${names.join(', ')}`,
};

/** "3 turns, the report". */
function listed(damages: readonly Damage[]): string {
  const parts = [...new Set(damages.map(({ part }) => part))];
  return parts
    .map((part) => words[part](damages.filter((one) => one.part === part).map(({ name }) => name)))
    .join(', ');
}

/** Of a run that works: what was damaged is made again. */
export function madeAgain(damages: readonly Damage[]): StorageError {
  return new StorageError(
    `Stored parts of this run were damaged and are made again: ${listed(damages)}.`,
    'Nothing needs to be done. If this comes back, check the disk.',
    { details: { parts: damages.map(({ part, name }) => `${part}: ${name}`) } },
  );
}

/** Of a run that is only read. */
export function leftOut(name: string, damages: readonly Damage[]): StorageError {
  return new StorageError(
    `Stored parts of ${name} are damaged and left out: ${listed(damages)}.`,
    'What is shown is as it was stored. A new run with the same settings makes the rest again.',
    { details: { parts: damages.map(({ part, name: which }) => `${part}: ${which}`) } },
  );
}

/** What is wrong with a run's own record; null where nothing is. */
function faultOf(run: StoredRun): string | null {
  const result = v.safeParse(runSchema, run);
  if (!result.success) return issueOf(result.issues);
  try {
    configAt('settings', run.config);
    return null;
  } catch (thrown) {
    return thrown instanceof Error ? thrown.message.replace(/^.*?: /, '') : 'settings';
  }
}

/** The run with whole settings. Throws ImportError that names what of its record is damaged. */
export function soundRun(run: StoredRun): StoredRun {
  const fault = faultOf(run);
  if (fault === null) return { ...run, config: configAt('settings', run.config) };
  throw new ImportError(
    `The stored record of run ${String(run.id)} is damaged (${fault}).`,
    'Delete this run and start a new one.',
  );
}

/** How a list shows a run: one whose record is damaged is marked, and can only be deleted. */
export function shownRun({ device: _device, seconds: _seconds, ...run }: StoredRun): RunRecord {
  const fault = faultOf({ ...run, device: null, seconds: {} });
  if (fault === null) return { ...run, config: configAt('settings', run.config) };
  const { id, name, createdAt, deletedAt } = run;
  return {
    id,
    name: typeof name === 'string' && name.trim() !== '' ? name : id,
    note: '',
    config: presets.quick,
    createdAt: Number.isFinite(new Date(createdAt).getTime()) ? createdAt : 0,
    status: 'failed',
    phase: 'load',
    pinned: false,
    error: null,
    ...(deletedAt !== undefined && { deletedAt }),
    damaged: fault,
  };
}
