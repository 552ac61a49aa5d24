/** The engine's device: its kernels, and the test of them. */
import type { SelftestReport, SelftestRow } from '../compute/selftestReport';
import type { Call, Names, Stream } from './calls';
import type { DeviceBench, DeviceFigure } from './deviceBench';

export interface KernelInfo {
  readonly name: string;
  /** The .wgsl file: its header states the maths. */
  readonly source: string;
  /** Variants compiled on the device of this session; empty on the CPU and before any work. */
  readonly compiled: readonly { readonly key: string; readonly code: string }[];
}

export interface DeviceProtocol {
  /** Every kernel of the engine with its source, and the variants of it that this session has compiled. */
  readonly kernels: Call<null, readonly KernelInfo[]>;
  /**
   * Every kernel in every variant against the reference, on a device of its own. Rejects with GpuUnavailableError, with BusyError
   * while a run works (in any tab), and with InterruptedError when it is aborted.
   */
  readonly testDevice: Stream<'webgpu' | 'cpu', SelftestRow, SelftestReport>;
  /** Speed of kernels and of whole models on random weights, on a device of its own. Rejects as `testDevice` does. */
  readonly benchDevice: Stream<'webgpu' | 'cpu', DeviceFigure, DeviceBench>;
}

export const deviceNames: Names<DeviceProtocol> = { kernels: true, testDevice: true, benchDevice: true };
