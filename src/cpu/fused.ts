/**
 * Whether WASM's relaxed multiply-add is here, and rounds once. Where a processor has no such instruction the relaxed one
 * rounds twice: then nothing is gained by it, and the bits are those of the plain kernels.
 */

/** A module with f(a, b, c: f32): f32, one element of f32x4.relaxed_madd over vectors of a, of b and of c. */
const probe = Uint8Array.of(
  ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
  ...[0x01, 0x08, 0x01, 0x60, 0x03, 0x7d, 0x7d, 0x7d, 0x01, 0x7d],
  ...[0x03, 0x02, 0x01, 0x00, 0x07, 0x05, 0x01, 0x01, 0x66, 0x00, 0x00],
  ...[0x0a, 0x16, 0x01, 0x14, 0x00, 0x20, 0x00, 0xfd, 0x13, 0x20, 0x01, 0xfd, 0x13, 0x20, 0x02, 0xfd, 0x13],
  ...[0xfd, 0x85, 0x02, 0xfd, 0x1f, 0x00, 0x0b],
);

function isProbe(exports: object): exports is { f(a: number, b: number, c: number): number } {
  return typeof Reflect.get(exports, 'f') === 'function';
}

/** Whether multiply-adds can be fused on this machine. */
export async function fusedAvailable(): Promise<boolean> {
  if (!WebAssembly.validate(probe)) return false;
  const { instance } = await WebAssembly.instantiate(probe);
  const { exports } = instance;
  // (1 + 2^-12)^2 - (1 + 2^-11) is 2^-24, which the product's own rounding loses.
  return isProbe(exports) && exports.f(1 + 2 ** -12, 1 + 2 ** -12, -(1 + 2 ** -11)) === 2 ** -24;
}
