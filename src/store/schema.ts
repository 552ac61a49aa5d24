/** The database "arklet". A change of shape is a new version with a step in `migrations`. */
import type { DBSchema, IDBPDatabase, IDBPTransaction, StoreNames } from 'idb';
import type { DeviceFacts } from '../records/device';
import type { RunRecord } from '../records/runRecords';
import { storedConfig } from '../settings/config';
import type { Dataset, Question, Report, RowsCut, Turn, TurnTiming } from '../records/records';
import type { ContinuationRecord } from '../records/padRecords';
import type { EvalSamples, TrainLog } from '../records/trainLog';

export interface StoredRun extends RunRecord {
  /** What it runs on, chosen before its first turn and kept when it is resumed; null before. */
  readonly device: {
    readonly backend: string;
    readonly device: string;
    readonly threads: number;
    readonly reason: DeviceFacts;
  } | null;
  /** Seconds spent by phase, over all sessions. */
  readonly seconds: Readonly<Record<string, number>>;
  /** The run whose debate it uses again. */
  readonly from?: string;
}

export interface StoredLog {
  readonly runId: string;
  readonly strategy: string;
  readonly seed: number;
  readonly steps: readonly TrainLog[];
  readonly probes?: readonly EvalSamples[];
  readonly inputs?: string;
  readonly rows?: RowsCut;
}

/** SHA-256 of what is beside it; records of version 1 have none. */
interface Sealed {
  readonly hash?: string;
}

/** Where a checkpoint is: an OPFS file, its length and its digest. */
export interface CheckpointFile {
  readonly step: number;
  readonly path: string;
  readonly bytes: number;
  readonly hash?: string;
}

/** The last two checkpoints of a training: where the newest is, and the one before it. */
export interface StoredCheckpoint extends CheckpointFile {
  readonly runId: string;
  readonly strategy: string;
  readonly seed: number;
  readonly older?: CheckpointFile;
}

/** The files of an adapter, which are in OPFS: SHA-256 by name. Those of version 1 have no record. */
export interface StoredAdapter {
  readonly runId: string;
  readonly strategy: string;
  readonly seed: number;
  readonly hashes: Readonly<Record<string, string>>;
}

export interface ArkletSchema extends DBSchema {
  runs: { key: string; value: StoredRun; indexes: { createdAt: number } };
  questions: { key: string; value: Sealed & { runId: string; questions: readonly Question[] } };
  turns: { key: [string, string]; value: Sealed & { runId: string; key: string; turn: Turn } };
  timings: { key: [string, string]; value: { runId: string; key: string; timing: TurnTiming } };
  datasets: { key: [string, string]; value: Sealed & { runId: string; name: string; dataset: Dataset } };
  logs: { key: [string, string, number]; value: Sealed & StoredLog };
  checkpoints: { key: [string, string, number]; value: StoredCheckpoint };
  adapters: { key: [string, string, number]; value: StoredAdapter };
  continuations: { key: string; value: Sealed & { runId: string; records: readonly ContinuationRecord[] } };
  reports: { key: string; value: Sealed & { runId: string; report: Report } };
  settings: { key: string; value: { key: string; value: unknown } };
}

export type Database = IDBPDatabase<ArkletSchema>;
type Upgrade = (
  database: Database,
  transaction: IDBPTransaction<ArkletSchema, StoreNames<ArkletSchema>[], 'versionchange'>,
) => void | Promise<void>;

/** migrations[v] brings a database of version v to v + 1. */
export const migrations: readonly Upgrade[] = [
  (database) => {
    database.createObjectStore('runs', { keyPath: 'id' }).createIndex('createdAt', 'createdAt');
    database.createObjectStore('questions', { keyPath: 'runId' });
    database.createObjectStore('turns', { keyPath: ['runId', 'key'] });
    database.createObjectStore('timings', { keyPath: ['runId', 'key'] });
    database.createObjectStore('datasets', { keyPath: ['runId', 'name'] });
    database.createObjectStore('logs', { keyPath: ['runId', 'strategy', 'seed'] });
    database.createObjectStore('checkpoints', { keyPath: ['runId', 'strategy', 'seed'] });
    database.createObjectStore('reports', { keyPath: 'runId' });
    database.createObjectStore('settings', { keyPath: 'key' });
  },
  // Settings of runs and reports move to the places of today's table.
  async (_database, transaction) => {
    const runs = transaction.objectStore('runs');
    for (let at = await runs.openCursor(); at; at = await at.continue())
      await at.update({ ...at.value, config: storedConfig(at.value.config) });
    const reports = transaction.objectStore('reports');
    for (let at = await reports.openCursor(); at; at = await at.continue()) {
      const { report } = at.value;
      await at.update({ ...at.value, report: { ...report, config: storedConfig(report.config) } });
    }
  },
  (database) => {
    database.createObjectStore('adapters', { keyPath: ['runId', 'strategy', 'seed'] });
  },
  // Continuations get a table, and what a run has on its device is facts, no longer a sentence.
  async (database, transaction) => {
    database.createObjectStore('continuations', { keyPath: 'runId' });
    const runs = transaction.objectStore('runs');
    for (let at = await runs.openCursor(); at; at = await at.continue()) {
      const { device } = at.value;
      const reason: unknown = device?.reason;
      if (!device || typeof reason !== 'string') continue;
      const facts: DeviceFacts = reason === '' ? [] : [{ kind: 'text', text: reason }];
      await at.update({ ...at.value, device: { ...device, reason: facts } });
    }
  },
];

export const schemaVersion = migrations.length;
