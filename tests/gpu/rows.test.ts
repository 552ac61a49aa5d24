import { test } from 'vitest';
import { attentionCases } from '../../src/compute/opCasesAttention';
import { rowCases } from '../../src/compute/opCasesRows';
import { gpuBackend, holdAgainstReference } from './support';

const sizes = [1, 7, 64, 65];
const pairs = sizes.flatMap((rows) => [...sizes, 1001].map((cols) => [rows, cols] as const));
const heads = [
  { heads: 4, kvHeads: 2, headDim: 16 },
  { heads: 3, kvHeads: 1, headDim: 6 },
  { heads: 1, kvHeads: 1, headDim: 2 },
];

test('elementwise ops equal the reference at ragged sizes', async (context) => {
  const backend = await gpuBackend(context);
  await holdAgainstReference(
    backend,
    [1, 7, 64, 65, 1001].flatMap((size) => [
      rowCases.fill(size),
      rowCases.copy(size, true),
      rowCases.copy(size, false),
      rowCases.adamw(size, true),
      rowCases.adamw(size, false),
    ]),
  );
  await holdAgainstReference(
    backend,
    pairs.map(([rows, cols]) => rowCases.swiglu(rows, cols)),
  );
});

test('rows are gathered, scattered and embedded at ragged sizes', async (context) => {
  await holdAgainstReference(
    await gpuBackend(context),
    pairs.flatMap(([rows, cols]) => [
      rowCases.gatherRows(rows, cols),
      rowCases.scatterRows(rows, cols),
      rowCases.embed(rows, 70, cols, 'f32'),
    ]),
  );
});

test('norms and their gradients equal the reference at ragged sizes', async (context) => {
  const backend = await gpuBackend(context);
  await holdAgainstReference(
    backend,
    pairs.flatMap(([rows, cols]) => [
      rowCases.rmsNorm(rows, cols),
      rowCases.rmsNormBackward(rows, cols, true),
      rowCases.rmsNormBackward(rows, cols, false),
    ]),
  );
  await holdAgainstReference(
    backend,
    sizes.flatMap((rows) => heads.map((shape) => rowCases.headNorm(rows, shape))),
  );
});

test('cross-entropy and its gradient equal the reference at ragged sizes', async (context) => {
  await holdAgainstReference(
    await gpuBackend(context),
    pairs.flatMap(([rows, vocab]) => [
      rowCases.crossEntropy(rows, vocab, true),
      rowCases.crossEntropy(rows, vocab, false),
    ]),
  );
});

test('rotation and attention equal the reference for grouped, odd and long heads', async (context) => {
  const backend = await gpuBackend(context);
  await holdAgainstReference(
    backend,
    sizes.flatMap((rows) =>
      heads.flatMap((shape) => [
        attentionCases.rope(rows, shape),
        attentionCases.attention(rows, shape, 30),
        attentionCases.attentionPaged(rows, shape, 8),
      ]),
    ),
  );
  const long = { heads: 2, kvHeads: 1, headDim: 64 };
  await holdAgainstReference(backend, [
    attentionCases.attention(7, long, 7),
    attentionCases.attentionPaged(5, long, 4),
  ]);
});
