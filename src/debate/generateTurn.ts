import type { AgentBackend, Completion } from '../agents/agent';
import { replyTokens } from '../agents/replyTokens';
import { AgentError, type ArkletError, asArkletError, throwIfAborted } from '../core/errors';
import type { Question, Sampling, Turn, TurnTiming } from '../records/records';
import { splitThoughts, thoughtShare } from '../records/thoughts';
import { fitTurn, unfitted, type FittedTurn } from './fitTurn';
import { judge } from './judge';
import type { PlannedTurn } from './protocol';

export interface SpeakOptions {
  readonly runId: string;
  readonly protocol: string;
  readonly sampling: Sampling;
  readonly retries: number;
  /** Seconds before the first retry; doubles each time. */
  readonly retryDelay: number;
  readonly signal: AbortSignal;
  readonly onText?: (text: string) => void;
  readonly onProblem?: (error: ArkletError) => void;
}

/** Seconds since the epoch, with sub-millisecond steps. */
export function clock(): number {
  return (performance.timeOrigin + performance.now()) / 1000;
}

function wait(seconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, seconds * 1000);
    signal.addEventListener('abort', done, { once: true });
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
  });
}

export interface GeneratedTurn {
  readonly turn: Turn;
  readonly timing: TurnTiming;
  /** The backend did not answer, retries included (a prompt that does not fit is not its failure). */
  readonly failed: boolean;
}

const silence: Completion = {
  text: '',
  finishReason: 'error',
  usage: { prompt: 0, completion: 0 },
  logprobKind: null,
};

/** Of a backend that does not split thoughts off, as a recording, they are split off here. */
function thoughtsApart(completion: Completion): Completion {
  if (completion.thoughts !== undefined) return completion;
  const { thoughts, answer } = splitThoughts(completion.text);
  if (thoughts === null) return completion;
  if (thoughts === '') return { ...completion, text: answer };
  const { usage } = completion;
  const counted = usage.thoughts ?? thoughtShare(usage.completion, thoughts, answer);
  return { ...completion, text: answer, thoughts, usage: { ...usage, thoughts: counted } };
}

/**
 * Generates one turn: generate, retry what a retry can fix (code "agent" or "download"), judge. A turn that keeps failing, or
 * whose prompt does not fit (code "token"), comes back as finishReason "error". Anything else is a fault of the job and is
 * thrown, as is InterruptedError when it was stopped: such a turn is not a result.
 */
export async function generateTurn(
  backend: AgentBackend,
  question: Question,
  plan: PlannedTurn,
  options: SpeakOptions,
): Promise<GeneratedTurn> {
  const { runId, protocol, sampling, signal } = options;
  const startedAt = clock();
  let completion = silence;
  let fitted: FittedTurn = unfitted(plan);
  let failed = false;
  for (let attempt = 0; ; attempt++) {
    throwIfAborted(signal);
    try {
      fitted = await fitTurn(plan, backend, replyTokens(sampling, false));
      completion = await backend.generate(
        {
          messages: fitted.messages,
          sampling,
          place: {
            protocol: options.protocol,
            questionId: question.id,
            round: plan.round,
            agent: plan.agent,
          },
        },
        { signal, ...(options.onText && { onText: options.onText }) },
      );
      if (completion.finishReason !== 'aborted') break;
      throwIfAborted(signal);
      throw new AgentError(`${backend.model} ended a reply by itself.`, 'Try again, or use another agent.');
    } catch (thrown) {
      throwIfAborted(signal);
      completion = silence;
      const error = asArkletError(thrown);
      options.onProblem?.(error);
      if (error.code === 'token') break;
      if (error.code !== 'agent' && error.code !== 'download') throw error;
      // A refused key or an unknown model stays what it is: the user must act.
      if (error.details?.['permanent'] === true) throw error;
      failed = attempt >= options.retries;
      if (failed) break;
      await wait(options.retryDelay * 2 ** attempt, signal);
    }
  }
  const { text, model = backend.model, ...rest } = thoughtsApart(completion);
  const turn: Turn = {
    runId,
    questionId: question.id,
    split: question.split,
    protocol,
    round: plan.round,
    agent: plan.agent,
    model,
    backend: backend.kind,
    ...(plan.style && { style: plan.style }),
    messages: fitted.messages,
    ...(fitted.shortened > 0 && { shortened: fitted.shortened }),
    ...(plan.earlier && plan.round > 0 && { read: fitted.read }),
    reply: text,
    ...judge(question, text),
    sampling,
    ...rest,
  };
  const { round, agent } = plan;
  const seconds = clock() - startedAt;
  return { turn, timing: { questionId: question.id, protocol, round, agent, startedAt, seconds }, failed };
}
