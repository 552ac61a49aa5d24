import { describe, expect, it } from 'vitest';
import { answerParts, mathParts } from '../../../src/ui/math/mathParts';

const formulas = (text: string): string[] =>
  mathParts(text)
    .filter(({ type }) => type !== 'words')
    .map(({ text: latex }) => latex);

describe('the parts of a text', () => {
  it.each([
    ['What is $\\frac{1}{2} + x^2$?', ['\\frac{1}{2} + x^2']],
    ['If $x$ and $AB$ are given, find $2x + 3 = 7$.', ['x', 'AB', '2x + 3 = 7']],
    ['Solve \\(x+1=2\\), then \\[ y = x \\]', ['x+1=2', 'y = x']],
    ['So $$a^2 + b^2 = c^2$$ holds.', ['a^2 + b^2 = c^2']],
    ['A pen costs $\\$3$ and $n$ pens', ['\\$3', 'n']],
    ['Of $5$ and \\$7, $x$', ['5', 'x']],
    ['$a$$b$', []],
  ])('%s', (text, expected) => {
    if (expected.length > 0) expect(formulas(text)).toEqual(expected);
    expect(
      mathParts(text)
        .map(({ written }) => written)
        .join(''),
    ).toBe(text);
  });

  // Ways in which GSM8K writes money.
  it.each([
    'She has $5 and he has $7.',
    'It costs $12.50/hour, or $100 a day ($80 off).',
    'Between $5-$10 a piece.',
    'A $5 bill, a $10 bill and a $20 bill.',
    '$1,000 to Ann,$2,000 to Bob',
    'He paid 5$ and then 7$ more.',
    'He had $3 (and owed 2$).',
  ])('leaves money alone: %s', (text) => {
    expect(mathParts(text)).toEqual([{ type: 'words', text, written: text }]);
  });

  it('takes no time on many dollars', () => {
    const text = '$ '.repeat(20_000) + '$a'.repeat(5000) + '\\('.repeat(3000);
    const began = performance.now();
    mathParts(text);
    expect(performance.now() - began).toBeLessThan(2000);
  });

  it('of a right answer are one formula where it is LaTeX', () => {
    expect(answerParts('\\frac{3}{4}')).toEqual([
      { type: 'inline', text: '\\frac{3}{4}', written: '\\frac{3}{4}' },
    ]);
    expect(answerParts('18')[0]?.type).toBe('words');
    expect(answerParts('B')[0]?.type).toBe('words');
  });
});
