/** The coordinator worker's logic: the only writer of runs, and the only one to start a job (one at a time, by a Web Lock). */
import { asArkletError, BusyError, ConfigError, InterruptedError } from '../core/errors';
import { Gate } from '../core/gate';
import type {
  JobApi,
  JobEvent,
  PairCounts,
  QuestionImport,
  RunArchive,
  RunRecord,
  SimilarText,
} from '../core/jobApi';
import type { PairResult, Question, Report, RunConfig, RunStatus } from '../core/records';
import { mostSimilar } from '../distill/similar';
import { reportMarkdown } from '../eval/markdown';
import { pairFromCounts } from '../eval/pairs';
import { importQuestions } from '../tasks/importers';
import type { JobStore } from '../store/jobStore';
import type { StoredRun } from '../store/schema';
import { parseConfig } from './config';
import type { EngineClient } from './engineClient';
import { isTrajectory, parseArchive } from './exports';
import { freeName, readArchive, record, runHash, sameDebate, storeArchive, timedTurns } from './storedRuns';
import { memorableName } from './names';
import { planQuestions } from './planQuestions';
import { presets } from './presets';
import { runJob } from './runJob';

export interface CoordinatorParts {
  readonly store: JobStore;
  /** The engine worker; called again after it was closed. */
  openEngine(): EngineClient;
  emit(event: JobEvent): void;
  /** Null where there are none (Node): then nobody else can be running. */
  readonly locks: Pick<LockManager, 'request' | 'query'> | null;
  /** The app's address, ending with a slash: bundled models are found under it. */
  readonly base: string;
  readonly version: string;
}

interface Active {
  readonly runId: string;
  readonly controller: AbortController;
  readonly gate: Gate;
  readonly ended: Promise<void>;
}

const lockName = 'arklet-job';
const alive: readonly RunStatus[] = ['running', 'paused'];

export class Coordinator implements JobApi {
  readonly #parts: CoordinatorParts;
  #engine: EngineClient | null = null;
  #active: Active | null = null;

  constructor(parts: CoordinatorParts) {
    this.#parts = parts;
  }

  async start(config: RunConfig, questions: readonly Question[] | null, from?: string): Promise<RunRecord> {
    const source = from === undefined ? null : await this.archive(from);
    const checked = parseConfig(source ? sameDebate(config, source.run.config) : config);
    const planned = source ? source.questions : planQuestions(checked, questions);
    const release = await this.#lock();
    try {
      const { store } = this.#parts;
      const runs = await store.listRuns();
      const hash = runHash(checked, planned);
      const ids = new Set(runs.map(({ id }) => id));
      const id = freeName(hash.toString(16).padStart(8, '0'), ids);
      const run: StoredRun = {
        id,
        name: memorableName(hash, new Set(runs.map(({ name }) => name))),
        note: '',
        config: checked,
        createdAt: Date.now(),
        status: 'running',
        phase: 'load',
        pinned: false,
        error: null,
        device: null,
        seconds: {},
      };
      await store.putQuestions(id, planned);
      if (source) await store.putTurns(timedTurns(source, id, isTrajectory));
      await store.putRun(run);
      this.#parts.emit({ type: 'questions', runId: id, questions: planned });
      this.#launch(run, planned, release);
      await this.#announce();
      return record(run);
    } catch (thrown) {
      release();
      throw thrown;
    }
  }

  async resume(runId: string): Promise<void> {
    const release = await this.#lock();
    try {
      const run = await this.#run(runId);
      if (run.status === 'done')
        throw new ConfigError(`${run.name} is finished.`, 'Start a new run instead.');
      const questions = await this.#parts.store.getQuestions(runId);
      if (!questions) throw new ConfigError(`${run.name} holds no questions.`, 'Start a new run instead.');
      const going: StoredRun = { ...run, status: 'running', error: null };
      await this.#parts.store.putRun(going);
      this.#launch(going, questions, release);
      await this.#announce();
    } catch (thrown) {
      release();
      throw thrown;
    }
  }

  /** Resolves when the job that runs now has ended, however it ends. */
  async ended(): Promise<void> {
    await this.#active?.ended;
  }

  async pause(): Promise<void> {
    this.#active?.gate.pause();
    await this.#engine?.gate('pause');
    await this.#mark('paused');
  }

  async unpause(): Promise<void> {
    this.#active?.gate.unpause();
    await this.#engine?.gate('unpause');
    await this.#mark('running');
  }

  async step(): Promise<void> {
    this.#active?.gate.step();
    await this.#engine?.gate('step');
  }

  async stop(): Promise<void> {
    const active = this.#active;
    if (!active) return;
    active.controller.abort();
    await active.ended;
  }

  async runs(): Promise<readonly RunRecord[]> {
    const runs = await this.#parts.store.listRuns();
    const held = await this.#lockHeld();
    // A run that was going when its tab died is interrupted, unless some tab still works on it.
    for (const run of runs) {
      if (!held && alive.includes(run.status))
        await this.#parts.store.putRun({ ...run, status: 'interrupted' });
    }
    return runs.map((run) =>
      record(!held && alive.includes(run.status) ? { ...run, status: 'interrupted' } : run),
    );
  }

  async archive(runId: string): Promise<RunArchive> {
    return readArchive(this.#parts.store, await this.#run(runId));
  }

  async importArchive(input: unknown): Promise<RunRecord> {
    const run = await storeArchive(this.#parts.store, parseArchive(input));
    await this.#announce();
    return record(run);
  }

  async update(
    runId: string,
    change: { name?: string; note?: string; pinned?: boolean },
  ): Promise<RunRecord> {
    const run = await this.#run(runId);
    const { name = run.name, note = run.note, pinned = run.pinned } = change;
    const taken = (await this.#parts.store.listRuns()).some((one) => one.id !== runId && one.name === name);
    if (taken || name.trim() === '') {
      throw new ConfigError(
        taken ? `Another run is called ${name}.` : 'A run needs a name.',
        'Choose another name.',
      );
    }
    const changed = { ...run, name, note, pinned };
    await this.#parts.store.putRun(changed);
    await this.#announce();
    return record(changed);
  }

  async remove(runId: string): Promise<void> {
    if (this.#active?.runId === runId) await this.stop();
    await this.#parts.store.removeRun(runId);
    await this.#announce();
  }

  async adapter(
    runId: string,
    strategy: string,
    seed: number,
  ): Promise<Readonly<Record<string, Uint8Array>>> {
    const files = await this.#parts.store.getAdapter({ runId, strategy, seed });
    if (!files) {
      throw new ConfigError(
        `This run has no finished adapter ${strategy}, seed ${seed}.`,
        'Let the training end first.',
      );
    }
    return files;
  }

  async importQuestions(text: string, name: string): Promise<QuestionImport> {
    const { format, questions, rejected, counts } = importQuestions(text, { fileName: name, seed: 0 });
    return {
      name,
      format,
      questions,
      rejected: rejected.map(({ row, reason, excerpt }) => ({ line: row, reason, text: excerpt })),
      rows: counts.rows,
    };
  }

  async presets(): Promise<{ readonly quick: RunConfig; readonly full: RunConfig }> {
    return presets;
  }

  async similar(text: string, texts: readonly string[], count: number): Promise<readonly SimilarText[]> {
    return mostSimilar(text, texts, count);
  }

  async pairs(counts: readonly PairCounts[], seed: number): Promise<readonly PairResult[]> {
    return counts.map((pair) => pairFromCounts(pair, seed));
  }

  async markdown(report: Report): Promise<string> {
    return reportMarkdown(report);
  }

  #launch(run: StoredRun, questions: readonly Question[], release: () => void): void {
    const { store, emit, base, version } = this.#parts;
    const controller = new AbortController();
    const gate = new Gate();
    this.#engine ??= this.#parts.openEngine();
    const engine = this.#engine;
    const work = runJob({
      run,
      questions,
      store,
      engine,
      gate,
      emit,
      base,
      version,
      signal: controller.signal,
    });
    const ended = work
      .catch(async (thrown: unknown) => {
        const error = asArkletError(thrown);
        const stopped = error instanceof InterruptedError;
        const last = await store.getRun(run.id).catch(() => null);
        if (last) {
          const status = stopped ? 'interrupted' : 'failed';
          await store
            .putRun({ ...last, status, error: stopped ? null : error.toData() })
            .catch(() => undefined);
        }
        if (!stopped) emit({ type: 'error', runId: run.id, error: error.toData() });
      })
      .finally(async () => {
        this.#active = null;
        release();
        await this.#announce().catch(() => undefined);
      });
    this.#active = { runId: run.id, controller, gate, ended };
  }

  async #mark(status: 'running' | 'paused'): Promise<void> {
    if (!this.#active) return;
    const run = await this.#parts.store.getRun(this.#active.runId);
    if (run && alive.includes(run.status)) await this.#parts.store.putRun({ ...run, status });
    await this.#announce();
  }

  async #run(runId: string): Promise<StoredRun> {
    const run = await this.#parts.store.getRun(runId);
    if (!run) throw new ConfigError(`There is no run ${runId}.`, 'Choose one from the list of runs.');
    return run;
  }

  async #announce(): Promise<void> {
    const runs = (await this.#parts.store.listRuns()).map(record);
    this.#parts.emit({ type: 'runs', runs });
  }

  async #lockHeld(): Promise<boolean> {
    if (this.#active) return true;
    const state = await this.#parts.locks?.query();
    return state?.held?.some(({ name }) => name === lockName) ?? false;
  }

  /** Takes the job's lock; the returned function gives it back. Throws BusyError. */
  #lock(): Promise<() => void> {
    const busy = (): BusyError =>
      new BusyError('A run is going on already.', 'Stop it, or wait until it ends; other tabs count too.');
    if (this.#active) return Promise.reject(busy());
    const { locks } = this.#parts;
    if (!locks) return Promise.resolve(() => undefined);
    return new Promise((resolve, reject) => {
      locks
        .request(lockName, { ifAvailable: true }, (lock) => {
          if (!lock) {
            reject(busy());
            return undefined;
          }
          return new Promise<void>((release) => resolve(release));
        })
        .catch(reject);
    });
  }
}
