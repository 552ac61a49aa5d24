/** Everything a job writes and reads again, behind one interface. */
import type { Dataset, Question, Report, Turn, TurnTiming } from '../records/records';
import type { ContinuationRecord } from '../records/padRecords';
import { fail } from '../core/assert';
import { throwIfAborted } from '../core/errors';
import { getAdapter, getAdapterFile, listAdapters, putAdapter, removeAdapter } from './adapters';
import { getCheckpoint, putCheckpoint, removeCheckpoint, type CheckpointId } from './checkpoints';
import { Connection } from './connection';
import { guarded, keysOfRun, runIsGone, type Closed } from './database';
import { getContinuations, putContinuations } from './continuations';
import { getDatasets, putDataset } from './datasets';
import { digester, type OnDamage } from './digest';
import { openFiles, type FileStore } from './files';
import { getLogs, putLog, sealedLog } from './logs';
import { getQuestions, putQuestions } from './questions';
import { getReport, putReport } from './reports';
import { editSetting, getSetting, putSetting } from './settings';
import { editRun, editRuns, getRun, listRuns, putRun } from './runs';
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
 * What is read is as it was written: each part has its digest. A damaged part is left out and reported; questions, without which
 * there is no run, throw ImportError.
 */
/** What a new run begins with. */
export interface RunStart {
  readonly run: StoredRun;
  readonly questions: readonly Question[];
  readonly turns: readonly TimedTurn[];
}

export interface JobStore {
  /** Writes the whole record, over whatever is there: for what nobody else can know yet. Else `editRun`. */
  putRun(run: StoredRun): Promise<void>;
  /** Stores a new run with its questions and turns in one transaction; false, and nothing stored, where the id is taken. */
  createRun(start: RunStart): Promise<boolean>;
  /**
   * Changes a run in one transaction that reads it first: fields that `edit` leaves alone are never overwritten. Null, and
   * nothing written, where the run is gone. `edit` may be called twice.
   */
  editRun(id: string, edit: (run: StoredRun) => StoredRun): Promise<StoredRun | null>;
  /** The same over all runs: what `edit` returns is written, what it throws is thrown and nothing written. */
  editRuns(edit: (runs: readonly StoredRun[]) => readonly StoredRun[]): Promise<readonly StoredRun[]>;
  /**
   * The store as a job sees it that works on this run: its writes throw InterruptedError and leave nothing behind once the
   * run's record is gone, or the signal has fired.
   */
  during(runId: string, revoked: AbortSignal): JobStore;
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
  /** Stored continuations of a run's steps: labels where no checker judges. */
  putContinuations(runId: string, records: readonly ContinuationRecord[]): Promise<void>;
  getContinuations(runId: string): Promise<readonly ContinuationRecord[]>;
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
  /** What depends on what was there before: in one transaction that reads it first. `edit` may be called twice. */
  editSetting(key: string, edit: (value: unknown) => unknown): Promise<void>;
  /** Bytes of a run: its files exactly, its records by the length of their JSON. */
  sizeOf(runId: string): Promise<number>;
}

const byRun = ['turns', 'timings', 'datasets', 'logs', 'checkpoints', 'adapters'] as const;
const oneByRun = ['runs', 'questions', 'reports', 'continuations'] as const;

async function removeRun(database: Database, files: FileStore, runId: string): Promise<void> {
  await guarded(async () => {
    const transaction = database.transaction([...byRun, ...oneByRun], 'readwrite');
    for (const name of byRun) void transaction.objectStore(name).delete(keysOfRun(runId));
    for (const name of oneByRun) void transaction.objectStore(name).delete(runId);
    await transaction.done;
  });
  // Runs of an older version may have an empty id, under which no folder is.
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
    // A failed write rejects the transaction's own promise.
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

async function createRun(
  database: Database,
  files: FileStore,
  { run, questions, turns }: RunStart,
): Promise<boolean> {
  const { id } = run;
  if (await getRun(database, id)) return false;
  // What a run of that id left behind must not become part of this one.
  await files.remove(`runs/${id}`);
  const digest = await digester();
  return guarded(async () => {
    const transaction = database.transaction([...byRun, ...oneByRun], 'readwrite');
    const { done } = transaction;
    done.catch(() => undefined);
    const runs = transaction.objectStore('runs');
    if ((await runs.getKey(id)) !== undefined) {
      await done;
      return false;
    }
    const ignore = (): undefined => undefined;
    for (const name of byRun) void transaction.objectStore(name).delete(keysOfRun(id)).catch(ignore);
    for (const name of oneByRun) void transaction.objectStore(name).delete(id).catch(ignore);
    void transaction
      .objectStore('questions')
      .put({ runId: id, questions, hash: digest(questions) })
      .catch(ignore);
    for (const { turn, timing } of turns) {
      const key = turnKey(turn);
      void transaction
        .objectStore('turns')
        .put({ runId: id, key, turn, hash: digest(turn) })
        .catch(ignore);
      void transaction.objectStore('timings').put({ runId: id, key, timing }).catch(ignore);
    }
    void runs.put(run).catch(ignore);
    await done;
    return true;
  });
}

/** The store in IndexedDB and OPFS. */
export function createJobStore(connection: Connection, files: FileStore): JobStore {
  const use = <T>(work: (database: Database) => Promise<T>): Promise<T> => connection.use(work);
  const store: JobStore = {
    putRun: (run) => use((database) => putRun(database, run)),
    createRun: (start) => use((database) => createRun(database, files, start)),
    editRun: (id, edit) => use((database) => editRun(database, id, edit)),
    editRuns: (edit) => use((database) => editRuns(database, edit)),
    during: (runId, revoked) => duringRun(store, { use, files }, runId, revoked),
    getRun: (id) => use((database) => getRun(database, id)),
    listRuns: () => use((database) => listRuns(database)),
    putWhole: (whole) => use((database) => putWhole(database, whole)),
    removeRun: (id) => use((database) => removeRun(database, files, id)),
    putQuestions: (runId, questions) => use((database) => putQuestions(database, runId, questions)),
    getQuestions: (runId) => use((database) => getQuestions(database, runId)),
    putTurns: (turns) => use((database) => putTurns(database, turns)),
    getTurns: (runId, onDamage) => use((database) => getTurns(database, runId, onDamage)),
    getTimings: (runId) => use((database) => getTimings(database, runId)),
    putDataset: (runId, name, dataset) => use((database) => putDataset(database, runId, name, dataset)),
    getDatasets: (runId, onDamage) => use((database) => getDatasets(database, runId, onDamage)),
    putLog: (log) => use((database) => putLog(database, log)),
    getLogs: (runId, onDamage) => use((database) => getLogs(database, runId, onDamage)),
    putCheckpoint: (id, step, bytes) => use((database) => putCheckpoint(database, files, id, step, bytes)),
    getCheckpoint: (id, onDamage) => use((database) => getCheckpoint(database, files, id, onDamage)),
    removeCheckpoint: (id) => use((database) => removeCheckpoint(database, files, id)),
    putContinuations: (runId, records) =>
      use((database) => putContinuations(database, files, runId, records)),
    getContinuations: (runId) => use((database) => getContinuations(database, files, runId)),
    putAdapter: (id, contents) => use((database) => putAdapter(database, files, id, contents)),
    getAdapter: (id, onDamage) => use((database) => getAdapter(database, files, id, onDamage)),
    getAdapterFile: (id, name) => use((database) => getAdapterFile(database, files, id, name)),
    removeAdapter: (id) => use((database) => removeAdapter(database, files, id)),
    listAdapters: (runId) => listAdapters(files, runId),
    putReport: (runId, report) => use((database) => putReport(database, runId, report)),
    getReport: (runId, onDamage) => use((database) => getReport(database, runId, onDamage)),
    getSetting: (key) => use((database) => getSetting(database, key)),
    putSetting: (key, value) => use((database) => putSetting(database, key, value)),
    editSetting: (key, edit) => use((database) => editSetting(database, key, edit)),
    sizeOf: (runId) => use((database) => sizeOf(database, files, runId)),
  };
  return store;
}

function duringRun(
  store: JobStore,
  { use, files }: { readonly use: Connection['use']; readonly files: FileStore },
  runId: string,
  revoked: AbortSignal,
): JobStore {
  const rows = async (work: (database: Database) => Promise<void>): Promise<void> => {
    throwIfAborted(revoked);
    await use(work);
  };
  /** Files know no transactions: the record is looked at before and after, and what came too late is removed. */
  const withFiles = async (work: () => Promise<void>): Promise<void> => {
    throwIfAborted(revoked);
    if (!(await store.getRun(runId))) throw runIsGone(runId);
    await work();
    if (await store.getRun(runId)) return;
    await store.removeRun(runId);
    throw runIsGone(runId);
  };
  return {
    ...store,
    putRun: async () => {
      fail('A job changes its run by editRun.');
    },
    editRun: async (id, edit) => {
      throwIfAborted(revoked);
      return store.editRun(id, edit);
    },
    putTurns: (turns) => rows((database) => putTurns(database, turns, runId)),
    putDataset: (id, name, dataset) => rows((database) => putDataset(database, id, name, dataset, runId)),
    putContinuations: (id, records) =>
      rows((database) => putContinuations(database, files, id, records, runId)),
    putLog: (log) => rows((database) => putLog(database, log, runId)),
    putReport: (id, report) => rows((database) => putReport(database, id, report, runId)),
    putCheckpoint: (id, step, bytes) => withFiles(() => store.putCheckpoint(id, step, bytes)),
    putAdapter: (id, contents) => withFiles(() => store.putAdapter(id, contents)),
  };
}

/** Opens database and files under one name; `onClosed` as for `openDatabase`. Throws StorageError. */
export async function openJobStore(
  name = 'arklet',
  onClosed: (why: Closed) => void = () => undefined,
): Promise<JobStore> {
  const connection = new Connection(name, onClosed);
  const [files] = await Promise.all([openFiles(name), connection.use(() => Promise.resolve())]);
  return createJobStore(connection, files);
}
