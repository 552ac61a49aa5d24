/** Runs as records and as archives: ids, names, and the way in and out of the store. */
import { fromBase64, toBase64 } from '../core/base64';
import type { ArchivedAdapter, RunArchive, RunRecord } from '../core/jobApi';
import type { Question, RunConfig, Turn } from '../core/records';
import { hashKey } from '../core/rng';
import type { JobStore, TimedTurn } from '../store/jobStore';
import type { StoredRun } from '../store/schema';

/** A run as others see it. */
export function record({ device: _device, seconds: _seconds, from: _from, ...run }: StoredRun): RunRecord {
  return run;
}

/** Same settings and questions, same id: so that the same command twice writes the same bytes. */
export function runHash(config: RunConfig, questions: readonly Question[]): number {
  const settings = Object.entries(config).sort(([a], [b]) => (a < b ? -1 : 1));
  return hashKey(JSON.stringify(settings), ...questions.map(({ id, split }) => `${split}:${id}`));
}

/** The name itself, or with the first number that makes it free. */
export function freeName(name: string, taken: ReadonlySet<string>): string {
  if (!taken.has(name)) return name;
  for (let i = 2; ; i++) if (!taken.has(`${name}-${i}`)) return `${name}-${i}`;
}

/** A config whose debate is another run's: only what comes after the debate is its own. */
export function sameDebate(config: RunConfig, source: RunConfig): RunConfig {
  const {
    student,
    strategies,
    controls,
    steps,
    batch,
    lr,
    warmup,
    rank,
    alpha,
    distilSeeds,
    accept,
    exclude,
  } = config;
  const own = {
    student,
    strategies,
    controls,
    steps,
    batch,
    lr,
    warmup,
    rank,
    alpha,
    distilSeeds,
    accept,
    exclude,
  };
  const pad = Object.fromEntries(Object.entries(config).filter(([name]) => name.startsWith('pad')));
  return { ...source, ...own, ...pad, preset: 'custom', backend: config.backend };
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
  run: StoredRun,
  withAdapters = false,
): Promise<RunArchive> {
  const { id } = run;
  const [questions, turns, timings, datasets, logs, report] = await Promise.all([
    store.getQuestions(id),
    store.getTurns(id),
    store.getTimings(id),
    store.getDatasets(id),
    store.getLogs(id),
    store.getReport(id),
  ]);
  const { deletedAt: _, ...kept } = record(run);
  return {
    format: 'arklet-run',
    version: withAdapters ? 2 : 1,
    run: kept,
    questions: questions ?? [],
    turns,
    timings,
    datasets,
    logs: logs.map(({ runId: _runId, ...log }) => log),
    report,
    ...(withAdapters && { adapters: await readAdapters(store, id) }),
  };
}

async function readAdapters(store: JobStore, runId: string): Promise<ArchivedAdapter[]> {
  const adapters: ArchivedAdapter[] = [];
  for (const { strategy, seed } of await store.listAdapters(runId)) {
    const contents = (await store.getAdapter({ runId, strategy, seed })) ?? {};
    const files = Object.fromEntries(
      Object.entries(contents).map(([name, bytes]) => [name, toBase64(bytes)]),
    );
    adapters.push({ strategy, seed, files });
  }
  return adapters;
}

/** Stores an archive as a new run with a free id and name. */
export async function storeArchive(store: JobStore, archive: RunArchive): Promise<StoredRun> {
  const runs = await store.listRuns();
  const id = freeName(archive.run.id, new Set(runs.map((run) => run.id)));
  const name = freeName(archive.run.name, new Set(runs.map((run) => run.name)));
  const status = archive.report ? 'done' : 'interrupted';
  const run: StoredRun = { ...archive.run, id, name, status, pinned: false, device: null, seconds: {} };
  await store.putQuestions(id, archive.questions);
  await store.putTurns(timedTurns(archive, id));
  for (const dataset of archive.datasets) await store.putDataset(id, dataset.strategy, dataset);
  for (const log of archive.logs) await store.putLog({ runId: id, ...log });
  for (const { strategy, seed, files } of archive.adapters ?? []) {
    const contents = Object.fromEntries(
      Object.entries(files).map(([name, text]) => [name, fromBase64(text)]),
    );
    await store.putAdapter({ runId: id, strategy, seed }, contents);
  }
  if (archive.report) await store.putReport(id, archive.report);
  await store.putRun(run);
  return run;
}
