import { describe, expect, test } from 'vitest';
import { variantChoices } from '../../src/gpu/variants';
import { linearCases } from '../../src/compute/opCasesLinear';
import { rowCases } from '../../src/compute/opCasesRows';
import { Maker } from '../../src/compute/opCase';
import type { WeightFormat } from '../../src/compute/ops';
import { gpuBackend, holdAgainstReference } from './support';

const sizes = [1, 7, 64, 65];
const triples = sizes.flatMap((rows) =>
  sizes.flatMap((inputs) => sizes.map((outputs) => [rows, inputs, outputs] as const)),
);
const formats: readonly WeightFormat[] = ['f32', 'f16', 'bf16', 'q8', 'q4'];

test('linears equal the reference at ragged sizes, with and without bias, LoRA and residual', async (context) => {
  const backend = await gpuBackend(context);
  await holdAgainstReference(
    backend,
    triples.flatMap(([rows, inputs, outputs]) => [
      linearCases.linear(rows, inputs, outputs),
      linearCases.linear(rows, inputs, outputs, { mode: 'generate', extras: 'all', rank: 5 }),
    ]),
  );
  await holdAgainstReference(backend, [
    linearCases.linear(65, 1001, 64, { extras: 'residual' }),
    linearCases.linear(7, 64, 1001, { extras: 'residual' }),
    linearCases.linear(1001, 65, 65, { extras: 'all', rank: 8 }),
  ]);
});

test('the gradient of a linear equals the reference at ragged sizes, with LoRA and dropout', async (context) => {
  const backend = await gpuBackend(context);
  await holdAgainstReference(
    backend,
    triples.flatMap(([rows, inputs, outputs]) => [
      linearCases.linearBackward(rows, inputs, outputs),
      linearCases.linearBackward(rows, inputs, outputs, { extras: true, rank: 3, rate: 0.25 }),
    ]),
  );
});

test('LoRA products and gradients equal the reference at ragged sizes and ranks', async (context) => {
  const backend = await gpuBackend(context);
  await holdAgainstReference(
    backend,
    triples.flatMap(([rows, inputs, outputs]) => [
      linearCases.loraGrad(rows, inputs, outputs, 8),
      linearCases.loraGrad(rows, inputs, outputs, 5, { rate: 0.25 }),
    ]),
  );
  await holdAgainstReference(
    backend,
    sizes.flatMap((rows) =>
      [1, 4, 9].flatMap((rank) => [
        linearCases.loraDown(rows, 65, rank, { mode: 'generate' }),
        linearCases.loraDown(rows, 64, rank, { rate: 0.25 }),
        linearCases.matmulNT(rows, 65, rank, 'train'),
      ]),
    ),
  );
});

describe('storage formats', () => {
  test.for(formats)('%s weights give the reference product, gradient and rows', async (format, context) => {
    const backend = await gpuBackend(context);
    await holdAgainstReference(backend, [
      linearCases.linear(7, 65, 64, { format }),
      linearCases.linear(65, 64, 65, { format, mode: 'generate' }),
      linearCases.linearBackward(7, 65, 130, { format }),
      rowCases.embed(9, 70, 65, format),
      rowCases.embed(9, 70, 96, format),
    ]);
  });

  test('a matrix larger than one binding is split into parts and gives the same result', async (context) => {
    const backend = await gpuBackend(context, { bindingLimit: 40_000 });
    await holdAgainstReference(backend, [
      linearCases.linear(9, 65, 300, { extras: 'all', rank: 4 }),
      linearCases.linear(9, 64, 300, { format: 'q4' }),
      linearCases.linearBackward(9, 65, 300, { extras: true, rank: 4 }),
      rowCases.embed(9, 300, 65, 'f32'),
    ]);
    expect(backend.recorder.profiler.dispatches).toBeGreaterThan(4);
  });
});

for (const family of ['linear', 'linearBackward', 'loraGradU', 'loraGradAB'] as const) {
  test(`every form of ${family} equals the reference`, async (context) => {
    const backend = await gpuBackend(context);
    for (const workgroup of variantChoices.workgroup) {
      for (const choice of variantChoices[family]) {
        backend.useVariants({ [family]: choice, workgroup });
        const made: Record<typeof family, ReturnType<typeof linearCases.linear>> = {
          linear: linearCases.linear(13, 65, 67, { extras: 'all', rank: 3 }),
          linearBackward: linearCases.linearBackward(13, 65, 67, { extras: true, rank: 3, rate: 0.25 }),
          loraGradU: linearCases.loraGrad(13, 65, 67, 9),
          loraGradAB: linearCases.loraGrad(131, 65, 67, 9, { rate: 0.25 }),
        };
        await holdAgainstReference(backend, [made[family]]);
      }
    }
  });
}

test('a row of a generating linear has the same bits alone and in batches of 8, 13 and 64', async (context) => {
  const backend = await gpuBackend(context);
  for (const [inputs, outputs] of [
    [64, 192],
    [65, 70],
  ] as const) {
    const make = new Maker(backend, 'bits');
    const weight = make.matrix('weight', outputs, inputs, 'f32');
    const bias = make.f32('bias', [outputs]);
    const group = make.lora([{ start: 3, count: 40, bRow: 0 }], 8, inputs);
    const values = make.values('x', 64 * inputs);
    const rowOf = async (rows: number): Promise<Uint32Array[]> => {
      const x = make.empty('x', [rows, inputs]);
      const u = make.empty('u', [rows, 8]);
      const y = make.empty('y', [rows, outputs]);
      const small = make.empty('small', [rows, 3]);
      const b = make.f32('b', [3, inputs]);
      backend.write(x, values.subarray(0, rows * inputs));
      backend.loraDown({ x, group, u, rows, inputs, mode: 'generate' });
      backend.linear({ x, weight, y, rows, mode: 'generate', bias, lora: { ...group, u } });
      backend.matmulNT({ x, b, y: small, rows, n: 3, k: inputs, mode: 'generate' });
      return [await backend.readU32(y, 0, outputs), await backend.readU32(small, 0, 3)];
    };
    const alone = await rowOf(1);
    for (const rows of [8, 13, 64]) expect(await rowOf(rows)).toEqual(alone);
    make.free();
  }
});

test('a product above the bound of one dispatch is split by rows and keeps every bit', async (context) => {
  const whole = await gpuBackend(context);
  const split = await gpuBackend(context, { dispatchFlops: 1 });
  for (const one of [
    linearCases.linear(150, 65, 67, { extras: 'all', rank: 5 }),
    linearCases.linear(150, 64, 96, { extras: 'residual', format: 'q4', mode: 'generate' }),
    linearCases.linearBackward(150, 65, 67, { extras: true, rank: 3, rate: 0.25 }),
    linearCases.linearBackward(130, 64, 96, { extras: true, rank: 8, format: 'q8' }),
    linearCases.loraDown(150, 65, 9, { mode: 'generate' }),
  ]) {
    const before = [whole, split].map(({ recorder }) => recorder.profiler.dispatches);
    const wanted = await one.run(whole);
    const got = await one.run(split);
    const name = `${one.kernels.join()} ${one.variant}`;
    const [once, often] = [whole, split].map(({ recorder }, i) => recorder.profiler.dispatches - before[i]!);
    expect(often! - once!, name).toBe(2);
    expect(
      got.map(({ buffer }) => new Uint32Array(buffer)),
      name,
    ).toEqual(wanted.map(({ buffer }) => new Uint32Array(buffer)));
  }
});
