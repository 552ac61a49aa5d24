/** A GPU that takes every buffer and write, answers reads with zeros and runs nothing: for seeing what would be recorded. */

const limits: Partial<GPUSupportedLimits> = {
  maxBufferSize: 2 ** 32 - 4,
  maxStorageBufferBindingSize: 2 ** 32 - 4,
  maxComputeWorkgroupStorageSize: 16_384,
  maxComputeInvocationsPerWorkgroup: 256,
  maxComputeWorkgroupSizeX: 256,
  maxStorageBuffersPerShaderStage: 8,
  minUniformBufferOffsetAlignment: 256,
};

function silentBuffer({ size, label = '' }: GPUBufferDescriptor): GPUBuffer {
  const buffer: Partial<GPUBuffer> = {
    size,
    label,
    destroy: () => undefined,
    mapAsync: async () => undefined,
    getMappedRange: (_offset, bytes) => new ArrayBuffer(bytes ?? size),
    unmap: () => undefined,
  };
  return buffer as GPUBuffer;
}

export function silentGpu(): GPU {
  const encoder: Partial<GPUCommandEncoder> = {
    copyBufferToBuffer: () => undefined,
    finish: () => ({}) as GPUCommandBuffer,
  };
  const queue: Partial<GPUQueue> = {
    submit: () => undefined,
    writeBuffer: () => undefined,
    onSubmittedWorkDone: async () => undefined,
  };
  const known = { limits: limits as GPUSupportedLimits, features: new Set<string>() as GPUSupportedFeatures };
  const device: Partial<GPUDevice> = {
    ...known,
    queue: queue as GPUQueue,
    lost: new Promise(() => undefined),
    addEventListener: () => undefined,
    pushErrorScope: () => undefined,
    popErrorScope: async () => null,
    createBuffer: silentBuffer,
    createCommandEncoder: () => encoder as GPUCommandEncoder,
    destroy: () => undefined,
  };
  const info = { vendor: 'silent', architecture: '', device: '', description: '', isFallbackAdapter: false };
  const adapter: Partial<GPUAdapter> = {
    ...known,
    info: info as GPUAdapterInfo,
    requestDevice: async () => device as GPUDevice,
  };
  const gpu: Partial<GPU> = { requestAdapter: async () => adapter as GPUAdapter };
  return gpu as GPU;
}
