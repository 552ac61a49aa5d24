/** The job that this tab works on: started, paused, stopped within a limit, and ended in the store and for the pages. */
import { asArkletError, InterruptedError, WorkerError, type ArkletError } from '../core/errors';
import { Gate } from '../core/gate';
import type { JobEvent } from '../wire/jobEvents';
import type { Question, RunStatus } from '../records/records';
import type { JobStore } from '../store/jobStore';
import type { StoredRun } from '../store/schema';
import type { EngineClient } from '../engine/engineClient';
import type { AgentParts } from '../job/resolveAgents';
import { runJob } from '../job/runJob';
import { waitingStore } from '../job/waitingStore';
import { isFull } from '../store/database';

export interface ActiveParts {
  readonly store: JobStore;
  openEngine(): EngineClient;
  emit(event: JobEvent): void;
  readonly base: string;
  readonly version: string;
  readonly agents: Omit<AgentParts, 'engine'>;
  /** Milliseconds that a stop waits before it ends the engine's worker, and again before it gives the job up. */
  readonly patience: number;
  /** Sends the list of runs to the pages. */
  announce(): Promise<void>;
  /** What could be deleted to make room for that run, in words. */
  advice(runId: string): Promise<string>;
}

/** Milliseconds between two tries of a write that found no room. */
const roomEvery = 5000;

interface Active {
  /** Writes that wait for room try again at once. */
  wake(): void;
  /** It is paused because there was no room, and by nobody. */
  full: boolean;
  /** It had its device and its models: what takes them away later passes. */
  worked: boolean;
  readonly runId: string;
  readonly controller: AbortController;
  readonly gate: Gate;
  readonly ended: Promise<void>;
  /** Ends it with this error, whatever it is doing. */
  giveUp(error: ArkletError): void;
}

const alive: readonly RunStatus[] = ['running', 'paused'];

/** Interruptions from outside: the run can be resumed afterwards. */
const passing: ReadonlySet<string> = new Set(['device-lost', 'worker', 'storage', 'busy']);
/** Those of a run that had what is missing now. */
const passingLater: ReadonlySet<string> = new Set(['gpu-unavailable', 'download']);

/** Whether it came in time. */
async function within(work: Promise<unknown>, milliseconds: number): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), milliseconds);
  });
  try {
    return await Promise.race([work.then(() => true as const), late]);
  } finally {
    clearTimeout(timer);
  }
}

export class ActiveJob {
  readonly #parts: ActiveParts;
  #engine: EngineClient | null = null;
  #active: Active | null = null;

  constructor(parts: ActiveParts) {
    this.#parts = parts;
  }

  /** Of the run that is worked on here; null where none is. */
  get runId(): string | null {
    return this.#active?.runId ?? null;
  }

  /** The engine's worker; a new one where that ended. */
  engine(): EngineClient {
    if (this.#engine?.closed === true) this.#engine = null;
    if (this.#engine) return this.#engine;
    const engine = this.#parts.openEngine();
    this.#engine = engine;
    // A worker that comes in the middle of a paused job waits as the one before it did; one that dies rejects its calls.
    if (this.#active?.gate.paused === true) engine.gate('pause').catch(() => undefined);
    return engine;
  }

  /** Works on a run until it ends, whatever happens; `release` gives its locks back. */
  launch(run: StoredRun, questions: readonly Question[], release: () => void): void {
    const { store, emit, base, version, agents } = this.#parts;
    const controller = new AbortController();
    const revoked = new AbortController();
    const gate = new Gate();
    let giveUp = (_: ArkletError): void => undefined;
    const givenUp = new Promise<ArkletError>((resolve) => (giveUp = resolve));
    const work = runJob({
      run,
      questions,
      store: waitingStore(store.during(run.id, revoked.signal), {
        signal: controller.signal,
        every: roomEvery,
        onFull: (error, wake) => this.#hold(active, asArkletError(error), wake),
        onRoom: () => this.#goOn(active),
      }),
      openEngine: () => this.engine(),
      gate,
      emit: (event) => {
        active.worked ||= event.type === 'turn' || event.type === 'train';
        emit(event);
      },
      base,
      version,
      agents,
      signal: controller.signal,
    });
    const end = work.then(
      () => null,
      (thrown: unknown) =>
        controller.signal.aborted
          ? new InterruptedError('Stopped.', 'Resume the run: it continues from what is stored.')
          : asArkletError(thrown),
    );
    const ended = Promise.race([end, givenUp]).then(async (error) => {
      // Nothing of it is stored from here on, even where it was given up and still works.
      revoked.abort();
      controller.abort();
      await this.#end(active, error);
      this.#active = null;
      release();
      await this.#parts.announce().catch(() => undefined);
    });
    const active: Active = {
      runId: run.id,
      controller,
      gate,
      ended,
      giveUp,
      full: false,
      worked: run.device !== null,
      wake: () => undefined,
    };
    this.#active = active;
  }

  /** There is no room to store what was made: the job waits, and the pages get a list of what can be deleted. */
  #hold(active: Active, error: ArkletError, wake: () => void): void {
    active.wake = wake;
    active.full = !active.gate.paused;
    if (active.full) void this.#turn('pause').catch(() => undefined);
    const tell = (hint: string): void => {
      const { code, message, details = {} } = error.toData();
      this.#parts.emit({ type: 'error', runId: active.runId, error: { code, message, hint, details } });
    };
    this.#parts.advice(active.runId).then(tell, () => tell(error.hint));
  }

  #goOn(active: Active): void {
    // Where the user has paused it since, that can be recorded now.
    const ready = active.full ? this.#turn('unpause') : active.gate.paused ? this.#mark('paused') : null;
    ready?.catch(() => undefined);
    active.full = false;
  }

  /** Resolves when the job that works now has ended, however it ends. */
  async ended(): Promise<void> {
    await this.#active?.ended;
  }

  async gate(action: 'pause' | 'unpause' | 'step'): Promise<void> {
    if (this.#active) this.#active.full = false;
    await this.#turn(action);
    this.#active?.wake();
  }

  async #turn(action: 'pause' | 'unpause' | 'step'): Promise<void> {
    this.#active?.gate[action]();
    // An engine that has died rejects the calls that wait for it.
    await this.#engine?.gate(action).catch(() => undefined);
    if (action !== 'step') await this.#mark(action === 'pause' ? 'paused' : 'running');
  }

  /** Ends the job; resolves within twice the patience at worst. */
  async stop(): Promise<void> {
    const active = this.#active;
    if (!active) return;
    const { patience } = this.#parts;
    active.controller.abort();
    if (await within(active.ended, patience)) return;
    this.#engine?.terminate(
      new WorkerError(
        `The engine did not stop within ${patience / 1000} s and was ended.`,
        'Resume the run: it continues from what is stored.',
      ),
    );
    if (await within(active.ended, patience)) return;
    active.giveUp(new InterruptedError('Stopped.', 'Resume the run: it continues from what is stored.'));
    await active.ended;
  }

  /** Ends the job with an error that it would notice late, or not at all. */
  async fail(error: ArkletError): Promise<void> {
    const active = this.#active;
    if (!active) return;
    active.giveUp(error);
    await active.ended;
  }

  async #end({ runId, worked }: Active, error: ArkletError | null): Promise<void> {
    const { store, emit, patience } = this.#parts;
    if (!error) {
      emit({ type: 'ended', runId, status: 'done', error: null });
      return;
    }
    const stopped = error instanceof InterruptedError;
    const passes = passing.has(error.code) || (worked && passingLater.has(error.code));
    const status = stopped || passes ? 'interrupted' : 'failed';
    const data = stopped ? null : error.toData();
    const stored = store.editRun(runId, (last) => ({ ...last, status, error: data }));
    // A store that takes nothing any more, or does not answer, keeps the old status; the pages get the true one.
    await within(
      stored.catch(() => undefined),
      patience,
    );
    if (data) emit({ type: 'error', runId: runId, error: data });
    emit({ type: 'ended', runId: runId, status, error: data });
  }

  async #mark(status: 'running' | 'paused'): Promise<void> {
    if (!this.#active) return;
    const marked = this.#parts.store.editRun(this.#active.runId, (run) =>
      alive.includes(run.status) ? { ...run, status } : run,
    );
    await marked.catch((thrown: unknown) => {
      // A full disk takes no mark.
      if (!isFull(thrown)) throw thrown;
    });
    await this.#parts.announce();
  }
}
