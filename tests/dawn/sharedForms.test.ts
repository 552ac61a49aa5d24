/** Products as a GPU does them and a software adapter does not: tiles of both factors in workgroup memory. */
import { describe, expect, test } from 'vitest';
import type { GpuBackend } from '../../src/compute/gpuBackend';
import { caseName, Maker } from '../../src/compute/opCase';
import { segmentsOf } from '../../src/compute/opCasesLinear';
import { sharedTiles, type SharedTile, type Variants } from '../../src/gpu/variants';
import { bitsOf, holdAgainstReference } from '../support/backendSuite';
import { formats, productTable } from '../support/opTable';
import { dawnDevice } from '../support/dawnDevice';

const device = dawnDevice();

/** The backend as on a GPU, every product in one tile. */
function opened(context: Parameters<typeof device>[0], tile: SharedTile | 'shared'): GpuBackend {
  const on = device(context);
  const forms: Partial<Variants> = { linear: tile, linearGenerate: tile, linearBackward: tile };
  on.useVariants({ ...forms, decode: 'lanes', norm: 'row', workgroup: '64' });
  return on;
}

describe.each(sharedTiles)('products by tiles of %s', (tile) => {
  test.for(productTable.map((one) => [caseName(one), one] as const))(
    '%s equal the reference',
    { timeout: 300_000 },
    async ([, one], context) => {
      const on = opened(context, tile);
      await holdAgainstReference(on, one);
      const compiled = on.recorder.pipelines.compiled.map(({ key }) => key);
      expect(compiled.filter((key) => key.includes('SHARED'))).not.toEqual([]);
    },
  );
});

/** Blocks of K that are fewer than the chains, and more; where the last one is not whole few rows are summed by tiles of registers. */
const lengths = formats.flatMap((format) =>
  (format === 'f32' || format === 'q4' ? [96, 1216, 68] : [96, 1216]).map(
    (inputs) => [format, inputs] as const,
  ),
);
describe('a row of generation', () => {
  test.for(lengths)(
    'in %s of %i columns has the same bits alone, in 8, 13, 64 and 150, by few rows’ form and by each tile',
    { timeout: 600_000 },
    async ([format, inputs], context) => {
      const on = opened(context, 'shared');
      const [most, outputs, rank] = [150, 76, 8];
      const make = new Maker(on, `a row of ${inputs}`);
      const weight = make.matrix('weight', outputs, inputs, format);
      const bias = make.f32('bias', [outputs]);
      const group = make.lora(segmentsOf(outputs), rank, inputs);
      const values = make.values('x', most * inputs);
      const firstRow = async (rows: number): Promise<Uint32Array> => {
        const x = make.empty('x', [rows, inputs]);
        const u = make.empty('u', [rows, group.segments.length * rank]);
        const y = make.empty('y', [rows, outputs]);
        on.write(x, values.subarray(0, rows * inputs));
        on.loraDown({ x, group, u, rows, inputs, mode: 'generate' });
        on.linear({ x, weight, y, rows, mode: 'generate', bias, lora: { ...group, u } });
        return bitsOf(await on.read(y, 0, outputs));
      };
      const alone = await firstRow(1);
      for (const tile of ['shared', ...sharedTiles] as const) {
        opened(context, tile);
        for (const rows of [8, 13, 64, most])
          expect(await firstRow(rows), `${tile}, ${rows} rows`).toEqual(alone);
      }
      make.free();
    },
  );
});
