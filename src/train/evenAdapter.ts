/** Adapters whose modules differ in rank or alpha, as one of a single rank and alpha with the same product. */
import { ModelError } from '../core/errors';
import { checkLoraConfig } from '../lm/adapter';
import type { NamedMatrix } from '../lm/adapter';
import type { LoraConfig } from '../lm/types';
import type { ModuleScale } from './peftConfig';

/** A and B of a module, by their parts' names. */
export const matrixName = (module: string, part: 'A' | 'B'): string =>
  `base_model.model.${module}.lora_${part}.weight`;

/** A with rows of zeros up to `rank`. */
function withRows({ rows, cols, values }: NamedMatrix, rank: number): NamedMatrix {
  if (rows === rank) return { rows, cols, values };
  const more = new Float32Array(rank * cols);
  more.set(values);
  return { rows: rank, cols, values: more };
}

/** B times `factor`, with columns of zeros up to `rank`. */
function withColumns({ rows, cols, values }: NamedMatrix, rank: number, factor: number): NamedMatrix {
  if (cols === rank && factor === 1) return { rows, cols, values };
  const more = new Float32Array(rows * rank);
  for (let row = 0; row < rows; row++)
    for (let col = 0; col < cols; col++) more[row * rank + col] = factor * values[row * cols + col]!;
  return { rows, cols: rank, values: more };
}

/**
 * The largest rank is that of all: rows of A and columns of B that a module lacks are zeros, which training leaves at zero, since the
 * gradient of each is a product with the other. The largest scale is that of all; B of modules with a smaller one takes up the difference.
 * Throws ModelError where matrices are of other ranks than the settings say.
 */
export function evened(
  named: ReadonlyMap<string, NamedMatrix>,
  scales: ReadonlyMap<string, ModuleScale>,
  rest: Pick<LoraConfig, 'rslora' | 'dropout' | 'targets'>,
): { readonly config: LoraConfig; readonly named: ReadonlyMap<string, NamedMatrix> } {
  const all = [...scales.values()];
  const [first] = all;
  if (!first) throw new ModelError('The adapter holds no matrices.', 'Save it again with peft.');
  const { rank: firstRank, alpha } = first;
  const config = { ...rest, rank: firstRank, alpha };
  if (all.every((one) => one.rank === firstRank && one.alpha === alpha)) {
    checkLoraConfig(config);
    return { config, named };
  }
  for (const { rank, alpha: one } of all) checkLoraConfig({ ...rest, rank, alpha: one });
  const rank = Math.max(...all.map((one) => one.rank));
  const scale = Math.max(...all.map((one) => one.scale));
  const even = new Map<string, NamedMatrix>();
  for (const [module, own] of scales) {
    const [nameA, nameB] = [matrixName(module, 'A'), matrixName(module, 'B')];
    const [a, b] = [named.get(nameA), named.get(nameB)];
    for (const [name, found] of [
      [nameA, a?.rows],
      [nameB, b?.cols],
    ] as const)
      if (found !== own.rank)
        throw new ModelError(
          `${name} is of rank ${found ?? 'none'}, but the adapter's settings say ${own.rank}.`,
          'Weights and settings are of different adapters: take both from one folder.',
        );
    if (a) even.set(nameA, withRows(a, rank));
    if (b) even.set(nameB, withColumns(b, rank, own.scale / scale));
  }
  const whole = { ...rest, rslora: false, rank, alpha: scale * rank };
  checkLoraConfig(whole);
  return { config: whole, named: even };
}
