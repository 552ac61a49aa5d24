/** The dropout mask's hash: a 32-bit integer finaliser (murmur3's) over index and key; the same in TypeScript, WASM and WGSL. */
export function mix(index: number, key: number): number {
  let hash = (Math.imul(index, 0x9e3779b9) ^ key) >>> 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** 1 / (1 - rate) where element `index` is kept, 0 where it is dropped. */
export function dropoutFactor(index: number, key: number, rate: number): number {
  return mix(index, key) >= rate * 0x100000000 ? 1 / (1 - rate) : 0;
}
