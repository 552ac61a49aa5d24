/** A golden of tests/golden/pad/make.py. */
import { MemorySource } from '../../../../src/core/fileSource';
import type { NamedMatrix } from '../../../../src/lm/adapter';
import { readHeader } from '../../../../src/lm/safetensors';

export interface RewardGolden {
  readonly documents: { ids: number[]; places: number[]; agent: string }[];
  readonly hard: number[];
  readonly soft: number[];
  readonly agents: string[];
  readonly weights: [number, number];
  readonly losses: { hard: number; soft: number; both: number };
}

export interface PolicyGolden {
  readonly prompts: number[][];
  readonly completions: number[][];
  readonly rewards: number[];
  /** Samples of each prompt. */
  readonly samples: number;
  readonly temperature: number;
  readonly beta: number;
  readonly losses: { dapo: number; grpo: number };
  readonly metrics: Readonly<Record<string, number>>;
}

export interface PadGolden<T> {
  readonly golden: T;
  values(name: string): Float32Array;
  /** Matrices under their peft names. */
  named(prefix: string): Map<string, NamedMatrix>;
}

export async function padGoldenFrom<T>(bytes: Uint8Array<ArrayBuffer>): Promise<PadGolden<T>> {
  const { tensors, metadata } = await readHeader(new MemorySource([['golden', bytes]]), 'golden');
  const values = (name: string): Float32Array => {
    const entry = tensors.get(name);
    if (!entry) throw new Error(`the golden lacks ${name}`);
    return new Float32Array(bytes.slice(entry.start, entry.end).buffer);
  };
  return {
    golden: JSON.parse(metadata['golden']!) as T,
    values,
    named: (prefix) =>
      new Map(
        [...tensors.values()]
          .filter(({ name }) => name.startsWith(prefix))
          .map(({ name, shape }) => [
            name.slice(prefix.length),
            { rows: shape[0]!, cols: shape[1]!, values: values(name) },
          ]),
      ),
  };
}
