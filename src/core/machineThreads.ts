/** Threads that a page or worker may take: all of the machine's up to `most`, one where memory cannot be shared. */
export function machineThreads(most = 16): number {
  return globalThis.crossOriginIsolated ? Math.min(most, navigator.hardwareConcurrency) : 1;
}
