/** Reads goldens in Node. */
import { readFileSync } from 'node:fs';
import type { Backend } from '../../../src/compute/ops';
import { goldenFrom } from './goldenModel';
import type { Golden, GoldenFamily } from './goldenModel';

export { compare } from './goldenModel';

export function loadGolden(backend: Backend, family: GoldenFamily): Promise<Golden> {
  return goldenFrom(backend, new Uint8Array(readFileSync(`tests/golden/train/${family}.safetensors`)));
}
