import { throwIfAborted } from '../../src/core/errors';
import type { CheckpointId } from '../../src/store/checkpoints';
import type { JobStore } from '../../src/store/jobStore';
import { runIsGone } from '../../src/store/database';
import type { StoredLog, StoredRun } from '../../src/store/schema';
import { turnKey } from '../../src/store/turns';
import type { ContinuationRecord } from '../../src/records/padRecords';
import type { Dataset, Question, Report, Turn, TurnTiming } from '../../src/records/records';

const keyOf = ({ runId, strategy, seed }: CheckpointId): string => `${runId}/${strategy}/${seed}`;

/** A JobStore in memory, for jobs in Node (the real one is tested in Chromium). Everything is copied in and out. */
export function createMemoryStore(): JobStore {
  const runs = new Map<string, StoredRun>();
  const questions = new Map<string, readonly Question[]>();
  const turns = new Map<string, { turn: Turn; timing: TurnTiming }>();
  const datasets = new Map<string, { runId: string; dataset: Dataset }>();
  const logs = new Map<string, StoredLog>();
  const checkpoints = new Map<string, { step: number; bytes: Uint8Array<ArrayBuffer> }>();
  const adapters = new Map<string, Record<string, Uint8Array<ArrayBuffer>>>();
  const continuations = new Map<string, readonly ContinuationRecord[]>();
  const reports = new Map<string, Report>();
  const settings = new Map<string, unknown>();
  const revoke = (runId: string, revoked: AbortSignal): void => {
    throwIfAborted(revoked);
    if (!runs.has(runId)) throw runIsGone(runId);
  };
  const forget = (id: string): void => {
    runs.delete(id);
    questions.delete(id);
    reports.delete(id);
    continuations.delete(id);
    for (const map of [turns, datasets, logs, checkpoints, adapters])
      for (const key of map.keys()) if (key.startsWith(`${id}/`)) map.delete(key);
  };
  const ofRun = (runId: string) => [...turns.values()].filter(({ turn }) => turn.runId === runId);
  const store: JobStore = {
    putRun: async (run) => void runs.set(run.id, structuredClone(run)),
    createRun: async ({ run, questions: list, turns: first }) => {
      if (runs.has(run.id)) return false;
      forget(run.id);
      runs.set(run.id, structuredClone(run));
      questions.set(run.id, structuredClone(list));
      for (const one of first) turns.set(`${run.id}/${turnKey(one.turn)}`, structuredClone(one));
      return true;
    },
    editRun: async (id, edit) => {
      const run = runs.get(id);
      if (!run) return null;
      const changed = edit(structuredClone(run));
      runs.set(id, structuredClone(changed));
      return changed;
    },
    editRuns: async (edit) => {
      const changed = edit(structuredClone([...runs.values()]));
      for (const run of changed) runs.set(run.id, structuredClone(run));
      return changed;
    },
    during: (runId, revoked) => {
      const writes = [
        'putTurns',
        'putDataset',
        'putLog',
        'putReport',
        'putCheckpoint',
        'putContinuations',
        'putAdapter',
      ] as const;
      const guarded = writes.map((name) => [
        name,
        async (...all: never[]) => {
          revoke(runId, revoked);
          const write: (...all: never[]) => Promise<void> = store[name];
          await write(...all);
        },
      ]);
      return { ...store, ...(Object.fromEntries(guarded) as Pick<JobStore, (typeof writes)[number]>) };
    },
    getRun: async (id) => structuredClone(runs.get(id) ?? null),
    listRuns: async () => structuredClone([...runs.values()].sort((a, b) => b.createdAt - a.createdAt)),
    putWhole: async (whole) => {
      const runId = whole.run.id;
      questions.set(runId, structuredClone(whole.questions));
      for (const one of whole.turns) turns.set(`${runId}/${turnKey(one.turn)}`, structuredClone(one));
      for (const dataset of whole.datasets) datasets.set(`${runId}/${dataset.strategy}`, { runId, dataset });
      for (const log of whole.logs) logs.set(keyOf(log), structuredClone(log));
      if (whole.report) reports.set(runId, structuredClone(whole.report));
      runs.set(runId, structuredClone(whole.run));
    },
    removeRun: async (id) => forget(id),
    putQuestions: async (runId, list) => void questions.set(runId, structuredClone(list)),
    getQuestions: async (runId) => structuredClone(questions.get(runId) ?? null),
    putTurns: async (list) => {
      for (const one of list) turns.set(`${one.turn.runId}/${turnKey(one.turn)}`, structuredClone(one));
    },
    getTurns: async (runId) => structuredClone(ofRun(runId).map(({ turn }) => turn)),
    getTimings: async (runId) => structuredClone(ofRun(runId).map(({ timing }) => timing)),
    putDataset: async (runId, name, dataset) => void datasets.set(`${runId}/${name}`, { runId, dataset }),
    getDatasets: async (runId) =>
      [...datasets.values()].filter((one) => one.runId === runId).map(({ dataset }) => dataset),
    putLog: async (log) => void logs.set(keyOf(log), structuredClone(log)),
    getLogs: async (runId) => structuredClone([...logs.values()].filter((log) => log.runId === runId)),
    putCheckpoint: async (id, step, bytes) => void checkpoints.set(keyOf(id), { step, bytes: bytes.slice() }),
    getCheckpoint: async (id) => structuredClone(checkpoints.get(keyOf(id)) ?? null),
    removeCheckpoint: async (id) => void checkpoints.delete(keyOf(id)),
    putContinuations: async (runId, records) => void continuations.set(runId, structuredClone(records)),
    getContinuations: async (runId) => structuredClone(continuations.get(runId) ?? []),
    putAdapter: async (id, contents) =>
      void adapters.set(keyOf(id), structuredClone(contents) as Record<string, Uint8Array<ArrayBuffer>>),
    getAdapter: async (id) => structuredClone(adapters.get(keyOf(id)) ?? null),
    getAdapterFile: async (id, name) => structuredClone(adapters.get(keyOf(id))?.[name] ?? null),
    removeAdapter: async (id) => void adapters.delete(keyOf(id)),
    listAdapters: async (runId) =>
      [...adapters.keys()]
        .filter((key) => key.startsWith(`${runId}/`))
        .map((key) => ({ strategy: key.split('/')[1]!, seed: Number(key.split('/')[2]) })),
    sizeOf: async (runId) => JSON.stringify(ofRun(runId)).length,
    putReport: async (runId, report) => void reports.set(runId, structuredClone(report)),
    getReport: async (runId) => structuredClone(reports.get(runId) ?? null),
    getSetting: async (key) => structuredClone(settings.get(key)),
    putSetting: async (key, value) => void settings.set(key, structuredClone(value)),
    editSetting: async (key, edit) =>
      void settings.set(key, structuredClone(edit(structuredClone(settings.get(key))))),
  };
  return store;
}

/** `changed` (a copy of `inner` with other methods) whose methods hold within a job too. */
export function changedStore(inner: JobStore, changed: JobStore): JobStore {
  const own = Object.entries(changed).filter(([name, method]) => method !== inner[name as keyof JobStore]);
  const methods = Object.fromEntries(own) as Partial<JobStore>;
  return { ...changed, during: (id, revoked) => ({ ...inner.during(id, revoked), ...methods }) };
}
