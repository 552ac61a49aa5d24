/** The coordinator worker's logic: the only writer of runs, and the only one to start a job (one at a time, by a Web Lock). */
import { asArkletError, BusyError, ConfigError, InterruptedError } from '../core/errors';
import { Gate } from '../core/gate';
import type {
  AdapterInfo,
  AskRequest,
  AskResult,
  JobApi,
  JobEvent,
  KernelInfo,
  PairCounts,
  Presets,
  QuestionCheck,
  QuestionImport,
  RunArchive,
  RunRecord,
  RunResult,
  SimilarText,
  TrajectoryImport,
} from '../core/jobApi';
import type { PairResult, Question, Report, RunConfig, RunStatus } from '../core/records';
import { isTrajectory } from '../core/trajectories';
import { mostSimilar } from '../distill/similar';
import { reportMarkdown } from '../eval/markdown';
import { pairFromCounts } from '../eval/pairs';
import { fetchCatalogue } from '../models/catalogue';
import { generateQuestions } from '../tasks/wordProblems';
import type { SelftestReport } from '../core/selftest';
import type { Damage } from '../store/digest';
import type { JobStore } from '../store/jobStore';
import type { StoredRun } from '../store/schema';
import { parseConfig, ranges } from './config';
import { proofMemory } from './deviceProof';
import { leftOut, soundRun } from './damage';
import type { EngineClient, ProofMemory } from './engineClient';
import { parseArchive } from './archiveSchema';
import { addAdapter, removeAdapter } from './importedAdapters';
import { importedDebate } from './importedDebate';
import { JobLock, type LockSource } from './jobLock';
import { Playground } from './playground';
import { readQuestionFile } from './questionImport';
import { Shelf, type RunChange } from './shelf';
import { freeName, record, runHash, sameDebate, storeArchive, timedTurns } from './storedRuns';
import { memorableName } from './names';
import { planQuestions } from './planQuestions';
import { presets } from './presets';
import { runJob } from './runJob';
import type { Readers } from './checkQuestions';
import { endpointAddress } from '../agents/endpoint/endpoint';
import type { AgentMakers, AgentParts } from './resolveAgents';

export interface CoordinatorParts {
  readonly store: JobStore;
  /** The engine worker; called again after it was closed. */
  openEngine(memory: ProofMemory): EngineClient;
  emit(event: JobEvent): void;
  /** Null where there are none (Node): then nobody else can be running. */
  readonly locks: LockSource | null;
  /** The app's address, ending with a slash: bundled models are found under it. */
  readonly base: string;
  readonly version: string;
  /** Agents in workers of their own; none where there are no workers. */
  readonly makers?: AgentMakers;
}

interface Active {
  readonly runId: string;
  readonly controller: AbortController;
  readonly gate: Gate;
  readonly ended: Promise<void>;
}

const alive: readonly RunStatus[] = ['running', 'paused'];

export class Coordinator implements JobApi {
  readonly #parts: CoordinatorParts;
  readonly #shelf: Shelf;
  readonly #lock: JobLock;
  readonly #playground: Playground;
  #engine: EngineClient | null = null;
  #active: Active | null = null;
  /** Keys of endpoints by address: here and nowhere else. */
  readonly #keys = new Map<string, string>();
  #testing: AbortController | null = null;
  /** What question files are checked with; made when the first one comes. */
  #readers: Readers | null = null;

  constructor(parts: CoordinatorParts) {
    this.#parts = parts;
    this.#shelf = new Shelf(parts.store, parts.base);
    // A tab that dies says nothing: whoever waits for its lock tells the pages that its run can be gone on with.
    this.#lock = new JobLock(parts.locks, async () => {
      parts.emit({ type: 'runs', runs: await this.runs() });
    });
    this.#playground = new Playground({
      base: parts.base,
      agents: this.#agentParts(),
      lock: this.#lock,
      engine: () => this.#open(),
      emit: (event) => parts.emit(event),
      adapter: (arm) => this.#shelf.adapter(arm),
    });
  }

  async start(config: RunConfig, questions: readonly Question[] | null, from?: string): Promise<RunRecord> {
    const source = from === undefined ? null : await this.archive(from);
    const checked = parseConfig(source ? sameDebate(config, source.run.config) : config);
    const planned = source ? source.questions : planQuestions(checked, questions);
    await this.#playground.stop();
    const release = await this.#lock.take();
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
        ...(source && { from: source.run.id }),
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
    await this.#playground.stop();
    const release = await this.#lock.take();
    try {
      const run = soundRun(await this.#shelf.run(runId));
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
    await this.#workingHere();
    this.#active?.gate.pause();
    await this.#engine?.gate('pause');
    await this.#mark('paused');
  }

  async unpause(): Promise<void> {
    await this.#workingHere();
    this.#active?.gate.unpause();
    await this.#engine?.gate('unpause');
    await this.#mark('running');
  }

  async step(): Promise<void> {
    await this.#workingHere();
    this.#active?.gate.step();
    await this.#engine?.gate('step');
  }

  async stop(): Promise<void> {
    await this.#workingHere();
    const active = this.#active;
    if (!active) return;
    active.controller.abort();
    await active.ended;
  }

  async runs(): Promise<readonly RunRecord[]> {
    return this.#shelf.runs(await this.#lock.held());
  }

  results(runIds: readonly string[]): Promise<Readonly<Record<string, RunResult>>> {
    return this.#shelf.results(runIds);
  }

  async archive(runId: string, withAdapters = false): Promise<RunArchive> {
    const damages: Damage[] = [];
    const archive = await this.#shelf.archive(runId, withAdapters, (one) => damages.push(one));
    if (damages.length > 0)
      this.#parts.emit({ type: 'error', runId, error: leftOut(archive.run.name, damages).toData() });
    return archive;
  }

  async importArchive(input: unknown): Promise<RunRecord> {
    const run = await storeArchive(this.#parts.store, parseArchive(input));
    await this.#announce();
    return record(run);
  }

  async importTrajectories(text: string, name: string, report: string | null): Promise<TrajectoryImport> {
    const { archive, found } = importedDebate(text, name, report);
    const run = await storeArchive(this.#parts.store, archive);
    await this.#announce();
    return { run: record(run), ...found };
  }

  async update(runId: string, change: RunChange): Promise<RunRecord> {
    const changed = await this.#shelf.update(runId, change);
    await this.#announce();
    return changed;
  }

  async remove(runId: string): Promise<void> {
    if (this.#active?.runId === runId) await this.stop();
    await this.#shelf.remove(runId);
    await this.#announce();
  }

  async restore(runId: string): Promise<RunRecord> {
    const run = await this.#shelf.restore(runId);
    await this.#announce();
    return run;
  }

  async purge(runId: string): Promise<void> {
    await this.#shelf.purge(runId);
  }

  async bin(): Promise<readonly RunRecord[]> {
    return this.#shelf.bin();
  }

  async sizes(): Promise<Readonly<Record<string, number>>> {
    return this.#shelf.sizes();
  }

  async adapters(): Promise<readonly AdapterInfo[]> {
    return this.#shelf.adapters();
  }

  async importAdapter(
    files: Readonly<Record<string, Uint8Array>>,
    name: string,
    student: string,
  ): Promise<AdapterInfo> {
    const { store, base } = this.#parts;
    return addAdapter(store, { files, name, student }, { base, catalogue: await fetchCatalogue(base) });
  }

  async removeAdapter(strategy: string): Promise<void> {
    await removeAdapter(this.#parts.store, strategy);
  }

  async adapter(
    runId: string,
    strategy: string,
    seed: number,
  ): Promise<Readonly<Record<string, Uint8Array>>> {
    return (await this.#shelf.adapter({ runId, strategy, seed })).files;
  }

  ask(request: AskRequest): Promise<readonly AskResult[]> {
    return this.#playground.ask(request);
  }

  stopAsk(): Promise<void> {
    return this.#playground.stop();
  }

  async examples(seed: number, count: number): Promise<readonly Question[]> {
    return generateQuestions({ seed, split: 'test', count });
  }

  async testDevice(kind: 'webgpu' | 'cpu'): Promise<SelftestReport> {
    const release = await this.#lock.take();
    const controller = new AbortController();
    this.#testing = controller;
    try {
      return await this.#open().selftest(kind, {
        signal: controller.signal,
        onRow: (row) => this.#parts.emit({ type: 'selftest', row }),
      });
    } finally {
      this.#testing = null;
      release();
    }
  }

  async stopTest(): Promise<void> {
    this.#testing?.abort();
  }

  async kernels(): Promise<readonly KernelInfo[]> {
    return this.#open().kernels();
  }

  async importQuestions(file: Uint8Array, name: string): Promise<QuestionImport> {
    return readQuestionFile(file, name);
  }

  async keepQuestions(file: QuestionImport): Promise<string> {
    return (await import('./keptQuestions')).keepQuestions(this.#parts.store, file);
  }

  async keptQuestions(
    name: string,
    hash: string | null,
  ): Promise<{ hash: string; file: QuestionImport } | null> {
    return (await import('./keptQuestions')).keptQuestions(this.#parts.store, name, hash);
  }

  async checkQuestions(config: RunConfig, questions: readonly Question[]): Promise<QuestionCheck> {
    const { checkQuestions, Readers } = await import('./checkQuestions');
    this.#readers ??= new Readers();
    return checkQuestions(questions, await this.#readers.of(parseConfig(config), this.#parts.base));
  }

  async endpointModels(url: string): Promise<readonly string[]> {
    const { endpointModels } = await import('../agents/endpoint/models');
    return endpointModels(url, this.#keys.get(endpointAddress(url)) ?? null);
  }

  async setKey(url: string, key: string | null): Promise<void> {
    const address = endpointAddress(url);
    if (key === null || key === '') this.#keys.delete(address);
    else this.#keys.set(address, key);
  }

  async presets(): Promise<Presets> {
    return { ...presets, ranges };
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

  #agentParts(): Omit<AgentParts, 'engine'> {
    const { base, makers = {}, store } = this.#parts;
    return {
      base,
      makers,
      endpointKey: (url) => this.#keys.get(endpointAddress(url)) ?? null,
      storedTurns: (runId) => store.getTurns(runId),
    };
  }

  #launch(run: StoredRun, questions: readonly Question[], release: () => void): void {
    const { store, emit, base, version } = this.#parts;
    const controller = new AbortController();
    const gate = new Gate();
    const engine = this.#open();
    const work = runJob({
      run,
      questions,
      store,
      engine,
      gate,
      emit,
      base,
      version,
      agents: this.#agentParts(),
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

  /** Throws BusyError where the run that goes on is another tab's: only that tab can hold it. */
  async #workingHere(): Promise<void> {
    if (this.#active || !(await this.#lock.heldElsewhere())) return;
    throw new BusyError('The run goes on in another tab.', 'Pause or stop it there.');
  }

  async #mark(status: 'running' | 'paused'): Promise<void> {
    if (!this.#active) return;
    const run = await this.#parts.store.getRun(this.#active.runId);
    if (run && alive.includes(run.status)) await this.#parts.store.putRun({ ...run, status });
    await this.#announce();
  }

  async #announce(): Promise<void> {
    this.#parts.emit({ type: 'runs', runs: await this.#shelf.runs(true) });
  }

  #open(): EngineClient {
    return (this.#engine ??= this.#parts.openEngine(proofMemory(this.#parts.store)));
  }
}
