/**
 * What crosses between the job and the worker of one WebLLM model. Plain data: src/job/ carries it by rpc, tests call the
 * host directly.
 */
import type { HubAccess } from '../../specs/addresses';
import type { AgentCallbacks, AgentRequest, Completion, LoadOptions, LoadProgress } from '../agent';
import type { WebllmRef } from './spec';

/** A loaded model. */
export interface WebllmInfo {
  /** Version of the library that runs it. */
  readonly version: string;
  /** Tokens of its context window, prompt and reply together; null when its files do not say. */
  readonly contextTokens: number | null;
  /** Address of its tokenizer.json; null when it has none. */
  readonly tokenizerUrl: string | null;
  /** Vendor and architecture of the adapter it runs on. */
  readonly device: string;
}

export interface WebllmGenerate extends AgentRequest {
  /** Ask for log-probabilities (after temperature). */
  readonly logprobs: boolean;
}

/** Shapes of the rpc between job and worker. */
export interface WebllmProtocol {
  readonly load: {
    readonly request: { readonly model: WebllmRef; readonly hub: HubAccess };
    readonly progress: LoadProgress;
    readonly response: WebllmInfo;
  };
  readonly generate: {
    readonly request: WebllmGenerate;
    readonly progress: { readonly text: string };
    readonly response: Completion;
  };
}

/** The job's end of one worker. */
export interface WebllmLink {
  load(model: WebllmRef, options: LoadOptions): Promise<WebllmInfo>;
  /** Resolves only when the engine is ready for the next request, also after an abort. */
  generate(request: WebllmGenerate, callbacks: AgentCallbacks): Promise<Completion>;
  /** Ends the worker at once; its GPU memory is freed and what is in flight rejects. */
  terminate(): void;
}
