/** The compiled kernels: their signatures as src/cpu/assembly/index.ts exports them, and how an instance is made. */
import { fail } from '../core/assert';

/** Pointers are bytes (unsigned; the bits of an i32), booleans 0 or 1, everything else as named there; 0 is no scale, cap, window. */
export interface Kernels {
  heapBase(): number;
  setScratch(pointer: number): void;
  setPart(index: number, count: number): void;
  attentionScratch(length: number, d: number): number;
  pagedScratch(length: number): number;
  product(
    m: number,
    n: number,
    k: number,
    a: number,
    lda: number,
    aTransposed: number,
    b: number,
    ldb: number,
    form: number,
    c: number,
    ldc: number,
    alpha: number,
    accumulate: number,
  ): void;
  addTransposed(x: number, ldx: number, y: number, ldy: number, m: number, n: number): void;
  gatherPacked(w: number, format: number, cols: number, ids: number, count: number, dst: number): void;
  packRows(w: number, cols: number, start: number, count: number, src: number): void;
  unpackRows(w: number, format: number, cols: number, start: number, count: number, dst: number): void;
  fill(x: number, n: number, value: number): void;
  add(x: number, y: number, n: number): void;
  addBias(y: number, bias: number, residual: number, rows: number, n: number): void;
  dropout(
    x: number,
    y: number,
    n: number,
    first: number,
    key: number,
    threshold: number,
    factor: number,
    accumulate: number,
  ): void;
  gatherRows(x: number, indices: number, y: number, rows: number, n: number): void;
  scatterRows(x: number, indices: number, y: number, rows: number, n: number, yRows: number): void;
  rmsNorm(x: number, w: number, y: number, rows: number, n: number, eps: number): void;
  rmsNormBackward(
    x: number,
    w: number,
    dy: number,
    dx: number,
    rows: number,
    n: number,
    eps: number,
    accumulate: number,
  ): void;
  qkNorm(
    x: number,
    qw: number,
    kw: number,
    y: number,
    rows: number,
    heads: number,
    kvHeads: number,
    d: number,
    eps: number,
    whole: number,
  ): void;
  qkNormBackward(
    x: number,
    qw: number,
    kw: number,
    dy: number,
    dx: number,
    rows: number,
    heads: number,
    kvHeads: number,
    d: number,
    eps: number,
    whole: number,
  ): void;
  swiglu(gateUp: number, y: number, rows: number, ffn: number, form: number): void;
  swigluBackward(gateUp: number, dy: number, dGateUp: number, rows: number, ffn: number, form: number): void;
  scale(x: number, n: number, factor: number): void;
  softCap(x: number, n: number, cap: number): void;
  softCapBackward(x: number, dy: number, n: number, cap: number): void;
  rope(
    qkv: number,
    positions: number,
    cos: number,
    sin: number,
    rows: number,
    heads: number,
    kvHeads: number,
    d: number,
    sign: number,
    rotated: number,
  ): void;
  ropeAndCache(
    qkv: number,
    positions: number,
    slots: number,
    cos: number,
    sin: number,
    kCache: number,
    vCache: number,
    rows: number,
    heads: number,
    kvHeads: number,
    d: number,
    rotated: number,
  ): void;
  attention(
    qkv: number,
    documents: number,
    out: number,
    lse: number,
    rows: number,
    heads: number,
    kvHeads: number,
    d: number,
    scale: number,
    cap: number,
    window: number,
  ): void;
  attentionBackward(
    qkv: number,
    documents: number,
    out: number,
    lse: number,
    dout: number,
    delta: number,
    dqkv: number,
    rows: number,
    heads: number,
    kvHeads: number,
    d: number,
    scale: number,
    cap: number,
    window: number,
  ): void;
  attentionPaged(
    qkv: number,
    kCache: number,
    vCache: number,
    out: number,
    sequences: number,
    positions: number,
    blockTable: number,
    maxBlocks: number,
    blockSize: number,
    rows: number,
    heads: number,
    kvHeads: number,
    d: number,
    scale: number,
    cap: number,
    window: number,
  ): void;
  crossEntropy(
    logits: number,
    targets: number,
    nll: number,
    rows: number,
    vocab: number,
    rowWeights: number,
    inverse: number,
  ): void;
  sumSquares(x: number, out: number, n: number): void;
  adamw(
    param: number,
    grad: number,
    m: number,
    v: number,
    n: number,
    gradScale: number,
    decay: number,
    beta2: number,
    rest1: number,
    rest2: number,
    stepSize: number,
    rootScale: number,
    eps: number,
  ): void;
}

/** How `product` finds B: packed panels, [k, n], [n, k], or the transpose of packed panels; its `form` has formBits beside. */
export const bKind = { packed: 0, natural: 1, transposed: 2, backward: 3 } as const;

/** 64 KiB, the unit of WASM memory, and the 4 GiB that 32-bit pointers reach. */
export const pageBytes = 65536;
export const maxPages = 65536;

/** One import each: only what is used is loaded. */
const builds = {
  plain: () => import('./build/plain'),
  plainFused: () => import('./build/plainFused'),
  shared: () => import('./build/shared'),
  sharedFused: () => import('./build/sharedFused'),
};

/**
 * Compiles the kernels; `shared` is the build with atomics, for a memory shared between workers, `fused` the one with relaxed
 * multiply-adds.
 */
export async function compileKernels(shared: boolean, fused: boolean): Promise<WebAssembly.Module> {
  const { wasm } = await builds[`${shared ? 'shared' : 'plain'}${fused ? 'Fused' : ''}`]();
  const text = atob(wasm);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return WebAssembly.compile(bytes);
}

/** Every kernel's name: one that is missing does not compile. */
const kernelNames: Readonly<Record<keyof Kernels, true>> = {
  heapBase: true,
  setScratch: true,
  setPart: true,
  attentionScratch: true,
  pagedScratch: true,
  product: true,
  addTransposed: true,
  gatherPacked: true,
  packRows: true,
  unpackRows: true,
  fill: true,
  add: true,
  addBias: true,
  dropout: true,
  gatherRows: true,
  scatterRows: true,
  rmsNorm: true,
  rmsNormBackward: true,
  qkNorm: true,
  qkNormBackward: true,
  swiglu: true,
  swigluBackward: true,
  scale: true,
  softCap: true,
  softCapBackward: true,
  rope: true,
  ropeAndCache: true,
  attention: true,
  attentionBackward: true,
  attentionPaged: true,
  crossEntropy: true,
  sumSquares: true,
  adamw: true,
};

function isKernels(exports: object): exports is Kernels {
  return Object.keys(kernelNames).every((name) => typeof Reflect.get(exports, name) === 'function');
}

/** One instance over `memory`: one thread's kernels. */
export async function instantiateKernels(
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
): Promise<Kernels> {
  const instance = await WebAssembly.instantiate(module, { env: { memory } });
  const { exports } = instance;
  return isKernels(exports) ? exports : fail('The compiled kernels are not those of src/cpu/assembly.');
}

/** The same kernels; `sign` is called with each use of one. */
export function signedKernels(kernels: Kernels, sign: () => void): Kernels {
  return new Proxy(kernels, {
    get(target, name, receiver): unknown {
      sign();
      return Reflect.get(target, name, receiver);
    },
  });
}
