/** Everything a job writes and reads again, behind one interface. */
import type { Dataset, Question, Report, Turn, TurnTiming } from '../core/records';
import { getAdapter, getAdapterFile, listAdapters, putAdapter, removeAdapter } from './adapters';
import { getCheckpoint, putCheckpoint, removeCheckpoint, type CheckpointId } from './checkpoints';
import { guarded, keysOfRun, openDatabase } from './database';
import { getDatasets, putDataset } from './datasets';
import { openFiles, type FileStore } from './files';
import { getLogs, putLog } from './logs';
import { getQuestions, putQuestions } from './questions';
import { getReport, putReport } from './reports';
import { getSetting, putSetting } from './settings';
import { getRun, listRuns, putRun } from './runs';
import type { Database, StoredLog, StoredRun } from './schema';
import { getTimings } from './timings';
import { getTurns, putTurns } from './turns';

export interface TimedTurn {
  readonly turn: Turn;
  readonly timing: TurnTiming;
}

export interface JobStore {
  putRun(run: StoredRun): Promise<void>;
  getRun(id: string): Promise<StoredRun | null>;
  /** Newest first. */
  listRuns(): Promise<readonly StoredRun[]>;
  /** Removes the run and all that belongs to it. */
  removeRun(id: string): Promise<void>;
  putQuestions(runId: string, questions: readonly Question[]): Promise<void>;
  getQuestions(runId: string): Promise<readonly Question[] | null>;
  putTurns(turns: readonly TimedTurn[]): Promise<void>;
  getTurns(runId: string): Promise<readonly Turn[]>;
  getTimings(runId: string): Promise<readonly TurnTiming[]>;
  putDataset(runId: string, name: string, dataset: Dataset): Promise<void>;
  getDatasets(runId: string): Promise<readonly Dataset[]>;
  putLog(log: StoredLog): Promise<void>;
  getLogs(runId: string): Promise<readonly StoredLog[]>;
  putCheckpoint(id: CheckpointId, step: number, bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  getCheckpoint(id: CheckpointId): Promise<{ step: number; bytes: Uint8Array<ArrayBuffer> } | null>;
  removeCheckpoint(id: CheckpointId): Promise<void>;
  putAdapter(id: CheckpointId, contents: Readonly<Record<string, Uint8Array>>): Promise<void>;
  getAdapter(id: CheckpointId): Promise<Record<string, Uint8Array<ArrayBuffer>> | null>;
  /** One of its files: null where there is none, or where the adapter was never finished. */
  getAdapterFile(id: CheckpointId, name: string): Promise<Uint8Array<ArrayBuffer> | null>;
  removeAdapter(id: CheckpointId): Promise<void>;
  /** The finished adapters of a run, by strategy and seed. */
  listAdapters(runId: string): Promise<readonly { readonly strategy: string; readonly seed: number }[]>;
  putReport(runId: string, report: Report): Promise<void>;
  getReport(runId: string): Promise<Report | null>;
  /** Small things that outlive a page; the caller validates what it reads. */
  getSetting(key: string): Promise<unknown>;
  putSetting(key: string, value: unknown): Promise<void>;
  /** Bytes of a run: its files exactly, its records by the length of their JSON. */
  sizeOf(runId: string): Promise<number>;
}

const byRun = ['turns', 'timings', 'datasets', 'logs', 'checkpoints'] as const;
const oneByRun = ['runs', 'questions', 'reports'] as const;

async function removeRun(database: Database, files: FileStore, runId: string): Promise<void> {
  await guarded(async () => {
    const transaction = database.transaction([...byRun, ...oneByRun], 'readwrite');
    for (const name of byRun) void transaction.objectStore(name).delete(keysOfRun(runId));
    for (const name of oneByRun) void transaction.objectStore(name).delete(runId);
    await transaction.done;
  });
  await files.remove(`runs/${runId}`);
}

async function sizeOf(database: Database, files: FileStore, runId: string): Promise<number> {
  let bytes = await files.bytes(`runs/${runId}`);
  for (const name of [...byRun, ...oneByRun]) {
    const range = (byRun as readonly string[]).includes(name) ? keysOfRun(runId) : runId;
    const records = await guarded(() => database.getAll(name, range));
    for (const record of records) bytes += JSON.stringify(record).length;
  }
  return bytes;
}

/** The store in IndexedDB and OPFS. */
export function createJobStore(database: Database, files: FileStore): JobStore {
  return {
    putRun: (run) => putRun(database, run),
    getRun: (id) => getRun(database, id),
    listRuns: () => listRuns(database),
    removeRun: (id) => removeRun(database, files, id),
    putQuestions: (runId, questions) => putQuestions(database, runId, questions),
    getQuestions: (runId) => getQuestions(database, runId),
    putTurns: (turns) => putTurns(database, turns),
    getTurns: (runId) => getTurns(database, runId),
    getTimings: (runId) => getTimings(database, runId),
    putDataset: (runId, name, dataset) => putDataset(database, runId, name, dataset),
    getDatasets: (runId) => getDatasets(database, runId),
    putLog: (log) => putLog(database, log),
    getLogs: (runId) => getLogs(database, runId),
    putCheckpoint: (id, step, bytes) => putCheckpoint(database, files, id, step, bytes),
    getCheckpoint: (id) => getCheckpoint(database, files, id),
    removeCheckpoint: (id) => removeCheckpoint(database, files, id),
    putAdapter: (id, contents) => putAdapter(files, id, contents),
    getAdapter: (id) => getAdapter(files, id),
    getAdapterFile: (id, name) => getAdapterFile(files, id, name),
    removeAdapter: (id) => removeAdapter(files, id),
    listAdapters: (runId) => listAdapters(files, runId),
    putReport: (runId, report) => putReport(database, runId, report),
    getReport: (runId) => getReport(database, runId),
    getSetting: (key) => getSetting(database, key),
    putSetting: (key, value) => putSetting(database, key, value),
    sizeOf: (runId) => sizeOf(database, files, runId),
  };
}

/** Opens database and files under one name. Throws StorageError. */
export async function openJobStore(name = 'arklet'): Promise<JobStore> {
  const [database, files] = await Promise.all([openDatabase(name), openFiles(name)]);
  return createJobStore(database, files);
}
