/** Progress events of a job, at a limited rate. */
import type { Phase } from '../records/records';
import type { EngineClient } from '../engine/engineClient';
import type { Progress } from './job';
import type { Gate } from '../core/gate';
import type { RunRecord } from '../records/runRecords';
import type { JobEvent } from '../wire/jobEvents';

interface Listeners {
  readonly run: Pick<RunRecord, 'id'>;
  readonly gate: Pick<Gate, 'paused'>;
  emit(event: JobEvent): void;
}

/** Milliseconds between two events. */
const apart = 100;

/**
 * At most ten progress events a second, and the last one of a phase at once. Turns of a batch end together: what was
 * measured waits for the newest of them.
 */
export class ThinnedProgress {
  readonly #setup: Listeners;
  readonly #held: HeldBytes;
  #last = -Infinity;
  #closed = false;
  #pending: { phase: Phase; progress: Progress } | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(setup: Listeners & { readonly engine: Pick<EngineClient, 'memory'> }) {
    this.#setup = setup;
    this.#held = new HeldBytes(setup.engine);
  }

  /** Bytes held are sent with every event. */
  readHeldBytes(): Promise<void> {
    return this.#held.refresh();
  }

  readonly report = (phase: Phase, progress: Progress): void => {
    if (this.#closed) return;
    const measured = (progress.secondsLeft ?? progress.tokensPerSecond ?? null) !== null;
    const due = !measured && performance.now() - this.#last >= apart;
    if (due || progress.done >= progress.total) this.#tell(phase, progress);
    else this.#later(phase, progress);
  };

  /** Says nothing any more, not even of what is still waiting. */
  close(): void {
    this.#closed = true;
    this.#forget();
  }

  #forget(): void {
    clearTimeout(this.#timer);
    this.#pending = null;
  }

  #later(phase: Phase, progress: Progress): void {
    const waits = this.#pending !== null;
    this.#pending = { phase, progress };
    if (waits) return;
    this.#timer = setTimeout(() => {
      if (this.#pending) this.#tell(this.#pending.phase, this.#pending.progress);
    }, apart);
  }

  #tell(phase: Phase, { done, total, detail, secondsLeft = null, tokensPerSecond = null }: Progress): void {
    this.#forget();
    this.#last = performance.now();
    const { run, gate, emit } = this.#setup;
    const status = phase === 'done' ? 'done' : gate.paused ? 'paused' : 'running';
    const { bytes, peakBytes, prompts } = this.#held.last;
    emit({
      type: 'progress',
      runId: run.id,
      phase,
      status,
      done,
      total,
      detail,
      secondsLeft,
      tokensPerSecond,
      bytes,
      peakBytes,
      prompts,
    });
  }
}

interface Told {
  readonly bytes: number | null;
  readonly peakBytes: number | null;
  readonly prompts: { readonly computed: number; readonly reused: number } | null;
}

/** What the engine holds on its device and has cached, as of the last answer; asked for again at most once a second. */
class HeldBytes {
  readonly #engine: Pick<EngineClient, 'memory'>;
  #bytes: number | null = null;
  #peak: number | null = null;
  #prompts: Told['prompts'] = null;
  #asked = -Infinity;

  constructor(engine: Pick<EngineClient, 'memory'>) {
    this.#engine = engine;
  }

  get last(): Told {
    const now = performance.now();
    if (now - this.#asked >= 1000) {
      this.#asked = now;
      // The engine may be closing or its device lost: that shows elsewhere, here the last figure stays.
      void this.refresh().catch(() => undefined);
    }
    return { bytes: this.#bytes, peakBytes: this.#peak, prompts: this.#prompts };
  }

  async refresh(): Promise<void> {
    const { total, peak, prompts } = await this.#engine.memory();
    this.#prompts = prompts;
    this.#bytes = total;
    this.#peak = peak;
  }
}
