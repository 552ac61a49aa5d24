import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { ModelError } from '../../../../src/core/errors';
import { compilePattern } from '../../../../src/lm/tokens/regex';

it.each([
  '(a+)+b',
  '(a|a)*b',
  '(?:a|aa)+$',
  '(\\p{L}*)*!',
  '((\\s*)*)*x',
  '(.*)*\\d',
  '\\s*\\s*\\s*\\s*x',
  '(q+)+!!',
])('the pattern %s, whose search does not end, is refused before a text is cut by it', (regex) => {
  const began = performance.now();
  expect(() => compilePattern({ Regex: regex })).toThrow(ModelError);
  expect(() => compilePattern({ Regex: regex })).toThrow(/takes too long/);
  expect(performance.now() - began).toBeLessThan(20_000);
});

it('every pattern of the tokenizers that models come with is taken', () => {
  const text =
    readFileSync('tests/golden/lm/hard-tokens.json', 'utf8') +
    readFileSync('tests/golden/lm/tokens.json', 'utf8');
  const patterns = new Set(
    [...text.matchAll(/"Regex": ?("(?:[^"\\]|\\.)*")/g)].map(([, literal]) => JSON.parse(literal!) as string),
  );
  expect(patterns.size).toBeGreaterThan(5);
  for (const Regex of patterns) {
    let refusal = '';
    try {
      compilePattern({ Regex });
    } catch (thrown) {
      refusal = (thrown as Error).message;
    }
    expect(refusal, Regex).not.toContain('takes too long');
  }
});
