/** What the bench page hands around, and as much of the peers' interfaces as it calls: they are installed at run time. */
import type { ModelConfig } from '../../src/lm/types';
import type { GpuBackend } from '../../src/compute/gpuBackend';
import type { Backend } from '../../src/compute/ops';

export interface JaxArray {
  /** A further use: jax-js consumes its arguments. */
  readonly ref: JaxArray;
  add(other: JaxArray | number): JaxArray;
  sub(other: JaxArray | number): JaxArray;
  mul(other: JaxArray | number): JaxArray;
  div(other: JaxArray | number): JaxArray;
  sum(): JaxArray;
  reshape(shape: readonly number[]): JaxArray;
  transpose(axes: readonly number[]): JaxArray;
  slice(...ranges: readonly (readonly number[])[]): JaxArray;
  data(): Promise<Float32Array>;
  dispose(): void;
}

export type JaxDevice = 'webgpu' | 'wasm';

/** Arrays in objects and lists. */
export type Tree = object;

export interface Jax {
  readonly numpy: {
    array(data: Float32Array<ArrayBuffer> | number, options: { readonly device: JaxDevice }): JaxArray;
    matmul(a: JaxArray, b: JaxArray): JaxArray;
    mean(x: JaxArray, axis: number, options: { readonly keepdims: boolean }): JaxArray;
    square(x: JaxArray): JaxArray;
    sqrt(x: JaxArray): JaxArray;
    reciprocal(x: JaxArray): JaxArray;
    concatenate(parts: readonly JaxArray[], axis: number): JaxArray;
    transpose(x: JaxArray): JaxArray;
    subtract(a: number, b: JaxArray): JaxArray;
  };
  readonly nn: {
    silu(x: JaxArray): JaxArray;
    softmax(x: JaxArray, axis: number): JaxArray;
    logSoftmax(x: JaxArray, axis: number): JaxArray;
  };
  readonly tree: {
    ref<T>(tree: T): T;
    dispose(tree: Tree): void;
    flatten(tree: Tree): [JaxArray[], unknown];
    unflatten<T>(structure: unknown, leaves: readonly JaxArray[]): T;
  };
  init(): Promise<readonly string[]>;
  defaultDevice(device: JaxDevice): void;
  blockUntilReady(tree: Tree): Promise<void>;
  jit<A extends readonly unknown[], R>(work: (...args: A) => R): (...args: A) => R;
  valueAndGrad<P>(loss: (params: P) => JaxArray): (params: P) => [JaxArray, P];
}

export interface TfTensor {
  data(): Promise<Float32Array>;
  dispose(): void;
}

export interface Tf {
  setBackend(name: string): Promise<boolean>;
  ready(): Promise<void>;
  tensor2d(data: Float32Array, shape: readonly [number, number]): TfTensor;
  matMul(a: TfTensor, b: TfTensor): TfTensor;
  dispose(tensors: readonly TfTensor[]): void;
  backend(): { endComputePassEncoder?(): void };
}

export interface Peers {
  readonly jax: Jax;
  readonly tf: Tf;
}

/** llama.cpp in WASM, as far as it is called. */
export interface WllamaModule {
  readonly Wllama: new (paths: { readonly default: string }) => {
    loadModel(
      files: readonly Blob[],
      options: { readonly n_ctx: number; readonly n_threads: number; readonly n_gpu_layers: number },
    ): Promise<void>;
    createCompletion(options: {
      readonly prompt: string;
      readonly max_tokens: number;
      readonly temperature: number;
      readonly cache_prompt: boolean;
    }): Promise<{ readonly usage: { readonly completion_tokens: number } }>;
    exit(): Promise<void>;
  };
}

export interface WllamaUrls {
  readonly moduleUrl: string;
  readonly wasmUrl: string;
  readonly modelUrl: string;
}

/** What is measured. */
export interface BenchOptions {
  /** Parts of names of works; none for all. */
  readonly only: readonly string[];
  readonly rounds: number;
}

export interface BenchRequest extends BenchOptions {
  readonly peersUrl: string;
  readonly smollm2Url: string | null;
  readonly wllama: WllamaUrls | null;
}

export interface BenchContext extends Peers {
  readonly backends: { readonly webgpu: GpuBackend; readonly wasm: Backend };
  readonly rounds: number;
  readonly wanted: (work: string) => boolean;
  readonly log: (line: string) => void;
  readonly smollm2Url: string | null;
  readonly wllama: WllamaUrls | null;
}

export interface Contender {
  readonly contender: string;
  /** False: other arithmetic, it checks itself. */
  readonly checked?: boolean;
  readonly run: () => Promise<Float32Array | readonly number[]>;
  readonly release: () => void | Promise<void>;
}

export interface BenchRow {
  readonly work: string;
  readonly contender: string;
  readonly unit: string;
  readonly better: 'higher' | 'lower';
  readonly min: number | null;
  readonly median: number | null;
  readonly max: number | null;
  readonly error?: string;
}

export interface BenchResult {
  readonly device: string;
  readonly rows: readonly BenchRow[];
}

/** Called by the command. */
export type RunBench = (request: BenchRequest) => Promise<BenchResult>;

/** Of the model that every contender runs. */
export interface BenchConfig extends Pick<
  ModelConfig,
  'hidden' | 'layers' | 'heads' | 'kvHeads' | 'headDim' | 'ffn' | 'vocab' | 'eps'
> {
  readonly theta: number;
}

export type LinearName = 'q' | 'k' | 'v' | 'o' | 'gate' | 'up' | 'down';
export type PerLinear<T> = { readonly [N in LinearName]: T };

export interface BenchWeights {
  readonly embed: Float32Array<ArrayBuffer>;
  readonly layers: readonly PerLinear<Float32Array<ArrayBuffer>>[];
  /** LoRA's A. */
  readonly lora: readonly PerLinear<Float32Array<ArrayBuffer>>[];
}

export type JaxBlock = PerLinear<JaxArray> & { readonly inputNorm: JaxArray; readonly postNorm: JaxArray };

export interface JaxBase {
  readonly embed: JaxArray;
  readonly finalNorm: JaxArray;
  readonly layers: readonly JaxBlock[];
}

/** With the inputs of a training step. */
export interface JaxBatch extends JaxBase {
  readonly onehot: JaxArray;
  readonly targets: JaxArray;
  readonly cos: JaxArray;
  readonly sin: JaxArray;
  readonly mask: JaxArray;
}

export interface JaxLora {
  readonly a: JaxArray;
  readonly b: JaxArray;
}
/** Of each layer. */
export type JaxAdapter = readonly PerLinear<JaxLora>[];

export interface JaxCache {
  readonly k: JaxArray;
  readonly v: JaxArray;
}
