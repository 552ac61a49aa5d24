import type { AgentBackend } from '../agents/agent';
import { AgentError, ConfigError, throwIfAborted, type ArkletError } from '../core/errors';
import type { Gate } from '../core/gate';
import { groupedBy } from '../core/groupedBy';
import type { Question, Sampling, Turn, TurnTiming } from '../records/records';
import { hashKey } from '../core/rng';
import { compareTurns } from '../records/trajectories';
import { WorkerQueue } from './workerQueue';
import { Pace, type TurnProgress } from './rate';
import type { PlannedTurn, Protocol } from './protocol';
import { ModelSwapper } from './modelSwapper';
import { clock, generateTurn, type GeneratedTurn } from './generateTurn';

/** Sampling of a turn without its seed, which the scheduler derives from the run's, or from `runSeed` where it is given. */
export type TurnSampling = Omit<Sampling, 'seed'> & { readonly runSeed?: number };

/** Which turn an event is about. */
export interface TurnPlace {
  readonly questionId: string;
  readonly round: number;
  readonly agent: number;
}

export interface TurnsJob {
  readonly runId: string;
  readonly seed: number;
  readonly protocol: Protocol;
  readonly questions: readonly Question[];
  /** Loaded backends; agent i generates with agents[i mod length]. */
  readonly agents: readonly AgentBackend[];
  /** Where backends cannot all be loaded: makes this one the only one that is. They then generate one after another. */
  readonly only?: (backend: AgentBackend) => Promise<void>;
  readonly sampling: TurnSampling | ((agent: number) => TurnSampling);
  /** Turns stored by earlier sessions; those of this protocol and these questions are not generated again. */
  readonly stored?: readonly Turn[];
  /** Stores a finished turn; awaited, and its failure ends the job. */
  record(turn: Turn, timing: TurnTiming): Promise<void>;
  readonly gate?: Gate;
  readonly signal?: AbortSignal;
  /** Called after each turn. */
  onProgress?(progress: TurnProgress): void;
  /** New text of a reply, as it comes. */
  onText?(place: TurnPlace, text: string): void;
  /** A failed attempt; the job continues unless this rejects. */
  onProblem?(place: TurnPlace, error: ArkletError): void;
  /** Further attempts at a failing turn; default 2. */
  readonly retries?: number;
  /** Seconds before the first retry, doubled each time; default 0.5. */
  readonly retryDelay?: number;
  /** Failed turns in a row after which a backend is given up; default 4. */
  readonly hopelessAfter?: number;
}

interface OpenQuestion {
  readonly index: number;
  readonly question: Question;
  readonly turns: Turn[];
  /** Turns of the running exchange that have not ended. */
  running: number;
}

/**
 * Runs a protocol over many questions on a list of backends, keeping each as full as its `concurrency` allows. What a turn
 * says depends only on the question, the seed and the turns it sees, never on the order of work. Resolves with all turns,
 * stored ones included, in the order of trajectories.jsonl.
 * Throws InterruptedError when the signal fires (turns in flight are dropped, recorded ones kept), AgentError when every
 * backend was given up, and whatever `record` or a backend's non-agent failure throws.
 */
export async function runTurns(job: TurnsJob): Promise<readonly Turn[]> {
  if (job.agents.length === 0) throw new ConfigError('There are no agents.', 'Choose at least one agent.');
  throwIfAborted(job.signal);
  return new Scheduler(job).run();
}

/** One job of turns: questions are opened in order, their turns wait in the queue of their backend. */
class Scheduler {
  readonly #job: TurnsJob;
  readonly #failure = new AbortController();
  readonly #signal: AbortSignal;
  #thrown: { readonly error: unknown } | null = null;
  readonly #queues: ReadonlyMap<AgentBackend, WorkerQueue>;
  readonly #swapper: ModelSwapper | null;
  /** Questions that may be open at once. */
  readonly #mostOpen: number;
  readonly #pace = new Pace(clock());

  /** Turns of earlier sessions, by question. */
  readonly #stored: ReadonlyMap<string, readonly Turn[]>;
  readonly #open = new Set<OpenQuestion>();
  /** Turns of the questions that are closed. */
  readonly #all: Turn[] = [];
  #nextQuestion = 0;
  #questionsDone = 0;
  #turnsDone = 0;
  #turnsLeft = 0;

  readonly #failedInRow = new Map<AgentBackend, number>();
  /** Failed turns wait here until some turn succeeds, so that a dead backend leaves nothing behind that a resume would replay. */
  readonly #failures: { readonly at: OpenQuestion; readonly generated: GeneratedTurn }[] = [];
  #successes = 0;
  #wake = (): void => undefined;

  constructor(job: TurnsJob) {
    this.#job = job;
    const { signal: failed } = this.#failure;
    this.#signal = job.signal ? AbortSignal.any([job.signal, failed]) : failed;
    // While a backend is being loaded no work ends that would tell.
    this.#signal.addEventListener('abort', () => this.#wake(), { once: true });
    const onEnd = (): void => {
      this.#swapper?.turn();
      this.#wake();
    };
    const queues = new Map(job.agents.map((agent) => [agent, new WorkerQueue(agent.concurrency, onEnd)]));
    this.#queues = queues;
    this.#swapper = job.only
      ? new ModelSwapper({ queues, change: job.only, fail: (error) => this.#fail(error) })
      : null;
    // One after another, each backend generates its turns on all questions before the next one is loaded.
    this.#mostOpen = this.#swapper
      ? Infinity
      : [...queues.values()].reduce((sum, { width }) => sum + width, 0);
    const own = (job.stored ?? []).filter((turn) => turn.protocol === job.protocol.name);
    this.#stored = groupedBy(own, ({ questionId }) => questionId);
    this.#countTurns();
  }

  async run(): Promise<readonly Turn[]> {
    this.#report();
    while (!this.#signal.aborted) {
      const picked = this.#pick();
      if (!picked) {
        if (!(await this.#waitForMore())) break;
      } else if (!this.#job.gate?.paused) {
        this.#exchange(picked);
      } else {
        if (!(await this.#pass(this.#job.gate))) break;
        this.#exchange(this.#ready() ?? picked);
      }
    }
    for (const queue of this.#queues.values()) queue.clear();
    while (this.#working) await this.#nextEnd();
    await this.#swapper?.settled();
    throwIfAborted(this.#job.signal);
    if (this.#thrown) throw this.#thrown.error;
    return this.#all.sort(compareTurns);
  }

  /** What is generated already, and how much may be left. */
  #countTurns(): void {
    const { protocol, questions } = this.#job;
    for (const question of questions) {
      const turns = this.#stored.get(question.id) ?? [];
      this.#turnsDone += turns.length;
      if (protocol.next(question, turns).length > 0)
        this.#turnsLeft += Math.max(1, protocol.maxTurns - turns.length);
    }
  }

  #backendOf(agent: number): AgentBackend {
    const { agents } = this.#job;
    return agents[agent % agents.length]!;
  }

  get #working(): boolean {
    return [...this.#queues.values()].some((queue) => queue.load > 0);
  }

  /** Resolves when a piece of work has ended. */
  #nextEnd(): Promise<void> {
    return new Promise((resolve) => (this.#wake = resolve));
  }

  #fail(error: unknown): void {
    this.#thrown ??= { error };
    this.#failure.abort();
  }

  #isHopeless(backend: AgentBackend): boolean {
    return (this.#failedInRow.get(backend) ?? 0) >= (this.#job.hopelessAfter ?? 4);
  }

  #failHopeless(): void {
    const names = [...this.#queues.keys()].map((agent) => agent.model).join(', ');
    this.#fail(
      new AgentError(
        `No agent answers any more: ${this.#failures.length} turns failed in a row (${names}).`,
        'Check the agents (is the server running, is the model loaded?), then resume: everything so far is saved.',
      ),
    );
  }

  #report(): void {
    this.#job.onProgress?.({
      questionsDone: this.#questionsDone,
      questions: this.#job.questions.length,
      turnsDone: this.#turnsDone,
      turns: this.#turnsDone + this.#turnsLeft,
      secondsLeft: this.#turnsLeft === 0 ? 0 : this.#pace.secondsLeft(this.#turnsLeft),
      tokensPerSecond: this.#pace.tokensPerSecond,
    });
  }

  // Which question is next

  /** A question whose next exchange can start: the earliest open one, else a new one if a backend has room. */
  #pick(): OpenQuestion | null {
    const first = this.#ready();
    if (first) return first;
    const hungry = this.#swapper !== null || [...this.#queues.values()].some((queue) => queue.hungry);
    return this.#open.size < this.#mostOpen && hungry ? this.#openNext() : null;
  }

  /** The earliest open question of which nothing is running. */
  #ready(): OpenQuestion | null {
    let first: OpenQuestion | null = null;
    for (const at of this.#open) {
      if (at.running === 0 && (first === null || at.index < first.index)) first = at;
    }
    return first;
  }

  /** Opens questions in order until one has something to say; null when none is left. */
  #openNext(): OpenQuestion | null {
    const { protocol, questions } = this.#job;
    for (;;) {
      const question = questions[this.#nextQuestion];
      if (!question) return null;
      const turns = [...(this.#stored.get(question.id) ?? [])];
      const at: OpenQuestion = { index: this.#nextQuestion++, question, turns, running: 0 };
      if (protocol.next(question, turns).length > 0) {
        this.#open.add(at);
        return at;
      }
      this.#all.push(...turns);
      this.#questionsDone++;
    }
  }

  /** Closes a question that has no exchange left. */
  #settle(at: OpenQuestion): void {
    const { protocol } = this.#job;
    if (protocol.next(at.question, at.turns).length > 0) return;
    this.#turnsLeft = Math.max(0, this.#turnsLeft - Math.max(0, protocol.maxTurns - at.turns.length));
    this.#open.delete(at);
    this.#all.push(...at.turns);
    this.#questionsDone++;
  }

  /** While no exchange can start; false when nothing more will come. */
  async #waitForMore(): Promise<boolean> {
    if (this.#working) await this.#nextEnd();
    else if (this.#failures.length === 0) return false;
    else if (this.#successes > 0) await this.#keepFailures();
    else this.#failHopeless();
    return true;
  }

  /** Waits until the gate opens; false where the job ends instead. */
  async #pass(gate: Gate): Promise<boolean> {
    this.#pace.stop(clock());
    try {
      await gate.pass(this.#signal);
    } catch (error) {
      this.#fail(error);
      return false;
    }
    this.#pace.start(clock());
    return true;
  }

  // Generating

  /** Hands the turns of a question's next exchange to their backends. */
  #exchange(at: OpenQuestion): void {
    const plans = this.#job.protocol.next(at.question, at.turns);
    at.running = plans.length;
    for (const plan of plans) this.#queues.get(this.#backendOf(plan.agent))?.add(() => this.#work(at, plan));
    this.#swapper?.turn();
  }

  async #work(at: OpenQuestion, plan: PlannedTurn): Promise<void> {
    const backend = this.#backendOf(plan.agent);
    try {
      const generated = await this.#generateTurn(backend, at.question, plan);
      if (generated.failed) {
        this.#failures.push({ at, generated });
        this.#failedInRow.set(backend, (this.#failedInRow.get(backend) ?? 0) + 1);
        if ([...this.#queues.keys()].every((one) => this.#isHopeless(one))) this.#failHopeless();
      } else {
        this.#successes++;
        this.#failedInRow.set(backend, 0);
        await this.#keep(at, generated);
        await this.#keepFailures();
      }
    } catch (error) {
      this.#fail(error);
    }
  }

  #generateTurn(backend: AgentBackend, question: Question, plan: PlannedTurn): Promise<GeneratedTurn> {
    const job = this.#job;
    const place: TurnPlace = { questionId: question.id, round: plan.round, agent: plan.agent };
    const own = typeof job.sampling === 'function' ? job.sampling(plan.agent) : job.sampling;
    const { runSeed = job.seed, ...sampling } = own;
    const seed = hashKey(runSeed, question.id, plan.agent, plan.round, 0);
    return generateTurn(backend, question, plan, {
      runId: job.runId,
      protocol: job.protocol.name,
      sampling: { ...sampling, seed },
      retries: this.#isHopeless(backend) ? 0 : (job.retries ?? 2),
      retryDelay: job.retryDelay ?? 0.5,
      signal: this.#signal,
      ...(job.onText && { onText: (text: string) => job.onText?.(place, text) }),
      onProblem: (error) => job.onProblem?.(place, error),
    });
  }

  async #keep(at: OpenQuestion, { turn, timing }: GeneratedTurn): Promise<void> {
    await this.#job.record(turn, timing);
    at.turns.push(turn);
    this.#turnsDone++;
    this.#turnsLeft = Math.max(0, this.#turnsLeft - 1);
    this.#pace.add(clock(), turn.usage.completion);
    at.running--;
    if (at.running === 0) this.#settle(at);
    this.#report();
  }

  async #keepFailures(): Promise<void> {
    for (const { at, generated } of this.#failures.splice(0)) await this.#keep(at, generated);
  }
}
