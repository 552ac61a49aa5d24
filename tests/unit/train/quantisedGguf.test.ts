/** GGUF in 8 and 4 bits. That ggml's own quantiser gives the same bytes is in tests/oracle/exports.test.ts. */
import { describe, expect, it } from 'vitest';
import { blockValues } from '../../../src/lm/gguf/blockValues';
import { ggufBlocksOf } from '../../../src/train/ggufQuantise';
import { modelfile } from '../../../src/train/modelfile';

const values = Float32Array.from({ length: 96 }, (_, i) =>
  i < 32 ? 0 : Math.sin(i * 1.7) * (i < 64 ? 1 : 50),
);

describe.each([
  ['Q8_0', 1 / 254 + 1 / 2048],
  ['Q4_0', 1 / 8],
] as const)('%s', (type, share) => {
  it('is off by a share of the largest value of its block at most, and zeros stay zeros', async () => {
    const bytes = ggufBlocksOf(values, type);
    const read = blockValues(bytes, type);
    values.forEach((value, i) => {
      const block = values.slice(i - (i % 32), i - (i % 32) + 32);
      const most = Math.max(...block.map(Math.abs));
      expect(Math.abs(read[i]! - value)).toBeLessThanOrEqual(share * most + 1e-12);
    });
  });
});

it('a Modelfile quotes its stop texts and names the file beside it', () => {
  expect(modelfile({ file: 'model.gguf', stops: ['<|im_end|>', 'a "b"\\'], context: 100_000 })).toBe(
    [
      'FROM ./model.gguf',
      'PARAMETER stop "<|im_end|>"',
      'PARAMETER stop "a \\"b\\"\\\\"',
      'PARAMETER num_ctx 8192',
      '# As the student is decoded in its evaluation.',
      'PARAMETER temperature 0',
      '',
    ].join('\n'),
  );
});
