/** The kernel forms of real models on WebGPU, and that no bit depends on where an op is split for a slow device. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dawnPossible } from '../../scripts/lib/dawn.mjs';
import { dawnBackend } from '../../scripts/toolsNode';
import type { GpuBackend } from '../../src/compute/gpuBackend';
import { modelCases } from '../../src/compute/modelCases';
import { caseName } from '../../src/compute/opCase';
import { attentionCases } from '../../src/compute/opCasesAttention';
import { linearCases } from '../../src/compute/opCasesLinear';
import { bitsOf, holdAgainstReference } from '../support/backendSuite';
import { modelShapes } from '../../src/lm/shaped/emptyModel';

const backends: GpuBackend[] = [];
beforeAll(async () => {
  if (!dawnPossible()) return;
  backends.push(await dawnBackend(), await dawnBackend({ dispatchFlops: 20_000 }));
});
afterAll(() => {
  for (const backend of backends) backend.dispose();
});

describe.skipIf(!dawnPossible())('Dawn', () => {
  const shape = { qkNorm: false, ...modelShapes['Qwen2.5-0.5B'] };
  const cases = modelCases({ ...shape, formats: ['f16', 'q8', 'q4'] });
  const once = new Map(cases.map((one) => [caseName(one), one]));
  it.for([...once])('%s', async ([, one]) => {
    await holdAgainstReference(backends[0]!, one);
  });

  const heads = { heads: 4, kvHeads: 2, headDim: 16 };
  const split = [
    attentionCases.attention(130, heads, [70, 1, 59]),
    attentionCases.attention(33, { heads: 2, kvHeads: 1, headDim: 64 }, 33),
    attentionCases.attentionPaged(33, heads, 16),
    linearCases.linear(70, 64, 192, { extras: 'all' }),
    linearCases.linear(70, 65, 67, { mode: 'generate', extras: 'all', rank: 3 }),
    linearCases.linearBackward(70, 64, 192, { extras: true, rate: 0.1 }),
  ];
  it.for(split.map((one) => [caseName(one), one] as const))(
    '%s has the same bits in one dispatch and in many',
    async ([, one]) => {
      const [whole, parts] = [await one.run(backends[0]!), await one.run(backends[1]!)];
      expect(parts.map(bitsOf)).toEqual(whole.map(bitsOf));
    },
  );
});
