/** What is known of a device's kernels: each kernel tested once per adapter, driver and version, kept in the settings store. */
import type { GpuBackend } from '../compute/gpuBackend';
import type { Backend } from '../compute/ops';
import { proveKernels, type KernelProof, type ProofOptions } from '../compute/proveKernels';
import { type Variants } from '../gpu/variants';
import type { Trust } from './chooseBackend';
import { type Proofs } from './proofs';

/**
 * WebGPU tells no driver version: the browser's own, which changes with its shader compiler, and the adapter's description,
 * which holds the driver where the browser gives it, stand for it.
 */
export function proofKey(device: string, version: string): string {
  return [device, navigator.userAgent, version].join(' | ');
}

function worst(proof: KernelProof): string {
  return proof.failed
    .map(
      ({ kernel, error }) =>
        `${kernel} (${Number.isFinite(error) ? `${error.toPrecision(2)} x its bound` : 'no numbers'})`,
    )
    .join(', ');
}

function passed({ proven, left, seconds }: KernelProof): string {
  const time = `in ${seconds.toFixed(1)} s`;
  if (left === 0) return `${proven.length} tests of its kernels passed ${time}.`;
  const some = `${proven.length} of ${proven.length + left} tests of its kernels passed ${time}`;
  return `${some}, when time was up: the run began with the rest untested, and the next one continues with them.`;
}

/** What is said stays with the run, so it must be true of its beginning. */
function trustIn(proof: KernelProof, device: string, fresh: boolean): Trust {
  if (proof.failed.length > 0) {
    return { right: false, note: `${device} computes wrong numbers in ${worst(proof)}: the CPU is used.` };
  }
  const notes: string[] = [];
  if (proof.excluded.length > 0) notes.push(`Left out, because wrong here: ${proof.excluded.join(', ')}.`);
  if (proof.left > 0 || (fresh && proof.excluded.length === 0)) notes.push(passed(proof));
  return { right: true, note: notes.join(' ') };
}

/** Whether there is nothing more to find out: a device that failed is not used, however much is left. */
const settled = (proof: KernelProof): boolean => proof.left === 0 || proof.failed.length > 0;

export class DeviceProofs {
  readonly #version: string;
  readonly #options: ProofOptions;
  #known: Proofs = {};
  /** Found since `take`. */
  #found: Record<string, KernelProof> = {};

  constructor(version: string, options: ProofOptions = {}) {
    this.#version = version;
    this.#options = options;
  }

  /** What the store remembers. */
  learn(known: Proofs): void {
    this.#known = { ...this.#known, ...known };
  }

  /** New results, to be stored. */
  take(): Proofs {
    const found = this.#found;
    this.#found = {};
    return found;
  }

  /** Tests the device again, whatever is known of it. */
  async again(backend: Backend): Promise<void> {
    const key = proofKey(backend.device, this.#version);
    this.#known = Object.fromEntries(Object.entries(this.#known).filter(([known]) => known !== key));
    await this.trust(backend);
  }

  /** Tests what was not tested before of the device, and sets the forms that are right on it. */
  async trust(backend: Backend): Promise<Trust> {
    if (backend.kind !== 'webgpu') return { right: true, note: '' };
    const gpu = backend as GpuBackend;
    const key = proofKey(gpu.device, this.#version);
    const known = this.#known[key];
    const fresh = !known || !settled(known);
    const proof = fresh ? await proveKernels(gpu, { ...this.#options, earlier: known }) : known;
    if (proof.tested > (known?.tested ?? 0)) {
      this.#known = { ...this.#known, [key]: proof };
      this.#found[key] = proof;
    }
    const variants: Partial<Variants> = proof.variants;
    gpu.trust(variants);
    return trustIn(proof, gpu.device, fresh);
  }
}
