import type { AgentBackend } from '../agents/agent';
import { AgentError, ConfigError, throwIfAborted, type ArkletError } from '../core/errors';
import type { Gate } from '../core/gate';
import { groupedBy } from '../core/groupedBy';
import type { Question, Sampling, Turn, TurnTiming } from '../records/records';
import { hashKey } from '../core/rng';
import { compareTurns } from '../records/trajectories';
import { Lane } from './lane';
import { Pace, type TurnProgress } from './pace';
import type { PlannedTurn, Protocol } from './protocol';
import { Shifts } from './shifts';
import { clock, speak, type Spoken } from './speak';

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
  /** Loaded backends; agent i speaks through agents[i mod length]. */
  readonly agents: readonly AgentBackend[];
  /** Where backends cannot all be loaded: makes this one the only one that is. They then speak one after another. */
  readonly only?: (backend: AgentBackend) => Promise<void>;
  readonly sampling: TurnSampling | ((agent: number) => TurnSampling);
  /** Turns stored by earlier sessions; those of this protocol and these questions are not spoken again. */
  readonly stored?: readonly Turn[];
  /** Stores a finished turn; awaited, and its failure ends the job. */
  record(turn: Turn, timing: TurnTiming): Promise<void>;
  readonly gate?: Gate;
  readonly signal?: AbortSignal;
  /** Called after each turn. */
  onProgress?(progress: TurnProgress): void;
  /** New text of a reply, as it comes. */
  onText?(place: TurnPlace, text: string): void;
  /** A failed attempt; the job goes on unless it rejects. */
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
  const { protocol, questions } = job;
  const failure = new AbortController();
  const signal = job.signal ? AbortSignal.any([job.signal, failure.signal]) : failure.signal;
  let thrown: { readonly error: unknown } | null = null;
  const fail = (error: unknown): void => {
    thrown ??= { error };
    failure.abort();
  };

  const backendOf = (agent: number): AgentBackend => job.agents[agent % job.agents.length]!;

  const own = (job.stored ?? []).filter((turn) => turn.protocol === protocol.name);
  const stored = groupedBy(own, ({ questionId }) => questionId);

  const pace = new Pace(clock());
  const open = new Set<OpenQuestion>();
  const all: Turn[] = [];
  let nextQuestion = 0;
  let questionsDone = 0;
  let turnsDone = 0;
  let turnsLeft = 0;
  for (const question of questions) {
    const spoken = stored.get(question.id)?.length ?? 0;
    turnsDone += spoken;
    if (protocol.next(question, stored.get(question.id) ?? []).length > 0) {
      turnsLeft += Math.max(1, protocol.maxTurns - spoken);
    }
  }

  let wake = (): void => undefined;
  /** Resolves when a piece of work has ended. */
  const nextEnd = (): Promise<void> => new Promise((resolve) => (wake = resolve));
  const onEnd = (): void => {
    shifts?.turn();
    wake();
  };
  const lanes = new Map(job.agents.map((agent) => [agent, new Lane(agent.concurrency, onEnd)]));
  const shifts = job.only && new Shifts({ lanes, change: job.only, fail });
  // While a backend is being loaded no work ends that would tell.
  signal.addEventListener('abort', () => wake(), { once: true });
  const working = (): boolean => [...lanes.values()].some((lane) => lane.load > 0);
  // One after another, each backend speaks on all questions before the next one comes.
  const mostOpen = shifts ? Infinity : [...lanes.values()].reduce((sum, lane) => sum + lane.width, 0);

  const hopelessAfter = job.hopelessAfter ?? 4;
  const failedInRow = new Map(job.agents.map((agent) => [agent, 0]));
  const isHopeless = (backend: AgentBackend): boolean => (failedInRow.get(backend) ?? 0) >= hopelessAfter;
  /** Failed turns wait here until some turn succeeds, so that a dead backend leaves nothing behind that a resume would replay. */
  const failures: { readonly at: OpenQuestion; readonly spoken: Spoken }[] = [];
  let successes = 0;

  function report(): void {
    job.onProgress?.({
      questionsDone,
      questions: questions.length,
      turnsDone,
      turns: turnsDone + turnsLeft,
      secondsLeft: turnsLeft === 0 ? 0 : pace.secondsLeft(turnsLeft),
      tokensPerSecond: pace.tokensPerSecond,
    });
  }

  function noAgentAnswers(): AgentError {
    const names = [...lanes.keys()].map((agent) => agent.model).join(', ');
    return new AgentError(
      `No agent answers any more: ${failures.length} turns failed in a row (${names}).`,
      'Check the agents (is the server running, is the model loaded?), then resume: everything so far is saved.',
    );
  }

  async function keep(at: OpenQuestion, { turn, timing }: Spoken): Promise<void> {
    await job.record(turn, timing);
    at.turns.push(turn);
    turnsDone++;
    turnsLeft = Math.max(0, turnsLeft - 1);
    pace.add(clock(), turn.usage.completion);
    at.running--;
    if (at.running === 0) settle(at);
    report();
  }

  async function keepFailures(): Promise<void> {
    for (const { at, spoken } of failures.splice(0)) await keep(at, spoken);
  }

  async function work(at: OpenQuestion, plan: PlannedTurn): Promise<void> {
    const place: TurnPlace = { questionId: at.question.id, round: plan.round, agent: plan.agent };
    const backend = backendOf(plan.agent);
    const own = typeof job.sampling === 'function' ? job.sampling(plan.agent) : job.sampling;
    const { runSeed = job.seed, ...sampling } = own;
    const seed = hashKey(runSeed, at.question.id, plan.agent, plan.round, 0);
    try {
      const spoken = await speak(backend, at.question, plan, {
        runId: job.runId,
        protocol: protocol.name,
        sampling: { ...sampling, seed },
        retries: isHopeless(backend) ? 0 : (job.retries ?? 2),
        retryDelay: job.retryDelay ?? 0.5,
        signal,
        ...(job.onText && { onText: (text: string) => job.onText?.(place, text) }),
        onProblem: (error) => job.onProblem?.(place, error),
      });
      if (spoken.failed) {
        failures.push({ at, spoken });
        failedInRow.set(backend, (failedInRow.get(backend) ?? 0) + 1);
        if ([...lanes.keys()].every(isHopeless)) fail(noAgentAnswers());
      } else {
        successes++;
        failedInRow.set(backend, 0);
        await keep(at, spoken);
        await keepFailures();
      }
    } catch (error) {
      fail(error);
    }
  }

  /** Closes a question that has no exchange left. */
  function settle(at: OpenQuestion): boolean {
    if (protocol.next(at.question, at.turns).length > 0) return false;
    turnsLeft = Math.max(0, turnsLeft - Math.max(0, protocol.maxTurns - at.turns.length));
    open.delete(at);
    all.push(...at.turns);
    questionsDone++;
    return true;
  }

  /** Opens questions in order until one has something to say; null when none is left. */
  function openNext(): OpenQuestion | null {
    for (;;) {
      const question = questions[nextQuestion];
      if (!question) return null;
      const turns = [...(stored.get(question.id) ?? [])];
      const at: OpenQuestion = { index: nextQuestion++, question, turns, running: 0 };
      if (protocol.next(question, turns).length > 0) {
        open.add(at);
        return at;
      }
      all.push(...turns);
      questionsDone++;
    }
  }

  /** The earliest open question of which nothing is running. */
  function ready(): OpenQuestion | null {
    let first: OpenQuestion | null = null;
    for (const at of open) {
      if (at.running === 0 && (first === null || at.index < first.index)) first = at;
    }
    return first;
  }

  /** A question whose next exchange can start: the earliest open one, else a new one if a backend has room. */
  function pick(): OpenQuestion | null {
    const first = ready();
    if (first) return first;
    const room = open.size < mostOpen && (shifts || [...lanes.values()].some((lane) => lane.hungry));
    return room ? openNext() : null;
  }

  report();
  while (!signal.aborted) {
    let at = pick();
    if (!at) {
      if (working()) await nextEnd();
      else if (failures.length === 0) break;
      else if (successes > 0) await keepFailures();
      else fail(noAgentAnswers());
      continue;
    }
    if (job.gate?.paused) {
      pace.stop(clock());
      try {
        await job.gate.pass(signal);
      } catch (error) {
        fail(error);
        break;
      }
      pace.start(clock());
      at = ready() ?? at;
    }
    const plans = protocol.next(at.question, at.turns);
    at.running = plans.length;
    for (const plan of plans) {
      const spoken = at;
      lanes.get(backendOf(plan.agent))?.add(() => work(spoken, plan));
    }
    shifts?.turn();
  }

  for (const lane of lanes.values()) lane.clear();
  while (working()) await nextEnd();
  await shifts?.settled();
  throwIfAborted(job.signal);
  if (thrown) throw (thrown as { readonly error: unknown }).error;
  return all.sort(compareTurns);
}
