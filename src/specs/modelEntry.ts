import type { FileRuntime } from './spec';

/** Which runtime reads it. */
export type ModelKind = FileRuntime;

/** A model that a run can name. */
export interface ModelEntry {
  /** What a run names it by: bundled id, `hf:...`, `local:...`, an address, `webllm:...`, `transformers:...`. */
  readonly spec: string;
  readonly name: string;
  readonly kind: ModelKind;
  readonly source: 'bundled' | 'hub' | 'local' | 'address' | 'webllm';
  readonly parameters: number | null;
  /** Bytes to download; of WebLLM's models its own figure of GPU memory is in `memoryBytes`. */
  readonly bytes: number | null;
  /** `bytes` is worked out from the number of parameters. */
  readonly approximate: boolean;
  readonly memoryBytes: number | null;
  readonly licence: string | null;
  /** WebGPU features that it needs. */
  readonly features: readonly string[];
  /** absent: nothing is here; partial: a download can continue; ready: every file is here and was verified. */
  readonly state: 'absent' | 'partial' | 'ready';
  readonly doneBytes: number;
  /** Of a GGUF just picked or downloaded: it does not say how its tokenizer splits text, so a general rule is used. */
  readonly splitUnsaid?: boolean;
}

/** Where WebLLM's list says that a model is. */
export interface WebllmPlace {
  /** As the list writes it. */
  readonly id: string;
  /** Address of its repository on the hub. */
  readonly weights: string;
  /** Address of its compiled library. */
  readonly library: string;
}
