/** Runs as records and as archives: ids, names, and the way in and out of the store. */
import { fromBase64, toBase64 } from '../core/base64';
import type { ArchivedAdapter, RunArchive, RunOutcome, RunRecord } from '../records/runRecords';
import type { Question, Turn } from '../records/records';
import type { RunConfig } from '../settings/config';
import { hashKey } from '../core/rng';
import { configIdentity } from '../settings/scopes';
import { inTrainingOrder } from '../records/trainings';
import type { OnDamage } from '../store/digest';
import type { JobStore, TimedTurn } from '../store/jobStore';
import type { StoredRun } from '../store/schema';
import { runId as runIdForm } from '../records/archiveSchema';
import { withFacts } from '../debate/readPrompt';
import { soundRun } from './damage';

/** A run as others see it. */
export function record({ device: _device, seconds: _seconds, ...run }: StoredRun): RunRecord {
  return run;
}

/** Same settings and questions, same id: so that the same command twice writes the same bytes. */
export function runHash(config: RunConfig, questions: readonly Question[]): number {
  return hashKey(configIdentity(config), ...questions.map(({ id, split }) => `${split}:${id}`));
}

/** The name itself, or with the first number that makes it free. */
export function freeName(name: string, taken: ReadonlySet<string>): string {
  if (!taken.has(name)) return name;
  for (let i = 2; ; i++) if (!taken.has(`${name}-${i}`)) return `${name}-${i}`;
}

function placeOf(at: { questionId: string; protocol: string; round: number; agent: number }): string {
  return `${at.protocol}/${at.questionId}/${at.round}/${at.agent}`;
}

/** The turns of an archive as those of another run; a turn without clock values gets zeros. */
export function timedTurns(
  { turns, timings }: Pick<RunArchive, 'turns' | 'timings'>,
  runId: string,
  keep: (turn: Turn) => boolean = () => true,
): TimedTurn[] {
  const byPlace = new Map(timings.map((timing) => [placeOf(timing), timing]));
  return turns.filter(keep).map((turn) => {
    const { questionId, protocol, round, agent } = turn;
    const unknown = { questionId, protocol, round, agent, startedAt: 0, seconds: 0 };
    return { turn: { ...turn, runId }, timing: byPlace.get(placeOf(turn)) ?? unknown };
  });
}

/** Everything that is stored of a run; with its adapters it is what a file holds (version 2). */
export async function readArchive(
  store: JobStore,
  stored: StoredRun,
  withAdapters = false,
  onDamage?: OnDamage,
): Promise<RunArchive> {
  const { id } = stored;
  const [{ run, ...rest }, questions, turns] = await Promise.all([
    readOutcome(store, stored, onDamage),
    store.getQuestions(id),
    store.getTurns(id, onDamage),
  ]);
  return {
    format: 'arklet-run',
    version: withAdapters ? 2 : 1,
    run,
    questions: questions ?? [],
    turns: withFacts(turns, { ...run.config, agents: run.config.nAgents }),
    ...rest,
    ...(withAdapters && { adapters: await readAdapters(store, id, onDamage) }),
  };
}

/** What is stored of a run beside its debate. Throws ImportError for a damaged record. */
export async function readOutcome(
  store: JobStore,
  stored: StoredRun,
  onDamage?: OnDamage,
): Promise<RunOutcome> {
  const run = soundRun(stored);
  const { id, config } = run;
  const [timings, datasets, logs, report] = await Promise.all([
    store.getTimings(id),
    store.getDatasets(id, onDamage),
    store.getLogs(id, onDamage),
    store.getReport(id, onDamage),
  ]);
  // A file goes where the other run is not.
  const { deletedAt: _, from: _from, ...kept } = record(run);
  return {
    run: kept,
    timings,
    datasets: inTrainingOrder(datasets, config),
    logs: inTrainingOrder(logs, config).map(({ runId: _runId, ...log }) => log),
    report,
  };
}

async function readAdapters(store: JobStore, runId: string, onDamage?: OnDamage): Promise<ArchivedAdapter[]> {
  const adapters: ArchivedAdapter[] = [];
  for (const { strategy, seed } of await store.listAdapters(runId)) {
    const contents = await store.getAdapter({ runId, strategy, seed }, onDamage);
    if (!contents) continue;
    const files = Object.fromEntries(
      Object.entries(contents).map(([name, bytes]) => [name, toBase64(bytes)]),
    );
    adapters.push({ strategy, seed, files });
  }
  return adapters;
}

/** The archive's own id where it is one that a run can have (ids become names of folders), else that of its settings. */
function ownId({ run, questions }: RunArchive): string {
  return runIdForm.test(run.id) ? run.id : hashId(runHash(run.config, questions));
}

/** A run's id by the hash of its settings and questions. */
export function hashId(hash: number): string {
  return hash.toString(16).padStart(8, '0');
}

/** Stores an archive as a new run with a free id and name: all of it, or nothing. */
export async function storeArchive(store: JobStore, archive: RunArchive): Promise<StoredRun> {
  const runs = await store.listRuns();
  const id = freeName(ownId(archive), new Set(runs.map((run) => run.id)));
  const name = freeName(archive.run.name, new Set(runs.map((run) => run.name)));
  const status = archive.report ? 'done' : 'interrupted';
  const run: StoredRun = { ...archive.run, id, name, status, pinned: false, device: null, seconds: {} };
  const { questions, datasets, report } = archive;
  const { config } = run;
  const turns = withFacts(archive.turns, { ...config, agents: config.nAgents });
  // What an import that was cut off left under this id is no part of this run.
  await store.removeRun(id);
  try {
    for (const { strategy, seed, files } of archive.adapters ?? []) {
      const contents = Object.fromEntries(
        Object.entries(files).map(([file, text]) => [file, fromBase64(text)]),
      );
      await store.putAdapter({ runId: id, strategy, seed }, contents);
    }
    const logs = archive.logs.map((log) => ({ runId: id, ...log }));
    await store.putWhole({
      run,
      questions,
      turns: timedTurns({ ...archive, turns }, id),
      datasets,
      logs,
      report,
    });
    return run;
  } catch (thrown) {
    await store.removeRun(id).catch(() => undefined);
    throw thrown;
  }
}
