/** How far the same settings give the same run again. */
import { isSoftwareAdapter } from '../core/softwareAdapter';
import type { Report } from '../records/records';
import type { Job } from './job';

/**
 * `onEngine`: all turns are our engine's. Where a real GPU `trained`, a new session may choose other forms of its kernels, and these
 * differ in the order of their sums.
 */
export function repeatableAs(
  onEngine: boolean,
  { backend, device }: Pick<Job['device'], 'backend' | 'device'>,
  trained: boolean,
): Report['repeatable'] {
  if (!onEngine) return 'settings';
  return trained && backend === 'webgpu' && !isSoftwareAdapter(device) ? 'forms' : 'bytes';
}
