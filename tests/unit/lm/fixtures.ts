/** Goldens and backends for the tests of lm/. */
import { expect } from 'vitest';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { NodeSource } from '../../../scripts/lib/nodeSource';
import type { Backend } from '../../../src/compute/ops';
import { createReferenceBackend } from '../../../src/compute/referenceBackend';
import { createWasmBackend } from '../../../src/compute/wasmBackend';
import { readHeader, readTensor } from '../../../src/lm/safetensors';

const goldens = join(import.meta.dirname, '../../golden/lm');

export interface Golden {
  readonly ids: number[];
  readonly greedy: number[];
  readonly logprobs: number[];
  readonly logits: Float32Array;
  readonly source: NodeSource;
}

/** A tiny model of tests/golden/lm with transformers' results. */
export async function golden(name: string): Promise<Golden> {
  const folder = await NodeSource.open(join(goldens, name));
  const header = await readHeader(folder, 'golden.safetensors');
  const logits = await readTensor(folder, header.tensors.get('logits')!);
  const rest = JSON.parse(readFileSync(join(goldens, name, 'golden.json'), 'utf8')) as Golden;
  const gguf = name === 'gguf';
  return {
    ...rest,
    logits,
    source: gguf ? await NodeSource.open(join(goldens, name, 'model.gguf')) : folder,
  };
}

/** max |a - b| / (atol + rtol |b|): at most 1 passes. */
export function maxError(a: ArrayLike<number>, b: ArrayLike<number>, atol: number, rtol = atol): number {
  if (a.length !== b.length) return Infinity;
  let worst = 0;
  for (let i = 0; i < a.length; i++) {
    const error = Math.abs(a[i]! - b[i]!) / (atol + rtol * Math.abs(b[i]!));
    if (!(error <= worst)) worst = Number.isNaN(error) ? Infinity : error;
  }
  return worst;
}

export const families = ['llama-odd', 'llama-tied', 'qwen2', 'qwen3', 'gguf'] as const;

/** A fresh backend of a kind. */
export async function createBackend(kind: 'reference' | 'wasm'): Promise<Backend> {
  return kind === 'reference' ? createReferenceBackend() : createWasmBackend();
}
export { createReferenceBackend };

/** Matches text that contains `part`; matches any text that is not empty. */
export const containing = (part: string): unknown => expect.stringContaining(part);
export const someText: unknown = expect.stringMatching(/\w/);
