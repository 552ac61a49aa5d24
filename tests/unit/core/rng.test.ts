import { expect, test } from 'vitest';
import { hashKey, philox, RandomStream, uniform } from '../../../src/core/rng';

// Known answers: Random123's kat_vectors, "philox2x32 10" (Salmon et al., SC 2011).
test.each([
  [[0, 0], 0, [0xff1dae59, 0x6cd10df2]],
  [[0xffffffff, 0xffffffff], 0xffffffff, [0x2c3f628b, 0xab4fd7ad]],
  [[0x243f6a88, 0x85a308d3], 0x13198a2e, [0xdd7ce038, 0xf62a4c12]],
] as const)('philox of counter %j under key %i gives the published words', (counter, key, words) => {
  expect(philox(key, counter[0], counter[1])).toEqual(words);
});

test('uniform numbers fill [0, 1) evenly', () => {
  const n = 20_000;
  const bins = new Array<number>(20).fill(0);
  for (let i = 0; i < n; i++) {
    const bin = Math.floor(uniform(7, i) * 20);
    bins[bin] = bins[bin]! + 1;
  }
  const chiSquare = bins.reduce((sum, count) => sum + (count - n / 20) ** 2 / (n / 20), 0);
  expect(chiSquare).toBeLessThan(43.8); // 99.9 % point of chi-square with 19 degrees of freedom (scipy.stats.chi2.ppf)
});

test('a stream continues from its saved counter', () => {
  const stream = new RandomStream(3);
  stream.next();
  const rest = new RandomStream(3, stream.counter);
  expect([rest.next(), rest.next()]).toEqual([stream.next(), stream.next()]);
});

test('keys tell parts and their borders apart', () => {
  const keys = [hashKey(0, 'ab', 'c'), hashKey(0, 'a', 'bc'), hashKey('0', 'ab', 'c'), hashKey(1, 'ab', 'c')];
  expect(new Set(keys).size).toBe(4);
});
