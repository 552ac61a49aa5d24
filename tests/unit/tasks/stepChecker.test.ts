import { expect, it } from 'vitest';
import { checkSteps, equationsIn, rightShare, splitSteps } from '../../../src/tasks/stepChecker';
import { generateQuestions } from '../../../src/tasks/wordProblems';

it('splits sentences and lines and keeps their spans', () => {
  const reply = '12 + 9 = 21. It costs 3.50 now!\n#### 21';
  const steps = splitSteps(reply);
  expect(steps.map((step) => step.text)).toEqual(['12 + 9 = 21.', 'It costs 3.50 now!', '#### 21']);
  for (const step of steps) expect(reply.slice(step.start, step.end)).toBe(step.text);
});

it('finds every step of every generated solution right and belonging', () => {
  for (const { solution = '' } of generateQuestions({ seed: 3, split: 'test', count: 200 })) {
    const steps = checkSteps(solution, solution);
    expect(rightShare(steps)).toBe(1);
    expect(steps.filter((step) => step.belongs === false)).toEqual([]);
  }
});

it('finds the wrong step, and not the right ones built upon it', () => {
  const steps = checkSteps('12 + 9 = 20. 20 - 5 = 15. #### 15', '12 + 9 = 21. 21 - 5 = 16. #### 16');
  expect(steps.map((step) => step.right)).toEqual([false, true, true]);
  expect(steps.map((step) => step.belongs)).toEqual([true, true, null]);
});

it('finds right arithmetic that is not of this problem', () => {
  const steps = checkSteps(
    '12 + 8 = 20. 20 - 5 = 15. 1 + 1 = 2. #### 2',
    '12 + 9 = 21. 21 - 5 = 16. #### 16',
  );
  expect(steps.map((step) => step.right)).toEqual([true, true, true, true]);
  expect(steps.map((step) => step.belongs)).toEqual([false, true, false, null]);
});

it('a final answer that is not the last result is wrong', () => {
  expect(checkSteps('12 + 9 = 21. #### 12').map((step) => step.right)).toEqual([true, false]);
});

it('reads chains, products first, and other signs', () => {
  expect(equationsIn('2 + 3 * 4 = 14')[0]?.right).toBe(true);
  expect(equationsIn('2 + 3 * 4 = 20')[0]?.right).toBe(false);
  expect(equationsIn('3 \u00d7 4 = 12, 12 \u00f7 5 = 2.4')).toHaveLength(2);
  expect(equationsIn('$1,200 - $200 = $1,000')[0]?.right).toBe(true);
  expect(equationsIn('10 / 3 = 3.33')[0]?.right).toBe(true);
  expect(equationsIn('10 / 3 = 3.34')[0]?.right).toBe(false);
});

it('reads the calculator marks of GSM8K', () => {
  const steps = checkSteps('She sold 48/2 = <<48/2=24>>24 clips.');
  expect(steps[0]?.right).toBe(true);
});

it('says nothing about prose', () => {
  expect(checkSteps('Let me think.').map((step) => step.right)).toEqual([null]);
  expect(rightShare(checkSteps('Let me think.'))).toBeNull();
});

it('reads percents as shares or as such, and leaves alone what is part of a longer expression', () => {
  expect(equationsIn('200 * 5% = 10')[0]?.right).toBe(true);
  expect(equationsIn('20% + 30% = 50%')[0]?.right).toBe(true);
  expect(equationsIn('20% + 30% = 60%')[0]?.right).toBe(false);
  for (const text of ['x^2 + 3 = 7', 'a + 2 * 3 = 15', '7 - 3 = 2 * 2', '(5 - 1) + 2 * 3 = 10', '7 - 3 = 2x'])
    expect(equationsIn(text), text).toEqual([]);
  for (const listed of [
    'Then:\n- 4 + 5 = 9',
    '* 4 + 5 = 9',
    '1) 4 + 5 = 9',
    'Apples (red) 4 + 5 = 9',
    '2. 4 + 5 = 9',
  ])
    expect(equationsIn(listed), listed).toEqual([{ terms: ['4', '+', '5'], result: '9', right: true }]);
  expect(equationsIn('Step 1 - 4 + 5 = 9')).toEqual([]);
  expect(equationsIn('12 + 9 = 21, 21 - 5 = 16.').map(({ right }) => right)).toEqual([true, true]);
});

it('holds a final answer against the last result only where it has a number, with or without a unit', () => {
  const last = (final: string) => checkSteps(`12 + 9 = 21. #### ${final}`).at(-1)?.right;
  expect(['21', '21 apples', '$21', 'B', 'yes', '12', '21 or 12'].map(last)).toEqual([
    true,
    true,
    true,
    null,
    null,
    false,
    false,
  ]);
});
