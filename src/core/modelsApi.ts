/** What a page asks of the models worker: what is there, downloads, storage, and the memory plan of a run. */
import type { DevicePreset, MachineFacts, MemoryPlan } from './memoryPlan';
import type { RunConfig } from './records';

/** Which runtime reads it. */
export type ModelKind = 'engine' | 'transformers' | 'webllm';

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
  /** absent: nothing is here; partial: a download can go on; ready: every file is here and was verified. */
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

/** How far a download or check is. */
export interface ModelProgress {
  readonly phase: 'look up' | 'download' | 'verify' | 'ready';
  readonly file: string;
  readonly done: number;
  readonly total: number;
  /** Mean of the last seconds; null before the first. */
  readonly bytesPerSecond: number | null;
  readonly secondsLeft: number | null;
}

/** What "ready for offline" found about a file. */
export interface FileCheck {
  readonly path: string;
  readonly bytes: number;
  readonly ok: boolean;
  /** checked: against the source's own hash; kept: it is as it came (the source names no hash). */
  readonly against: 'checked' | 'kept';
  readonly problem: string | null;
}

export interface StorageMeter {
  readonly usage: number;
  readonly quota: number;
  /** Bytes of each model, by what runs name it by. */
  readonly models: Readonly<Record<string, number>>;
}

export interface PickedFile {
  readonly path: string;
  readonly blob: Blob;
}

export interface ModelCalls {
  readonly signal?: AbortSignal;
  onProgress?(progress: ModelProgress): void;
}

/** Requests to the models worker; each rejects with an ArkletError. */
export interface ModelsApi {
  /** Bundled models and everything in storage, whole or in part. */
  list(): Promise<readonly ModelEntry[]>;
  /** WebLLM's own list; its package is loaded for it. */
  webllm(): Promise<readonly ModelEntry[]>;
  /** Looks a name up on the hub or at its address, without downloading weights. */
  look(spec: string): Promise<ModelEntry>;
  /** Downloads what is missing and verifies it; an abort is a pause: what came stays. */
  download(spec: string, calls?: ModelCalls): Promise<ModelEntry>;
  /**
   * Copies picked files into storage: a folder with config.json or one .gguf as `local:NAME`, an ONNX folder as
   * `transformers:local:NAME`, an MLC folder with its compiled library as `webllm:local:NAME`.
   */
  importFiles(name: string, files: readonly PickedFile[], calls?: ModelCalls): Promise<ModelEntry>;
  /** Hashes every file again. */
  verify(spec: string, calls?: ModelCalls): Promise<readonly FileCheck[]>;
  remove(spec: string): Promise<void>;
  storage(): Promise<StorageMeter>;
  /** What a run would hold in memory on this machine, and what to do where it is too much. */
  plan(config: RunConfig, machine: MachineFacts): Promise<MemoryPlan>;
  /** Ready choices; `features` are the adapter's. */
  presets(features: readonly string[]): Promise<readonly DevicePreset[]>;
}
