/** One interface for every kind of agent; one file (or folder) per backend implements it. */
import type { Requantised } from '../records/requantised';
import type { FinishReason, Message, Sampling, Usage } from '../records/records';

export interface AgentRequest {
  readonly messages: readonly Message[];
  /** `sampling.seed` is the RNG key of this very turn (hash of run seed, question, agent, round, sample). */
  readonly sampling: Sampling;
  /** Which turn this is, for agents that look it up instead of thinking. */
  readonly place?: TurnPlace;
}

/** Which turn of a run. */
export interface TurnPlace {
  readonly protocol: string;
  readonly questionId: string;
  readonly round: number;
  readonly agent: number;
}

export interface Completion {
  /** The answer: what was said after the thoughts. */
  readonly text: string;
  /** Absent where the model did not think. */
  readonly thoughts?: string;
  /** The model that said it, where that is another than the backend's own (a recording of several). */
  readonly model?: string;
  readonly finishReason: FinishReason;
  readonly usage: Usage;
  readonly promptIds?: readonly number[];
  readonly replyIds?: readonly number[];
  readonly logprobs?: readonly number[];
  /** raw = at temperature 1 before truncation. */
  readonly logprobKind: 'raw' | 'tempered' | null;
}

export interface AgentCallbacks {
  readonly signal?: AbortSignal;
  /** New text of the answer, as it comes. */
  onText?(text: string): void;
}

export interface LoadProgress {
  readonly phase: 'download' | 'compile' | 'warm up' | 'ready';
  readonly loaded: number;
  readonly total: number;
  /** With `ready`: what is to be known of a model that may answer worse than it could. */
  readonly notice?: string;
  /** With `ready`: weights that the file keeps in another way, and what that changed. */
  readonly requantised?: Requantised;
}

export interface LoadOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: LoadProgress) => void;
}

/** How much a prompt and its reply may take together. */
export interface ContextLimit {
  readonly tokens: number;
  /** Tokens of each text by the agent's own tokenizer, or an upper estimate. */
  count(texts: readonly string[]): Promise<readonly number[]>;
}

export interface AgentBackend {
  /** Stable id: what `--agents` names and what a turn stores as `model`. */
  readonly model: string;
  /** What a turn stores as `backend`: engine, webllm, transformers, endpoint, recorded. */
  readonly kind: string;
  /** Most requests worth having in flight at once; the scheduler never exceeds it. */
  readonly concurrency: number;
  /** Known once loaded; an agent without it gets every prompt whole. */
  readonly context?: ContextLimit | null;
  /** Whether it has an answer to this; absent: it answers anything. A recording holds so many and no more. */
  holds?(request: Pick<AgentRequest, 'messages' | 'place'>): boolean;
  load(options: LoadOptions): Promise<void>;
  /** Rejects with AgentError; an abort resolves with finishReason "aborted" and the text so far. */
  generate(request: AgentRequest, callbacks: AgentCallbacks): Promise<Completion>;
  unload(): Promise<void>;
  /** Model of our engine whose weights it uses, where that is not `model`. */
  readonly weights?: string;
  /** Frees what it holds beside weights that it shares. */
  release?(): Promise<void>;
}
