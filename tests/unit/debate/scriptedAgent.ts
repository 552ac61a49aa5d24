import type { AgentBackend, AgentCallbacks, AgentRequest, Completion } from '../../../src/agents/agent';
import type { Question, Turn, TurnTiming } from '../../../src/records/records';
import type { TurnPrompt } from '../../../src/debate/protocol';
import { turnMessages } from '../../../src/debate/prompts';

/** Arithmetic questions "i + 1 = ?" with gold i + 1. */
export function makeQuestions(count: number, split: Question['split'] = 'train'): Question[] {
  return Array.from({ length: count }, (_, i) => ({
    id: `q${String(i).padStart(3, '0')}`,
    split,
    text: `What is ${i} + 1?`,
    gold: String(i + 1),
    answerType: 'number',
  }));
}

export const prompt: TurnPrompt = ({ question, own, peers }) =>
  turnMessages({ style: 'natural', question, own, peers });

type Reply = (request: AgentRequest) => string | Error;

/** An agent whose replies are a function of the request; it counts what is in flight and honours the abort signal. */
export class ScriptedAgent implements AgentBackend {
  readonly model: string;
  readonly kind = 'scripted';
  readonly concurrency: number;
  inFlight = 0;
  mostInFlight = 0;
  calls = 0;
  aborted = 0;
  readonly #reply: Reply;
  readonly #delay: (call: number) => number;

  constructor(
    reply: Reply,
    {
      model = 'script',
      concurrency = 4,
      delay = () => 0,
    }: { model?: string; concurrency?: number; delay?: (call: number) => number } = {},
  ) {
    this.#reply = reply;
    this.model = model;
    this.concurrency = concurrency;
    this.#delay = delay;
  }

  load(): Promise<void> {
    return Promise.resolve();
  }

  unload(): Promise<void> {
    return Promise.resolve();
  }

  async generate(request: AgentRequest, callbacks: AgentCallbacks): Promise<Completion> {
    const { signal } = callbacks;
    this.calls++;
    this.inFlight++;
    this.mostInFlight = Math.max(this.mostInFlight, this.inFlight);
    try {
      await pause(this.#delay(this.calls), signal);
      const usage = { prompt: 10, completion: 5 };
      if (signal?.aborted) {
        this.aborted++;
        return { text: '', finishReason: 'aborted', usage, logprobKind: null };
      }
      const text = this.#reply(request);
      if (text instanceof Error) throw text;
      callbacks.onText?.(text);
      return { text, finishReason: 'stop', usage, logprobs: [-0.5], logprobKind: 'raw' };
    } finally {
      this.inFlight--;
    }
  }
}

function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    signal?.addEventListener('abort', end);
  });
}

/** The right answer to a question of `makeQuestions`, read from the messages. */
export function rightAnswer(request: AgentRequest): number {
  const text = request.messages.map((message) => message.content).join('\n');
  return Number(/What is (\d+) \+ 1/.exec(text)?.[1]) + 1;
}

/** A reply that depends on the seed alone (and the question): right for two seeds of three. */
export function seededReply(request: AgentRequest): string {
  const off = request.sampling.seed % 3 === 0 ? 1 : 0;
  return `I add one. #### ${rightAnswer(request) + off}`;
}

/** Stored turns and a `record` that stores. */
export class Recorder {
  readonly turns: Turn[] = [];
  readonly timings: TurnTiming[] = [];
  readonly record = (turn: Turn, timing: TurnTiming): Promise<void> => {
    this.turns.push(turn);
    this.timings.push(timing);
    return Promise.resolve();
  };
}
