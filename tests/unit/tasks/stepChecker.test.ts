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
