import { describe, expect, it } from 'vitest';
import { mostSimilar } from '../../../src/distil/similar';

const asked = '7 - 5 = 2. 2 + 8 = 10. #### 10';
const texts = [
  '3 * 4 = 12. #### 12',
  '9 - 7 = 2. 2 + 8 = 10. 10 / 2 = 5. #### 5',
  '6 - 4 = 2. 1 + 9 = 10. #### 10',
  '5 + 5 = 10. #### 10',
];

describe('texts that work alike', () => {
  it('come in the order of their steps, operations with intermediate results, and need one in common', () => {
    // Operations asked about: "- 2", "+ 10". Text 2 has both (distance 0), text 1 one more of three (1/3), text 3 lacks one
    // of two (1/2), text 0 shares none.
    const found = mostSimilar(asked, texts, 5);
    expect(found.map(({ index }) => index)).toEqual([2, 1, 3]);
    expect(found[0]?.similarity).toBe(1);
    expect(found[1]?.similarity).toBeCloseTo(2 / 3);
    expect(found[2]?.similarity).toBeCloseTo(1 / 2);
  });

  it('name the spans of the steps that both have', () => {
    const [, second, third] = mostSimilar(asked, texts, 5);
    const cut = (text: string, spans: readonly (readonly [number, number])[]): string[] =>
      spans.map(([start, end]) => text.slice(start, end));
    expect(cut(texts[1]!, second!.here)).toEqual(['9 - 7 = 2.', '2 + 8 = 10.']);
    expect(cut(asked, third!.there)).toEqual(['2 + 8 = 10.']);
  });

  it('are as many as asked for at most', () => {
    expect(mostSimilar(asked, texts, 1)).toHaveLength(1);
    expect(mostSimilar('no arithmetic here', texts, 3)).toEqual([]);
  });
});
