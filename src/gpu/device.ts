/** Opening a GPU device with the adapter's own limits, and telling its loss and its errors as ours. */
import { ArkletError, DeviceLostError, GpuUnavailableError } from '../core/errors';
import { isSoftwareAdapter } from '../core/softwareAdapter';

export interface OpenDevice {
  readonly device: GPUDevice;
  /** "google swiftshader", "nvidia ada-lovelace", ... */
  readonly name: string;
  /** True for adapters that compute on the CPU: a dispatch costs about 1 ms there and barriers are very slow. */
  readonly software: boolean;
  readonly features: ReadonlySet<string>;
  /** Resolves once the device is gone. */
  readonly lost: Promise<DeviceLostError>;
  /** The first error since the last call that no scope caught, if any. */
  uncaptured(): ArkletError | null;
}

const optionalFeatures: readonly GPUFeatureName[] = ['timestamp-query', 'shader-f16', 'subgroups'];

const howToEnable =
  'Use a recent Chrome or Edge with hardware acceleration on (chrome://gpu shows it), or choose the CPU backend.';
const onLinux = { details: { form: 'Chrome on Linux: --enable-unsafe-webgpu' } };

/** Throws GpuUnavailableError when there is no adapter or it refuses a device. */
export async function openDevice(gpu: GPU | undefined): Promise<OpenDevice> {
  if (gpu === undefined) {
    throw new GpuUnavailableError('This browser has no WebGPU.', howToEnable);
  }
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (adapter === null) {
    throw new GpuUnavailableError('No GPU found for WebGPU.', howToEnable, onLinux);
  }
  const requiredLimits: Record<string, number> = {};
  for (const name of wantedLimits) {
    const value = adapter.limits[name];
    if (typeof value === 'number') requiredLimits[name] = value;
  }
  const requiredFeatures = optionalFeatures.filter((feature) => adapter.features.has(feature));
  let device: GPUDevice;
  try {
    device = await adapter.requestDevice({ label: 'arklet', requiredFeatures, requiredLimits });
  } catch (cause) {
    throw new GpuUnavailableError('The WebGPU adapter refused to open a device.', howToEnable, { cause });
  }
  const info = adapter.info;
  const name = [...new Set([info.vendor, info.architecture, info.device, info.description])]
    .filter((part) => part !== '')
    .join(' ');
  let first: ArkletError | null = null;
  device.addEventListener('uncapturederror', (event) => {
    first ??= new ArkletError(
      `WebGPU: ${event.error.message}`,
      'This is a bug in Arklet: please report it with the steps that led here.',
    );
  });
  return {
    device,
    name: name === '' ? 'unnamed adapter' : name,
    software: info.isFallbackAdapter || isSoftwareAdapter(name),
    features: new Set(requiredFeatures),
    lost: device.lost.then(
      (reason) =>
        new DeviceLostError(
          `The GPU device was lost (${reason.reason}): ${reason.message === '' ? 'no message' : reason.message}`,
          'Reload and resume the run; if it happens again, close other pages that use the GPU or choose the CPU backend.',
          { details: { reason: reason.reason } },
        ),
    ),
    uncaptured: () => {
      const error = first;
      first = null;
      return error;
    },
  };
}

const wantedLimits = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
  'maxStorageBuffersPerShaderStage',
] as const;
