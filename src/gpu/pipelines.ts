/** Compiles kernels once, asynchronously, with layouts derived from their own WGSL. */
import { ArkletError } from '../core/errors';
import { kernelKey, kernelParts, kernelSources, weightSources, type KernelSpec } from './kernels';
import { composeSource, readInterface, type Interface } from './source';

export interface Kernel {
  readonly key: string;
  readonly spec: KernelSpec;
  readonly interface: Interface;
  readonly layout: GPUBindGroupLayout;
  /** Null until compiled. */
  pipeline: GPUComputePipeline | null;
  /** Rejects with an ArkletError when the driver refuses the shader. */
  readonly ready: Promise<void>;
}

export class Pipelines {
  readonly #device: GPUDevice;
  readonly #kernels = new Map<string, Kernel>();

  constructor(device: GPUDevice) {
    this.#device = device;
  }

  /** Kernels asked for so far. */
  get size(): number {
    return this.#kernels.size;
  }

  /** Kernels whose pipeline stands, in the order they were first asked for. */
  get compiled(): readonly Kernel[] {
    return [...this.#kernels.values()].filter(({ pipeline }) => pipeline !== null);
  }

  /**
   * The kernel for a spec; the first call starts its compilation. `shared` makes every binding writable: WebGPU refuses
   * one buffer as readable and writable in a dispatch, even in ranges that do not overlap (views of one tensor).
   */
  get(spec: KernelSpec, shared: boolean): Kernel {
    const key = shared ? `${kernelKey(spec)} shared` : kernelKey(spec);
    const found = this.#kernels.get(key);
    if (found !== undefined) return found;
    const kernel = this.#compile(spec, key, shared);
    this.#kernels.set(key, kernel);
    return kernel;
  }

  #compile(spec: KernelSpec, key: string, shared: boolean): Kernel {
    const code = kernelCode(spec, shared);
    const shape = readInterface(code, spec.constants ?? {});
    const layout = this.#device.createBindGroupLayout({
      label: key,
      entries: [
        {
          binding: 0,
          visibility: GPUShaderStage.COMPUTE,
          buffer: { type: 'uniform', hasDynamicOffset: true, minBindingSize: shape.uniformBytes },
        },
        ...shape.bindings.map((binding) => ({
          binding: binding.index,
          visibility: GPUShaderStage.COMPUTE,
          buffer: { type: binding.writable ? ('storage' as const) : ('read-only-storage' as const) },
        })),
      ],
    });
    const compiled = this.#device
      .createComputePipelineAsync({
        label: key,
        layout: this.#device.createPipelineLayout({ label: key, bindGroupLayouts: [layout] }),
        compute: { module: this.#device.createShaderModule({ label: key, code }), entryPoint: 'main' },
      })
      .then(
        (pipeline) => {
          kernel.pipeline = pipeline;
        },
        (cause: unknown) => {
          const why = cause instanceof Error ? cause.message : String(cause);
          throw new ArkletError(
            `Kernel ${key} does not compile: ${why}`,
            'Run the selftest and report what it says.',
            { cause },
          );
        },
      );
    compiled.catch(() => undefined); // the caller that submits the kernel awaits `ready` and gets the error
    const kernel: Kernel = { key, spec, interface: shape, layout, pipeline: null, ready: compiled };
    return kernel;
  }
}

/** The WGSL of one compiled form (what "show the shader that ran this" prints). */
export function kernelCode(spec: KernelSpec, shared = false): string {
  const flags = new Set((spec.flags ?? []).filter((flag) => flag !== false));
  const weights = spec.weights === undefined ? '' : `${weightSources[spec.weights]}\n`;
  const source = weights + kernelSources[spec.name];
  const code = composeSource(source, flags, spec.constants ?? {}, kernelParts);
  return shared ? code.replaceAll('var<storage, read>', 'var<storage, read_write>') : code;
}
