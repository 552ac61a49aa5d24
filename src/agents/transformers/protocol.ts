/** What crosses between the job and the worker of @huggingface/transformers. Plain data: src/job/ carries it by rpc. */
import type { HubAccess } from '../../specs/addresses';
import type { Dtype } from '../../specs/transformers';
import type { AgentCallbacks, AgentRequest, Completion, LoadOptions, LoadProgress } from '../agent';

/** Where a model's files are: on the hub (by the user's choice), under an address, in the app's storage, or in memory. */
export type TransformersPlace =
  | { readonly type: 'hub'; readonly id: string }
  | { readonly type: 'folder'; readonly url: string }
  | { readonly type: 'stored'; readonly id: string }
  | { readonly type: 'files'; readonly files: readonly { readonly path: string; readonly blob: Blob }[] };

export interface TransformersRef {
  /** What stands after "transformers:"; what turns store as the model. */
  readonly name: string;
  readonly place: TransformersPlace;
  /** Form of the weights; null = the smallest that the folder has and the device reads. */
  readonly dtype: Dtype | null;
  /** auto = WebGPU on a real adapter, else WASM. */
  readonly device: 'auto' | 'webgpu' | 'wasm';
}

export interface TransformersInfo {
  readonly device: 'webgpu' | 'wasm';
  readonly threads: number;
  readonly dtype: string;
  /** Tokens of prompt and reply together; null when the config does not say. */
  readonly contextTokens: number | null;
}

/** Shapes of the rpc between job and worker. */
export interface TransformersProtocol {
  readonly load: {
    readonly request: { readonly model: TransformersRef; readonly hub: HubAccess };
    readonly progress: LoadProgress;
    readonly response: TransformersInfo;
  };
  readonly generate: {
    readonly request: AgentRequest & { readonly model: string };
    readonly progress: { readonly text: string };
    readonly response: Completion;
  };
  readonly count: {
    readonly request: { readonly model: string; readonly texts: readonly string[] };
    readonly progress: never;
    readonly response: readonly number[];
  };
  readonly unload: {
    readonly request: { readonly model: string };
    readonly progress: never;
    readonly response: { readonly left: number };
  };
}

/** The job's end of the worker. */
export interface TransformersLink {
  load(model: TransformersRef, options: LoadOptions): Promise<TransformersInfo>;
  generate(model: string, request: AgentRequest, callbacks: AgentCallbacks): Promise<Completion>;
  count(model: string, texts: readonly string[]): Promise<readonly number[]>;
  /** Frees a model; the worker ends with its last one, because WASM memory never shrinks. */
  unload(model: string): Promise<void>;
}
