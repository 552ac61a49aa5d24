/**
 * Buffers whose memory the driver may still refuse: `createBuffer` never throws in WebGPU, the error scope answers later, and
 * an invalid buffer that is used before raises errors that cannot be matched to it.
 */
import type { OutOfMemoryError } from '../core/errors';

export interface Reserved {
  readonly buffer: GPUBuffer;
  state: 'pending' | 'ready' | 'refused';
  /** Why the driver refused it. */
  refusal: OutOfMemoryError | null;
  /** Whether `settle` has thrown the refusal: work recorded with it is dropped without another error. */
  reported: boolean;
  /** Resolves with the driver's answer; never rejects. */
  readonly ready: Promise<void>;
}

/** `refusal` makes the error, where it is needed. */
export function reserveBuffer(
  device: GPUDevice,
  descriptor: GPUBufferDescriptor,
  refusal: () => OutOfMemoryError,
): Reserved {
  device.pushErrorScope('out-of-memory');
  const buffer = device.createBuffer(descriptor);
  const reserved: Omit<Reserved, 'ready'> = { buffer, state: 'pending', refusal: null, reported: false };
  const ready = device.popErrorScope().then(
    (error) => {
      if (error !== null) reserved.refusal = refusal();
      reserved.state = error === null ? 'ready' : 'refused';
    },
    () => {
      reserved.state = 'ready'; // the device is lost: `lost` says so
    },
  );
  return Object.assign(reserved, { ready });
}
