/** Jobs begun and ended: one at a time over all tabs, by a Web Lock. */
import { asArkletError, BusyError, ConfigError, StorageError } from '../core/errors';
import type { Handlers } from '../rpc/rpc';
import type { ControlProtocol } from '../wire/control';
import type { JobEvent } from '../wire/jobEvents';
import type { RunArchive, RunRecord } from '../records/runRecords';
import type { Question } from '../records/records';
import type { RunConfig } from '../settings/config';
import { parseConfig } from '../settings/config';
import { sameDebate, type Evaluation } from '../settings/scopes';
import type { JobStore } from '../store/jobStore';
import { planEvaluation } from '../tasks/planEvaluation';
import { planRun, type PlannedQuestions, type QuestionSources } from '../tasks/planQuestions';
import { soundRun } from '../library/damage';
import type { JobLock } from '../library/jobLock';
import { withBases } from '../job/adapterSlot';
import { createNewRun } from '../library/newRun';
import { questionsOf } from '../library/redrawnQuestions';
import type { RunRepository } from '../library/runRepository';
import { record } from '../library/storedRuns';
import type { ActiveJob } from './activeJob';
import { Peers, type PeerChannel, type PeerCommand } from './peers';
import { checkRoom, type Room } from './planDisk';

/** Milliseconds that another tab has for an answer beyond what its stop may take. */
const answerTime = 5000;

export interface ControlParts {
  readonly store: JobStore;
  readonly repository: RunRepository;
  readonly lock: JobLock;
  readonly job: ActiveJob;
  /** Milliseconds that a stop may wait, twice at worst. */
  readonly patience: number;
  readonly peers: PeerChannel | null;
  /** A stored run whose debate is used again. */
  source(runId: string): Promise<RunArchive>;
  room(): Promise<Room | null>;
  emit(event: JobEvent): void;
  /** Ends what else uses the engine. */
  clear(): Promise<void>;
  /** Sends the list of runs to the pages. */
  announce(): Promise<void>;
}

function isList(files: QuestionSources | readonly Question[]): files is readonly Question[] {
  return Array.isArray(files);
}

/** The questions of the run whose debate is used, but for evaluation sets where others are asked for. */
function plannedOn(
  { run, questions }: RunArchive,
  config: RunConfig,
  { sources, evaluation }: { readonly sources: QuestionSources; readonly evaluation: Evaluation },
): PlannedQuestions {
  const { overlap } = run;
  if (Object.keys(evaluation).length === 0) return { questions, overlap: overlap ?? null };
  return planEvaluation(config, sources, { questions, overlap });
}

export class Coordinator {
  readonly #parts: ControlParts;
  readonly #peers: Peers | null;

  constructor(parts: ControlParts) {
    this.#parts = parts;
    const act = (command: PeerCommand): Promise<void> | null =>
      parts.job.runId === null ? null : this.#act(command);
    this.#peers = parts.peers && new Peers(parts.peers, act);
  }

  handlers(): Handlers<ControlProtocol> {
    return {
      start: ({ config, from, evaluation, ...sources }) => this.start(config, sources, from, evaluation),
      resume: (runId) => this.resume(runId),
      pause: () => this.pause(),
      unpause: () => this.unpause(),
      step: () => this.step(),
      stop: () => this.stop(),
    };
  }

  /** `files`: the questions of the files that the settings name, or of the one file alone. */
  async start(
    config: RunConfig,
    files: QuestionSources | readonly Question[] | null,
    from?: string,
    evaluation: Evaluation = {},
  ): Promise<RunRecord> {
    const source = from === undefined ? null : await this.#parts.source(from);
    const { repository } = this.#parts;
    const named = parseConfig(source ? sameDebate(config, source.run.config, evaluation) : config);
    const checked = await withBases(named, (place) => repository.adapter(place));
    const sources = files === null || isList(files) ? { questions: files } : files;
    const planned = source ? plannedOn(source, checked, { sources, evaluation }) : planRun(checked, sources);
    const { questions } = planned;
    await this.#parts.clear();
    const releaseJob = await this.#parts.lock.take();
    try {
      await this.#checkRoom(checked);
      const { store, lock } = this.#parts;
      const { run, release } = await createNewRun({ store, lock }, checked, planned, source);
      try {
        this.#parts.emit({ type: 'questions', runId: run.id, questions });
        this.#parts.job.launch(run, questions, () => {
          release();
          releaseJob();
        });
      } catch (thrown) {
        // A run that never began is none.
        await store.removeRun(run.id).catch(() => undefined);
        release();
        throw thrown;
      }
      await this.#parts.announce().catch(() => undefined);
      return record(run);
    } catch (thrown) {
      releaseJob();
      throw thrown;
    }
  }

  async resume(runId: string): Promise<void> {
    await this.#parts.clear();
    const releaseJob = await this.#parts.lock.take();
    let releaseRun = (): void => undefined;
    try {
      releaseRun = await this.#parts.lock.takeRun(runId);
      const run = soundRun(await this.#parts.repository.run(runId));
      if (run.status === 'done')
        throw new ConfigError(`${run.name} is finished.`, 'Start a new run instead.');
      if (run.deletedAt !== undefined)
        throw new ConfigError(`${run.name} is in the trash.`, 'Restore it first, under Runs.');
      const questions = await questionsOf(this.#parts.store, run);
      const { config } = run;
      const going = await this.#parts.store.editRun(runId, (stored) => ({
        ...stored,
        config,
        status: 'running',
        error: null,
      }));
      if (!going) throw new ConfigError(`There is no run ${runId}.`, 'Choose one from the list of runs.');
      this.#parts.job.launch(going, questions, () => {
        releaseRun();
        releaseJob();
      });
    } catch (thrown) {
      releaseRun();
      releaseJob();
      throw thrown;
    }
    await this.#parts.announce().catch(() => undefined);
  }

  /** Resolves when the job that runs now has ended, however it ends. */
  ended(): Promise<void> {
    return this.#parts.job.ended();
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
    const { runId } = this.#parts.job;
    if (runId === null) return;
    try {
      if (await this.#parts.store.getRun(runId)) return;
      throw new StorageError(
        'The stored data of this site was cleared while a run was worked on.',
        'Reload the page, then start the run again.',
      );
    } catch (thrown) {
      await this.#parts.job.fail(asArkletError(thrown));
    }
  }

  /** Here where this tab works, else in the tab that does. */
  async #command(command: PeerCommand): Promise<void> {
    if (this.#parts.job.runId !== null) return this.#act(command);
    const working = (await this.#parts.lock.working()).size > 0;
    // No job runs: pages that show one are notified.
    if (!working) return this.#parts.announce();
    if (!this.#peers)
      throw new BusyError('Another tab runs this.', 'Look at that tab, or close it and reload this one.');
    await this.#peers.ask(command, answerTime + (command === 'stop' ? 2 * this.#parts.patience : 0));
  }

  #act(command: PeerCommand): Promise<void> {
    return command === 'stop' ? this.#parts.job.stop() : this.#parts.job.gate(command);
  }

  async #checkRoom(config: RunConfig): Promise<void> {
    const room = await this.#parts.room();
    if (room) checkRoom(config, room);
  }
}
