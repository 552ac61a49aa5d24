import { expect, it } from 'vitest';
import { benchLine } from '../../../src/commands/benchLine';

it('a figure is one line with its units, and what was left out says why', () => {
  const kernel = { kernel: 'linear (generate)', format: 'f16', shape: '1 x 896 x 9728', ms: 0.1, gbps: 175 };
  expect(benchLine({ type: 'kernel', row: { ...kernel, gflops: 174.3 } })).toBe(
    'linear (generate)  f16  1 x 896 x 9728: 0.100 ms, 174 GFLOP/s, 175 GB/s',
  );
  expect(benchLine({ type: 'kernel', row: { ...kernel, format: null, gflops: null } })).toBe(
    'linear (generate)  1 x 896 x 9728: 0.100 ms, 175 GB/s',
  );
  const model = { name: 'bundled', format: 'f16', work: 'decode' } as const;
  expect(benchLine({ type: 'model', row: { ...model, tokensPerSecond: 6150 } })).toBe(
    'bundled f16, decode: 6150 tokens/s',
  );
  expect(benchLine({ type: 'model', row: { ...model, tokensPerSecond: null, skipped: 'memory' } })).toMatch(
    /does not fit into memory$/,
  );
  expect(benchLine({ type: 'model', row: { ...model, tokensPerSecond: null, skipped: 'slow' } })).toMatch(
    /too slow here$/,
  );
});
