/** What is known of a device's kernels: each kernel tested once per adapter, driver and version, kept in the settings store. */
import type { GpuBackend } from '../compute/gpuBackend';
import type { Backend } from '../compute/ops';
import type { ModelForms } from '../compute/modelCases';
import {
  hasUntested,
  validateKernels,
  type ValidationResult,
  type ValidationOptions,
} from '../compute/validateKernels';
import { type Variants } from '../gpu/variants';
import type { DeviceFact } from '../records/device';
import { trusted, type Validation } from './chooseBackend';
import { type ValidationResults } from './validationRecords';

/**
 * WebGPU reports no driver version: the browser's own, which changes with its shader compiler, and the adapter's description,
 * which holds the driver where the browser gives it, stand for it.
 */
export function validationKey(device: string, version: string): string {
  return [device, navigator.userAgent, version].join(' | ');
}

/** What is found stays with the run, so it must be true of its beginning. */
function validationFrom(proof: ValidationResult, device: string, fresh: boolean): Validation {
  if (proof.failed.length > 0) {
    const kernels = proof.failed.map(({ kernel, error }) => ({
      kernel,
      error: Number.isFinite(error) ? error : null,
    }));
    return { right: false, facts: [{ kind: 'wrong-kernels', device, kernels }] };
  }
  const facts: DeviceFact[] = [];
  const { excluded, proven, left, seconds } = proof;
  if (excluded.length > 0) facts.push({ kind: 'left-out', variants: excluded });
  if (left > 0 || (fresh && excluded.length === 0))
    facts.push({ kind: 'tests', passed: proven.length, left, seconds });
  return { right: true, facts };
}

/** Whether there is nothing more to find out: a device that failed is not used, however much is left. */
const settled = (proof: ValidationResult): boolean => proof.left === 0 || proof.failed.length > 0;

export class KernelValidation {
  readonly #version: string;
  readonly #options: ValidationOptions;
  #known: ValidationResults = {};
  /** Found since `take`. */
  #found: Record<string, ValidationResult> = {};

  constructor(version: string, options: ValidationOptions = {}) {
    this.#version = version;
    this.#options = options;
  }

  /** What the store remembers. */
  learn(known: ValidationResults): void {
    this.#known = { ...this.#known, ...known };
  }

  /** New results, to be stored. */
  take(): ValidationResults {
    const found = this.#found;
    this.#found = {};
    return found;
  }

  /** Tests the device again, whatever is known of it. */
  async again(backend: Backend): Promise<void> {
    const key = validationKey(backend.device, this.#version);
    this.#known = Object.fromEntries(Object.entries(this.#known).filter(([known]) => known !== key));
    await this.trust(backend);
  }

  /**
   * Tests the kernels of the device that were not tested before, the forms that the models run among them, and sets the
   * variants that are correct on it.
   */
  async trust(backend: Backend, models: readonly ModelForms[] = []): Promise<Validation> {
    if (backend.kind !== 'webgpu') return trusted;
    const gpu = backend as GpuBackend;
    const key = validationKey(gpu.device, this.#version);
    const known = this.#known[key];
    const untested = known?.failed.length === 0 && hasUntested(known, models, gpu.defaults());
    const fresh = !known || !settled(known) || untested;
    const proof = fresh ? await validateKernels(gpu, { ...this.#options, models, earlier: known }) : known;
    if (proof.tested > (known?.tested ?? 0)) {
      this.#known = { ...this.#known, [key]: proof };
      this.#found[key] = proof;
    }
    const variants: Partial<Variants> = proof.variants;
    gpu.trust(variants);
    return validationFrom(proof, gpu.device, fresh);
  }
}
