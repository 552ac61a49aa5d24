/** A job from its stored state to its report; what is stored already is not done again. */
import { DeviceLostError, ImportError, throwIfAborted, WorkerError } from '../core/errors';
import type { Gate } from '../core/gate';
import type { JobEvent } from '../wire/jobEvents';
import { isEvaluation } from '../records/evalProtocol';
import type { Phase, Question, Turn } from '../records/records';
import type { RunConfig } from '../settings/config';
import { fetchCatalogue } from '../models/catalogue';
import type { ModelRef } from '../models/modelSpec';
import type { Damage } from '../store/digest';
import { runIsGone } from '../store/database';
import type { JobStore } from '../store/jobStore';
import type { StoredRun } from '../store/schema';
import { AgentPool } from './agentPool';
import { madeAgain } from '../library/damage';
import { debatePhase } from './debatePhase';
import { distilPhase } from './distilPhase';
import type { EngineClient } from '../engine/engineClient';
import { evaluatePhase } from './evaluatePhase';
import { promptStyle, type Job } from './job';
import { withLoadRate } from './loadRate';
import { prepareModels } from './prepareModels';
import { reportPhase } from './reportPhase';
import { agentSlots, resolveModels, isImported, type AgentParts, type ResolvedModels } from './resolveAgents';
import { ThinnedProgress } from './thinnedProgress';
import { TurnWriter } from './turnWriter';

export interface JobSetup {
  readonly run: StoredRun;
  readonly questions: readonly Question[];
  readonly store: JobStore;
  readonly engine: EngineClient;
  /** Devices and engine workers that this job has lost so far. */
  readonly losses: number;
  readonly gate: Gate;
  readonly signal: AbortSignal;
  readonly base: string;
  readonly version: string;
  readonly agents: Omit<AgentParts, 'engine'>;
  emit(event: JobEvent): void;
}

export interface JobStart extends Omit<JobSetup, 'engine' | 'losses'> {
  /** The engine's worker: a new one where the one before has ended. */
  openEngine(): EngineClient;
}

/** Keeps the run's record up to date: phase, status, seconds. */
class RunKeeper {
  #run: StoredRun;
  readonly #store: JobStore;
  readonly #gate: Gate;

  constructor({ run, store, gate }: JobStart) {
    this.#run = run;
    this.#store = store;
    this.#gate = gate;
  }

  get run(): StoredRun {
    return this.#run;
  }

  /** `change` may depend on what is stored. */
  async change(change: Partial<StoredRun> | ((stored: StoredRun) => Partial<StoredRun>)): Promise<void> {
    // Everything else of the record (its name, its note, whether it is deleted) is the pages'.
    const status = this.#gate.paused ? 'paused' : 'running';
    const changed = await this.#store.editRun(this.#run.id, (stored) => {
      if (stored.deletedAt !== undefined) return stored;
      return { ...stored, status, ...(typeof change === 'function' ? change(stored) : change) };
    });
    if (!changed || changed.deletedAt !== undefined) throw runIsGone(this.#run.id);
    this.#run = changed;
  }

  /** Runs a phase and adds its seconds, also when it ends in an error. */
  async phase<T>(phase: Phase, work: () => Promise<T>): Promise<T> {
    const began = performance.now();
    await this.change({ phase });
    const spend = async (): Promise<void> => {
      const spent = (performance.now() - began) / 1000;
      await this.change(({ seconds }) => ({
        seconds: { ...seconds, [phase]: (seconds[phase] ?? 0) + spent },
      }));
    };
    try {
      const result = await work();
      await spend();
      return result;
    } catch (thrown) {
      // The error that ended the phase is reported, not that its seconds could not be stored either.
      await spend().catch(() => undefined);
      throw thrown;
    }
  }
}

/** Milliseconds before each new start after a loss, as long as nothing new is finished between them. */
const waits = [0, 2000];

/** Reports units that were not finished before: a training resumed from its checkpoint reports some steps again. */
function freshUnits(): (event: JobEvent) => boolean {
  const reached = new Map<string, number>();
  return (event) => {
    if (event.type === 'turn') return true;
    if (event.type !== 'train') return false;
    const key = `${event.strategy}|${event.seed}`;
    const fresh = event.log.step > (reached.get(key) ?? -1);
    if (fresh) reached.set(key, event.log.step);
    return fresh;
  };
}

async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  if (milliseconds === 0) return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener('abort', () => (clearTimeout(timer), resolve()), { once: true });
  });
  throwIfAborted(signal);
}

/**
 * Throws InterruptedError when stopped, else what failed. A lost device is opened again, and an engine whose worker ended
 * started again, however often, unless nothing new was finished since the last time.
 */
export async function runJob(start: JobStart): Promise<void> {
  const keeper = new RunKeeper(start);
  const isFresh = freshUnits();
  let losses = 0;
  /** Since the last unit that was finished. */
  let inARow = 0;
  const emit = (event: JobEvent): void => {
    if (isFresh(event)) inARow = 0;
    start.emit(event);
  };
  for (;;) {
    const setup: JobSetup = { ...start, emit, engine: start.openEngine(), losses };
    const progress = new ThinnedProgress(setup);
    try {
      await runPhases(setup, keeper, progress);
      return;
    } catch (thrown) {
      progress.close();
      const lost = thrown instanceof DeviceLostError || thrown instanceof WorkerError;
      // Also where it ends here: the next job must load its models again.
      if (lost) setup.engine.forget();
      losses++;
      const wait = waits[inARow++];
      if (!lost || wait === undefined || start.signal.aborted) throw thrown;
      start.emit({ type: 'error', runId: start.run.id, error: thrown.toData() });
      await pause(wait, start.signal);
    }
  }
}

async function runPhases(setup: JobSetup, keeper: RunKeeper, progress: ThinnedProgress): Promise<void> {
  const { signal } = setup;
  const job = await keeper.phase('load', () => load(setup, keeper, progress));
  const stored = await soundTurns(job);
  const debated = await keeper.phase('debate', () =>
    debatePhase(job, stored).finally(() => job.agentPool.release()),
  );
  await agentsOut(setup, job);
  const distilled = await keeper.phase('distil', () => distilPhase(job, debated));
  const answered = await keeper.phase('evaluate', () => evaluatePhase(job, distilled.trained, stored));
  await keeper.phase('report', () =>
    reportPhase(job, distilled, [...debated, ...answered], keeper.run.seconds, setup.version),
  );
  signal.throwIfAborted();
  await keeper.change({ phase: 'done', status: 'done' });
  await progress.readHeldBytes();
  job.progress('done', { done: 1, total: 1, detail: null });
}

/** Turns that are as they were written; the others are generated again, unless they were imported. Throws ImportError. */
async function soundTurns(job: Job): Promise<readonly Turn[]> {
  const damages: Damage[] = [];
  const turns = await job.store.getTurns(job.runId, (damage) => damages.push(damage));
  const spoken = damages.filter(({ name }) => !isEvaluation(name)).length;
  if (spoken > 0 && isImported(job)) {
    throw new ImportError(
      `${spoken} stored turns of this imported debate are damaged.`,
      'Delete this run and import its trajectories again.',
    );
  }
  if (damages.length > 0) job.emit({ type: 'error', runId: job.runId, error: madeAgain(damages).toData() });
  return turns;
}

async function loadModel({ engine, signal, emit }: JobSetup, id: string): Promise<void> {
  await engine.load(id, {
    signal,
    onProgress: withLoadRate((progress) => emit({ type: 'load', model: id, ...progress })),
  });
}

/** Gives the memory of our engine's agents to the student, where the run asks for that; others have gone already. */
async function agentsOut(setup: JobSetup, job: Job): Promise<void> {
  if (job.config.schedule === 'together') return;
  const { id } = job.student;
  for (const backend of new Set(job.agents.map((agent) => agent.backend))) {
    if (backend.kind === 'engine' && (backend.weights ?? backend.model) !== id) await backend.unload();
  }
  await loadModel(setup, id);
}

/** The models of our engine that are loaded before the debate. */
function firstModels(
  schedule: RunConfig['schedule'],
  { models, student }: ResolvedModels,
): readonly ModelRef[] {
  switch (schedule) {
    case 'together':
      return models;
    case 'agents-out':
      // The student comes when they have gone.
      return models.filter(({ id }) => id !== student.id);
    case 'one-at-a-time':
      // Each comes when it is its turn.
      return [];
    default:
      return schedule satisfies never;
  }
}

/** Opens the device and loads models of our engine; agents of other kinds are loaded when it is their turn. */
async function load(setup: JobSetup, keeper: RunKeeper, progress: ThinnedProgress): Promise<Job> {
  const { run, engine, emit, base, signal, gate, store, questions } = setup;
  const { config } = run;
  const catalogue = await fetchCatalogue(base, signal);
  const named = resolveModels(config, catalogue, base);
  const hub = await setup.agents.hub();
  const models = await prepareModels(named.models, {
    signal,
    hub,
    onProgress: (model, progress) => emit({ type: 'load', model, ...progress }),
  });
  const resolved = { ...named, models };
  // A run continues on the backend it was started on: another one would give other bytes.
  const kept = keeper.run.device?.backend;
  const wanted = kept === undefined ? config.backend : kept === 'webgpu' ? 'webgpu' : 'cpu';
  const device = await engine.open(wanted, resolved.models, config.kvCache, setup.losses);
  const reason = keeper.run.device?.reason ?? device.reason;
  await keeper.change({ device: { ...device, reason } });
  emit({ type: 'device', backend: device.backend, device: device.device, reason });
  for (const { id } of firstModels(config.schedule, resolved)) await loadModel(setup, id);
  const importedTurns = (): Promise<readonly Turn[]> => store.getTurns(run.id);
  const agents = await agentSlots(resolved, config, { ...setup.agents, engine, importedTurns });
  await progress.readHeldBytes();
  let hashed: Promise<string | null> | null = null;
  return {
    runId: run.id,
    config,
    store,
    engine,
    writer: new TurnWriter(store),
    gate,
    signal,
    device: { ...device, reason },
    agents,
    specs: resolved.specs,
    base,
    hubEndpoint: hub.endpoint,
    agentPool: new AgentPool({ slots: agents, signal, emit }),
    student: resolved.student,
    baseHash: () => (hashed ??= engine.baseHash(resolved.student.id, signal).catch(() => null)),
    primary: run.primary ?? null,
    from: run.from ?? null,
    studentStyle: promptStyle(resolved.student),
    questions,
    overlap: run.overlap ?? null,
    emit,
    progress: progress.report,
  };
}
