/** The coordinator worker's logic: the only writer of runs, and the only one to start a job (one at a time, by a Web Lock). */
import { asArkletError, BusyError, ConfigError, StorageError } from '../core/errors';
import type {
  AdapterInfo,
  AskRequest,
  AskResult,
  JobApi,
  KernelInfo,
  TrajectoryImport,
} from '../wire/jobApi';
import type { ColumnChoice } from '../tasks/questionFiles';
import type { QuestionCheck, QuestionImport } from '../tasks/questionFiles';
import type { PairCounts } from '../eval/pairs';
import type { SimilarText } from '../distill/similar';
import type { RunArchive, RunRecord, RunResult } from '../records/runRecords';
import type { PairResult, Question, Report } from '../records/records';
import type { RunConfig } from '../settings/config';
import { mostSimilar } from '../distill/similar';
import { reportMarkdown } from '../eval/markdown';
import { pairFromCounts } from '../eval/pairs';
import { fetchCatalogue } from '../models/catalogue';
import { generateQuestions } from '../tasks/wordProblems';
import type { SelftestReport } from '../compute/selftestReport';
import type { Damage } from '../store/digest';
import { parseConfig } from '../settings/config';
import { sameDebate } from '../settings/scopes';
import { ActiveJob } from './activeJob';
import { proofMemory } from './proofMemory';
import { leftOut, soundRun } from '../library/damage';
import { parseArchive } from '../records/archiveSchema';
import { addAdapter, removeAdapter } from '../library/importedAdapters';
import { importedDebate } from '../library/importedDebate';
import { JobLock } from '../library/jobLock';
import type { CoordinatorParts } from './coordinatorParts';
import { Peers, type PeerCommand } from './peers';
import { checkRoom } from './planDisk';
import { Playground } from './playground';
import { readQuestionFile } from '../library/questionImport';
import { Shelf } from '../library/shelf';
import type { RunChange } from '../library/shelf';
import { createNewRun } from '../library/newRun';
import { record, storeArchive } from '../library/storedRuns';
import { planQuestions } from '../tasks/planQuestions';
import { StudentExports } from './studentExport';
import type { StudentExportParts } from './studentExport';
import { checkQuestions, Readers } from './checkQuestions';
import { keepQuestions, keptQuestions } from '../library/keptQuestions';
import { endpointModels } from '../agents/endpoint/models';
import { endpointAddress } from '../agents/endpoint/endpoint';
import type { AgentParts } from '../job/resolveAgents';

export type { CoordinatorParts };

/** Milliseconds that another tab has for an answer beyond what its stop may take. */
const answerTime = 5000;

export class Coordinator implements JobApi {
  readonly #parts: CoordinatorParts;
  readonly #shelf: Shelf;
  readonly #lock: JobLock;
  readonly #playground: Playground;
  readonly #exports: StudentExports;
  readonly #job: ActiveJob;
  readonly #peers: Peers | null;
  readonly #patience: number;
  /** Keys of endpoints by address: here and nowhere else. */
  readonly #keys = new Map<string, string>();
  #testing: AbortController | null = null;
  /** What question files are checked with; made when the first one comes. */
  #readers: Readers | null = null;

  constructor(parts: CoordinatorParts) {
    this.#parts = parts;
    this.#patience = parts.patience ?? 20_000;
    // A tab that dies says nothing: whoever waits for its lock tells the pages that its run can be gone on with.
    this.#lock = new JobLock(parts.locks, () => this.#announce());
    this.#shelf = new Shelf(parts.store, parts.base, this.#lock);
    this.#job = new ActiveJob({
      ...parts,
      openEngine: () => parts.openEngine(proofMemory(parts.store)),
      agents: this.#agentParts(),
      patience: this.#patience,
      announce: () => this.#announce(),
    });
    this.#peers = parts.peers
      ? new Peers(parts.peers, (command) => (this.#job.runId === null ? null : this.#act(command)))
      : null;
    const besideRuns: StudentExportParts = {
      base: parts.base,
      lock: this.#lock,
      engine: () => this.#job.engine(),
      emit: (event) => parts.emit(event),
      adapter: (arm) => this.#shelf.adapter(arm),
    };
    this.#playground = new Playground({ ...besideRuns, agents: this.#agentParts() });
    this.#exports = new StudentExports(besideRuns);
  }

  async start(config: RunConfig, questions: readonly Question[] | null, from?: string): Promise<RunRecord> {
    const source = from === undefined ? null : await this.archive(from);
    const checked = parseConfig(source ? sameDebate(config, source.run.config) : config);
    const planned = source ? source.questions : planQuestions(checked, questions);
    await this.#playground.stop();
    const releaseJob = await this.#lock.take();
    try {
      await this.#checkRoom(checked);
      const { store } = this.#parts;
      const { run, release } = await createNewRun({ store, lock: this.#lock }, checked, planned, source);
      try {
        this.#parts.emit({ type: 'questions', runId: run.id, questions: planned });
        this.#job.launch(run, planned, () => {
          release();
          releaseJob();
        });
      } catch (thrown) {
        // A run that never began is none.
        await store.removeRun(run.id).catch(() => undefined);
        release();
        throw thrown;
      }
      await this.#announce().catch(() => undefined);
      return record(run);
    } catch (thrown) {
      releaseJob();
      throw thrown;
    }
  }

  async resume(runId: string): Promise<void> {
    await this.#playground.stop();
    const releaseJob = await this.#lock.take();
    let releaseRun = (): void => undefined;
    try {
      releaseRun = await this.#lock.takeRun(runId);
      const run = soundRun(await this.#shelf.run(runId));
      if (run.status === 'done')
        throw new ConfigError(`${run.name} is finished.`, 'Start a new run instead.');
      if (run.deletedAt !== undefined)
        throw new ConfigError(`${run.name} is in the trash.`, 'Restore it first, under Runs.');
      const questions = await this.#parts.store.getQuestions(runId);
      if (!questions) throw new ConfigError(`${run.name} holds no questions.`, 'Start a new run instead.');
      const { config } = run;
      const going = await this.#parts.store.editRun(runId, (stored) => ({
        ...stored,
        config,
        status: 'running',
        error: null,
      }));
      if (!going) throw new ConfigError(`There is no run ${runId}.`, 'Choose one from the list of runs.');
      this.#job.launch(going, questions, () => {
        releaseRun();
        releaseJob();
      });
    } catch (thrown) {
      releaseRun();
      releaseJob();
      throw thrown;
    }
    await this.#announce().catch(() => undefined);
  }

  /** Resolves when the job that runs now has ended, however it ends. */
  ended(): Promise<void> {
    return this.#job.ended();
  }

  pause(): Promise<void> {
    return this.#command('pause');
  }

  unpause(): Promise<void> {
    return this.#command('unpause');
  }

  step(): Promise<void> {
    return this.#command('step');
  }

  stop(): Promise<void> {
    return this.#command('stop');
  }

  /** The database's connection went away: a job finds out now whether it can be opened again and still holds its run. */
  async storeClosed(): Promise<void> {
    const { runId } = this.#job;
    if (runId === null) return;
    try {
      if (await this.#parts.store.getRun(runId)) return;
      throw new StorageError(
        'The stored data of this site was cleared while a run was worked on.',
        'Reload the page, then start the run again.',
      );
    } catch (thrown) {
      await this.#job.fail(asArkletError(thrown));
    }
  }

  async runs(): Promise<readonly RunRecord[]> {
    return this.#shelf.runs();
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
    // Listing all runs is no part of the change: whoever asked for it does not wait for that.
    void this.#announce().catch(() => undefined);
    return changed;
  }

  async remove(runId: string): Promise<void> {
    if (this.#job.runId === runId) await this.#job.stop();
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

  readonly exportStudent: JobApi['exportStudent'] = (adapter, budget) => this.#exports.make(adapter, budget);
  readonly stopExport: JobApi['stopExport'] = () => this.#exports.stop();

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
      return await this.#job.engine().selftest(kind, {
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
    return this.#job.engine().kernels();
  }

  async importQuestions(file: Uint8Array, name: string, columns?: ColumnChoice): Promise<QuestionImport> {
    return readQuestionFile(file, name, columns);
  }

  async keepQuestions(file: QuestionImport): Promise<string> {
    return keepQuestions(this.#parts.store, file);
  }

  async keptQuestions(
    name: string,
    hash: string | null,
  ): Promise<{ hash: string; file: QuestionImport } | null> {
    return keptQuestions(this.#parts.store, name, hash);
  }

  async checkQuestions(config: RunConfig, questions: readonly Question[]): Promise<QuestionCheck> {
    this.#readers ??= new Readers();
    return checkQuestions(questions, await this.#readers.of(parseConfig(config), this.#parts.base));
  }

  async endpointModels(url: string): Promise<readonly string[]> {
    return endpointModels(url, this.#keys.get(endpointAddress(url)) ?? null);
  }

  async setKey(url: string, key: string | null): Promise<void> {
    const address = endpointAddress(url);
    if (key === null || key === '') this.#keys.delete(address);
    else this.#keys.set(address, key);
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

  /** Here where this tab works, else in the tab that does. */
  async #command(command: PeerCommand): Promise<void> {
    if (this.#job.runId !== null) return this.#act(command);
    const working = (await this.#lock.working()).size > 0;
    // Nobody works: the pages that thought so are told.
    if (!working) return this.#announce();
    if (!this.#peers)
      throw new BusyError('Another tab runs this.', 'Look at that tab, or close it and reload this one.');
    await this.#peers.ask(command, answerTime + (command === 'stop' ? 2 * this.#patience : 0));
  }

  #act(command: PeerCommand): Promise<void> {
    return command === 'stop' ? this.#job.stop() : this.#job.gate(command);
  }

  async #checkRoom(config: RunConfig): Promise<void> {
    const room = (await this.#parts.room?.()) ?? null;
    if (room) checkRoom(config, room);
  }

  async #announce(): Promise<void> {
    this.#parts.emit({ type: 'runs', runs: await this.#shelf.runs() });
  }
}
