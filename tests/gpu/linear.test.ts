/** What only WebGPU's linears have: parts of a matrix, kernel variants, blocks of rows. backends.test.ts has the rest. */
import { expect, test } from 'vitest';
import { caseName, type OpCase } from '../../src/compute/opCase';
import { linearCases } from '../../src/compute/opCasesLinear';
import { rowCases } from '../../src/compute/opCasesRows';
import { sharedTiles, tiles, variantChoices } from '../../src/gpu/variants';
import { bitsOf, holdAgainstReference } from '../support/backendSuite';
import { gpuBackend } from './support';

test.for(
  [
    linearCases.linear(9, 65, 300, { extras: 'all', rank: 4 }),
    linearCases.linear(9, 288, 300, { format: 'q4' }),
    linearCases.linearBackward(9, 65, 300, { extras: true, rank: 4 }),
    rowCases.embed(9, 300, 65, 'f32'),
  ].map((op) => [caseName(op), op] as const),
)('%s of a matrix larger than one binding runs by parts', async ([, op], context) => {
  const backend = await gpuBackend(context, { bindingLimit: 40_000 });
  await holdAgainstReference(backend, op);
  expect(backend.recorder.profiler.dispatches).toBeGreaterThan(1);
});

const families = {
  linear: linearCases.linear(13, 65, 67, { extras: 'all', rank: 3 }),
  linearBackward: linearCases.linearBackward(13, 65, 67, { extras: true, rank: 3, rate: 0.25 }),
  loraGradU: linearCases.loraGrad(13, 65, 67, 9),
  loraGradAB: linearCases.loraGrad(131, 65, 67, 9, { rate: 0.25 }),
} as const;
const forms = [
  ...(['linear', 'linearBackward', 'loraGradU'] as const).flatMap((family) =>
    variantChoices.workgroup.flatMap((workgroup) => tiles.map((form) => [family, form, workgroup] as const)),
  ),
  ...(['linear', 'linearBackward'] as const).flatMap((family) =>
    sharedTiles.map((form) => [family, form, '64'] as const),
  ),
  ...variantChoices.loraGradAB.map((form) => ['loraGradAB', form, '64'] as const),
];

test.for(forms)('%s as variant %s, workgroups of %s, equals the reference', async (form, context) => {
  const [family, choice, workgroup] = form;
  const backend = await gpuBackend(context);
  backend.useVariants({ [family]: choice, workgroup });
  await holdAgainstReference(backend, families[family]);
});

/**
 * With the rows of a block: 64, from where a view of any width may start, or a tile's where these widths let it start there; and with
 * the pieces of 64 columns into which a linear or its gradient is cut too.
 */
const splits: readonly (readonly [OpCase, number, number])[] = [
  [linearCases.linear(150, 65, 67, { extras: 'all', rank: 5 }), 64, 2],
  [linearCases.linear(150, 64, 96, { extras: 'residual', format: 'q4', mode: 'generate' }), 8, 2],
  [linearCases.linearBackward(150, 65, 67, { extras: true, rank: 3, rate: 0.25 }), 64, 2],
  [linearCases.linearBackward(130, 64, 96, { extras: true, rank: 8, format: 'q8' }), 8, 1],
  [linearCases.loraDown(150, 65, 9, { mode: 'generate' }), 64, 1],
];

test.for(splits.map(([op, block, pieces]) => [caseName(op), op, block, pieces] as const))(
  '%s above the bound of one dispatch is split and keeps every bit',
  async ([, op, block, pieces], context) => {
    const whole = await gpuBackend(context);
    const split = await gpuBackend(context, { dispatchFlops: 1 });
    const before = [whole, split].map(({ recorder }) => recorder.profiler.dispatches);
    const wanted = await op.run(whole);
    const got = await op.run(split);
    const [once, often] = [whole, split].map(({ recorder }, i) => recorder.profiler.dispatches - before[i]!);
    expect(often! - once!).toBe(pieces * Math.ceil(op.shape[0]! / block) - 1);
    expect(got.map(bitsOf)).toEqual(wanted.map(bitsOf));
  },
);
