/** Decoding as a GPU does it and a software adapter does not: linears by lanes, norms by rows, both at once. */
import { describe, test } from 'vitest';
import { rowAlone } from '../../src/compute/modelCases';
import { caseName } from '../../src/compute/opCase';
import { sharedTiles, tiles } from '../../src/gpu/variants';
import { holdAgainstReference } from '../support/backendSuite';
import { decodeTable, formats, normTable } from '../support/opTable';
import { dawnDevice } from '../support/dawnDevice';

const opened = dawnDevice({ norm: 'row', decode: 'lanes', linearGenerate: '4x4', workgroup: '64' });

describe.each([
  ['norms by rows', normTable],
  ['linears by lanes', decodeTable],
])('%s equal the reference', (_, cases) => {
  test.for(cases.map((one) => [caseName(one), one] as const))(
    '%s',
    { timeout: 300_000 },
    async ([, one], context) => {
      await holdAgainstReference(opened(context), one);
    },
  );
});

describe.each([...tiles, ...sharedTiles])('rows by lanes and by tiles of %s', (linearGenerate) => {
  const kinds = [
    { norm: true, gated: true, rank: 8 },
    { norm: true, bias: true },
    { residual: true, rank: 5 },
  ];
  // Fewer blocks of 32 than there are chains, and more, so that not all chains are of one length. The largest tiles compile for long.
  const all = linearGenerate === '4x4' ? formats : (['f32', 'q4'] as const);
  const cases = all.flatMap((format, f) =>
    [96, 896].map((inputs, i) =>
      rowAlone(format, { inputs, outputs: 74, ...kinds[(f + i) % kinds.length]! }),
    ),
  );
  test.for(cases.map((one) => [caseName(one), one] as const))(
    '%s have the same bits',
    { timeout: 300_000 },
    async ([, one], context) => {
      const on = opened(context);
      on.useVariants({ linearGenerate });
      await holdAgainstReference(on, one);
    },
  );
});
