/** Everything a job writes and reads again, behind one interface. */
import type { Dataset, Question, Report, Turn, TurnTiming } from '../core/records';
import { getAdapter, getAdapterFile, listAdapters, putAdapter, removeAdapter } from './adapters';
import { getCheckpoint, putCheckpoint, removeCheckpoint, type CheckpointId } from './checkpoints';
import { guarded, keysOfRun, openDatabase } from './database';
import { getDatasets, putDataset } from './datasets';
import { digester, type OnDamage } from './digest';
import { openFiles, type FileStore } from './files';
import { getLogs, putLog, sealedLog } from './logs';
import { getQuestions, putQuestions } from './questions';
import { getReport, putReport } from './reports';
import { getSetting, putSetting } from './settings';
import { getRun, listRuns, putRun } from './runs';
import type { Database, StoredLog, StoredRun } from './schema';
import { getTimings } from './timings';
import { getTurns, putTurns, turnKey } from './turns';

export interface TimedTurn {
  readonly turn: Turn;
  readonly timing: TurnTiming;
}

/** All records of a run. */
export interface WholeRun {
  readonly run: StoredRun;
  readonly questions: readonly Question[];
  readonly turns: readonly TimedTurn[];
  readonly datasets: readonly Dataset[];
  readonly logs: readonly StoredLog[];
  readonly report: Report | null;
}

/**
 * What is read is as it was written: each part has its digest. A damaged part is left out and told; questions, without which
 * there is no run, throw ImportError.
 */
export interface JobStore {
  putRun(run: StoredRun): Promise<void>;
  getRun(id: string): Promise<StoredRun | null>;
  /** Newest first. */
  listRuns(): Promise<readonly StoredRun[]>;
  /** Writes all records of a new run, or none. */
  putWhole(whole: WholeRun): Promise<void>;
  /** Removes the run and all that belongs to it. */
  removeRun(id: string): Promise<void>;
  putQuestions(runId: string, questions: readonly Question[]): Promise<void>;
  getQuestions(runId: string): Promise<readonly Question[] | null>;
  putTurns(turns: readonly TimedTurn[]): Promise<void>;
  getTurns(runId: string, onDamage?: OnDamage): Promise<readonly Turn[]>;
  getTimings(runId: string): Promise<readonly TurnTiming[]>;
  putDataset(runId: string, name: string, dataset: Dataset): Promise<void>;
  getDatasets(runId: string, onDamage?: OnDamage): Promise<readonly Dataset[]>;
  putLog(log: StoredLog): Promise<void>;
  getLogs(runId: string, onDamage?: OnDamage): Promise<readonly StoredLog[]>;
  putCheckpoint(id: CheckpointId, step: number, bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  getCheckpoint(
    id: CheckpointId,
    onDamage?: OnDamage,
  ): Promise<{ step: number; bytes: Uint8Array<ArrayBuffer> } | null>;
  removeCheckpoint(id: CheckpointId): Promise<void>;
  putAdapter(id: CheckpointId, contents: Readonly<Record<string, Uint8Array>>): Promise<void>;
  getAdapter(id: CheckpointId, onDamage?: OnDamage): Promise<Record<string, Uint8Array<ArrayBuffer>> | null>;
  /** One of its files: null where there is none, or where the adapter was never finished. */
  getAdapterFile(id: CheckpointId, name: string): Promise<Uint8Array<ArrayBuffer> | null>;
  removeAdapter(id: CheckpointId): Promise<void>;
  /** The finished adapters of a run, by strategy and seed. */
  listAdapters(runId: string): Promise<readonly { readonly strategy: string; readonly seed: number }[]>;
  putReport(runId: string, report: Report): Promise<void>;
  getReport(runId: string, onDamage?: OnDamage): Promise<Report | null>;
  /** Small things that outlive a page; the caller validates what it reads. */
  getSetting(key: string): Promise<unknown>;
  putSetting(key: string, value: unknown): Promise<void>;
  /** Bytes of a run: its files exactly, its records by the length of their JSON. */
  sizeOf(runId: string): Promise<number>;
}

const byRun = ['turns', 'timings', 'datasets', 'logs', 'checkpoints', 'adapters'] as const;
const oneByRun = ['runs', 'questions', 'reports'] as const;

async function removeRun(database: Database, files: FileStore, runId: string): Promise<void> {
  await guarded(async () => {
    const transaction = database.transaction([...byRun, ...oneByRun], 'readwrite');
    for (const name of byRun) void transaction.objectStore(name).delete(keysOfRun(runId));
    for (const name of oneByRun) void transaction.objectStore(name).delete(runId);
    await transaction.done;
  });
  // Runs of an older version may have an empty id, under which no folder lies.
  if (runId !== '') await files.remove(`runs/${runId}`);
}

async function putWhole(
  database: Database,
  { run, questions, turns, datasets, logs, report }: WholeRun,
): Promise<void> {
  await guarded(async () => {
    const digest = await digester();
    const { id: runId } = run;
    const names = ['runs', 'questions', 'turns', 'timings', 'datasets', 'logs', 'reports'] as const;
    const transaction = database.transaction(names, 'readwrite');
    const into = transaction.objectStore.bind(transaction);
    // The transaction's own end tells of each write that failed.
    const write = (done: Promise<unknown>): void => void done.catch(() => undefined);
    // A record that cannot be stored throws at once: nothing of the others may stay.
    try {
      write(into('questions').put({ runId, questions, hash: digest(questions) }));
      for (const { turn, timing } of turns) {
        const key = turnKey(turn);
        write(into('turns').put({ runId, key, turn, hash: digest(turn) }));
        write(into('timings').put({ runId, key, timing }));
      }
      for (const dataset of datasets)
        write(into('datasets').put({ runId, name: dataset.strategy, dataset, hash: digest(dataset) }));
      for (const log of logs) write(into('logs').put(sealedLog(log, digest)));
      if (report) write(into('reports').put({ runId, report, hash: digest(report) }));
      write(into('runs').add(run));
    } catch (thrown) {
      transaction.abort();
      await transaction.done.catch(() => undefined);
      throw thrown;
    }
    await transaction.done;
  });
}

async function sizeOf(database: Database, files: FileStore, runId: string): Promise<number> {
  let bytes = runId === '' ? 0 : await files.bytes(`runs/${runId}`);
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
    putWhole: (whole) => putWhole(database, whole),
    removeRun: (id) => removeRun(database, files, id),
    putQuestions: (runId, questions) => putQuestions(database, runId, questions),
    getQuestions: (runId) => getQuestions(database, runId),
    putTurns: (turns) => putTurns(database, turns),
    getTurns: (runId, onDamage) => getTurns(database, runId, onDamage),
    getTimings: (runId) => getTimings(database, runId),
    putDataset: (runId, name, dataset) => putDataset(database, runId, name, dataset),
    getDatasets: (runId, onDamage) => getDatasets(database, runId, onDamage),
    putLog: (log) => putLog(database, log),
    getLogs: (runId, onDamage) => getLogs(database, runId, onDamage),
    putCheckpoint: (id, step, bytes) => putCheckpoint(database, files, id, step, bytes),
    getCheckpoint: (id, onDamage) => getCheckpoint(database, files, id, onDamage),
    removeCheckpoint: (id) => removeCheckpoint(database, files, id),
    putAdapter: (id, contents) => putAdapter(database, files, id, contents),
    getAdapter: (id, onDamage) => getAdapter(database, files, id, onDamage),
    getAdapterFile: (id, name) => getAdapterFile(database, files, id, name),
    removeAdapter: (id) => removeAdapter(database, files, id),
    listAdapters: (runId) => listAdapters(files, runId),
    putReport: (runId, report) => putReport(database, runId, report),
    getReport: (runId, onDamage) => getReport(database, runId, onDamage),
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
