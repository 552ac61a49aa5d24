/** Whether the browser offers WebGPU, and what its user can do where it does not. */
import { strings } from './strings';

/** False too where the browser has WebGPU but no adapter for it. */
export async function hasWebGpu(): Promise<boolean> {
  if (!('gpu' in navigator)) return false;
  const adapter = await navigator.gpu.requestAdapter().catch(() => null);
  return adapter !== null;
}

/** The steps for this very browser. `secure` is false on plain http, where no browser offers WebGPU. */
export function webGpuSteps(userAgent: string, secure: boolean): string {
  if (!secure) return strings.support.insecure;
  if (/Firefox\//.test(userAgent)) return strings.support.firefox;
  if (/Chrome\/|Chromium\/|Edg\//.test(userAgent)) {
    const linux = /Linux/.test(userAgent) && !/Android/.test(userAgent);
    return linux ? strings.support.chromiumLinux : strings.support.chromium;
  }
  return /Safari\//.test(userAgent) ? strings.support.safari : strings.support.other;
}
