/** Whether an adapter of this name computes on the CPU. */
export function isSoftwareAdapter(name: string): boolean {
  return /swiftshader|llvmpipe|lavapipe|warp|basic render/i.test(name);
}
