import { describe, expect, it } from 'vitest';
import { askedOf, heldBy, splitOf } from '../../../src/records/questionCounts';

const counts = (trainQuestions: number, validationQuestions: number, testQuestions: number) => ({
  trainQuestions,
  validationQuestions,
  testQuestions,
});

describe('the counts of a file that holds fewer questions than are asked for', () => {
  it.each([
    [counts(800, 64, 300), 6, counts(4, 1, 1)],
    [counts(800, 64, 300), 3, counts(1, 1, 1)],
    [counts(800, 64, 300), 1163, counts(799, 64, 300)],
    [counts(2400, 128, 1000), 100, counts(68, 4, 28)],
    [counts(1, 1, 300), 4, counts(1, 1, 2)],
    [counts(10, 10, 10), 20, counts(7, 7, 6)],
    // What is not asked for stays so.
    [counts(0, 0, 300), 7, counts(0, 0, 7)],
    [counts(8, 0, 2), 5, counts(4, 0, 1)],
  ])('are, of %o for %i, %o', (asked, held, wanted) => {
    const split = splitOf(asked, held);
    expect(split).toEqual(wanted);
    expect(askedOf(split!)).toBe(held);
  });

  it('are none where not every split gets a question', () => {
    expect(splitOf(counts(800, 64, 300), 2)).toBeNull();
  });

  it('count a question that the file holds twice once', () => {
    expect(heldBy([{ id: 'a' }, { id: 'b' }, { id: 'a' }])).toBe(2);
  });
});
