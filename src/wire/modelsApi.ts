/** What a page asks of the models worker: what is there, downloads, storage, and the memory plan of a run. */
import type { DevicePreset, MachineFacts, MemoryPlan } from '../models/memoryPlan';
import type { HubFound } from '../models/hubSearch';
import type { HubChange, HubState } from '../models/hubSettings';
import type { RunConfig } from '../settings/config';
import type { ModelEntry } from '../specs/modelEntry';
import type { ModelProgress, FileCheck, StorageMeter, PickedFile } from '../models/modelRecords';

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
  /**
   * Looks a name up on the hub or at its address, without downloading weights. Of a repository that has GGUF files alone, the one that
   * fits into `memory` bytes (null or absent: unknown) is given.
   */
  look(spec: string, memory?: number | null): Promise<ModelEntry>;
  /** Repositories of the hub by name. */
  search(text: string): Promise<readonly HubFound[]>;
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
  /** The mirror that is asked in place of the hub, and whether a token is at hand. */
  hub(): Promise<HubState>;
  /** As the coordinator's, which needs telling of the token too. */
  setHub(change: HubChange): Promise<HubState>;
  /** The memory that a run needs on this machine, and what to do where it is too much. */
  plan(config: RunConfig, machine: MachineFacts): Promise<MemoryPlan>;
  /** Ready choices; `features` are the adapter's. */
  presets(features: readonly string[]): Promise<readonly DevicePreset[]>;
}
