/** What is known of a device's kernels: tested once per adapter, driver and version, kept in the settings store. */
import * as v from 'valibot';
import type { GpuBackend } from '../compute/gpuBackend';
import type { Backend } from '../compute/ops';
import { proveKernels, type KernelProof, type ProofOptions } from '../compute/proveKernels';
import { variantChoices, type Variants } from '../gpu/variants';
import type { JobStore } from '../store/jobStore';
import type { Trust } from './chooseBackend';
import type { ProofMemory } from './engineClient';

const forms = v.partial(
  v.object({
    linear: v.picklist(variantChoices.linear),
    linearGenerate: v.picklist(variantChoices.linearGenerate),
    linearBackward: v.picklist(variantChoices.linearBackward),
    loraGradU: v.picklist(variantChoices.loraGradU),
    loraGradAB: v.picklist(variantChoices.loraGradAB),
  }),
);

const proofs = v.record(
  v.string(),
  v.object({
    variants: forms,
    excluded: v.array(v.string()),
    failed: v.array(v.object({ kernel: v.string(), error: v.number() })),
    tested: v.number(),
    seconds: v.number(),
    complete: v.boolean(),
  }),
);

export type Proofs = Readonly<Record<string, KernelProof>>;

/** Proofs as the settings store gave them; what is of another form was never known. */
export function parseProofs(stored: unknown): Proofs {
  const result = v.safeParse(proofs, stored);
  return result.success ? (result.output as Proofs) : {};
}

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

function trustIn(proof: KernelProof, device: string, fresh: boolean): Trust {
  if (proof.failed.length > 0) {
    return { right: false, note: `${device} computes wrong numbers in ${worst(proof)}: the CPU is used.` };
  }
  const left =
    proof.excluded.length === 0 ? '' : `Left out, because wrong here: ${proof.excluded.join(', ')}.`;
  const tested = `${proof.tested} tests of its kernels passed in ${proof.seconds.toFixed(1)} s${
    proof.complete ? '.' : ', when time was up; the next run tests again.'
  }`;
  return { right: true, note: left !== '' ? left : fresh ? tested : '' };
}

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

  /** Tests the device unless it was tested before, and sets the forms that are right on it. */
  async trust(backend: Backend): Promise<Trust> {
    if (backend.kind !== 'webgpu') return { right: true, note: '' };
    const gpu = backend as GpuBackend;
    const key = proofKey(gpu.device, this.#version);
    const known = this.#known[key];
    const proof = known ?? (await proveKernels(gpu, this.#options));
    // A test that ran out of time is done again, with a warmer shader cache.
    if (!known && proof.complete) {
      this.#known = { ...this.#known, [key]: proof };
      this.#found[key] = proof;
    }
    const variants: Partial<Variants> = proof.variants;
    gpu.trust(variants);
    return trustIn(proof, gpu.device, !known);
  }
}

const setting = 'gpu-proofs';

/** Proofs in the settings store. */
export function proofMemory(store: Pick<JobStore, 'getSetting' | 'putSetting'>): ProofMemory {
  return {
    load: () => store.getSetting(setting),
    save: async (proofs) => {
      if (Object.keys(proofs).length === 0) return;
      await store.putSetting(setting, { ...parseProofs(await store.getSetting(setting)), ...proofs });
    },
  };
}
