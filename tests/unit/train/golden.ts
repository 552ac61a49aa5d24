/** Reads goldens in Node. */
import { readFileSync } from 'node:fs';
import type { Backend } from '../../../src/compute/ops';
import { MemorySource } from '../../../src/core/fileSource';
import { readHeader, readTensor, writeSafetensors, type TensorToWrite } from '../../../src/lm/safetensors';
import { familyGoldens, goldenFrom } from './goldenModel';
import type { FamilyGolden, Golden, GoldenFamily } from './goldenModel';

export { compare } from './goldenModel';

/** Families have goldens of their own place. */
const goldenFile = (family: GoldenFamily): string =>
  `tests/golden/${familyGoldens.some((name) => name === family) ? 'families' : 'train'}/${family}.safetensors`;

/** A golden of a family as the files of a model's folder, and what transformers makes of it. */
export async function familyFolder(family: FamilyGolden): Promise<{
  readonly source: MemorySource;
  readonly ids: readonly number[];
  readonly logits: Float32Array;
  readonly greedy: { readonly ids: readonly number[]; readonly logprobs: readonly number[] };
}> {
  const bytes = new Uint8Array(readFileSync(goldenFile(family)));
  const file = new MemorySource([['golden', bytes]]);
  const { tensors, metadata } = await readHeader(file, 'golden');
  const weights: TensorToWrite[] = [];
  for (const entry of tensors.values()) {
    const { name, shape } = entry;
    if (/^(lora|grad)\.|^(nll|logits)$/.test(name)) continue;
    weights.push({ name, dtype: 'F32', shape, data: Float32Array.from(await readTensor(file, entry)) });
  }
  const documents = JSON.parse(metadata['documents']!) as { ids: number[] }[];
  return {
    source: new MemorySource([
      ['config.json', new TextEncoder().encode(metadata['config'])],
      ['model.safetensors', writeSafetensors(weights, { format: 'pt' })],
    ]),
    ids: documents[0]!.ids,
    logits: Float32Array.from(await readTensor(file, tensors.get('logits')!)),
    greedy: JSON.parse(metadata['greedy']!) as { ids: number[]; logprobs: number[] },
  };
}

export function loadGolden(backend: Backend, family: GoldenFamily, change: object = {}): Promise<Golden> {
  return goldenFrom(backend, new Uint8Array(readFileSync(goldenFile(family))), change);
}
