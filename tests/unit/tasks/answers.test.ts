import { describe, expect, it } from 'vitest';
import { isCorrect, lastBoxed, parseAnswer, strictAnswer } from '../../../src/tasks/answers';

describe('numeric answers', () => {
  it.each([
    ['the last box wins', 'first \\boxed{3}, then \\boxed{5}', '5'],
    ['a joined debate string is read at its end', 'Agent 1: \\boxed{12}\nAgent 2: \\boxed{18}', '18'],
    ['a box wins over the hashes', '#### 7\n\\boxed{9}', '9'],
    ['nested braces in a box', 'so \\boxed{\\frac{3}{4}}', '0.75'],
    ['thousands separators belong to the number', 'The total is 2,125', '2125'],
    ['separators in a box', '\\boxed{2{,}125}', '2125'],
    ['the number after the hashes', '16 - 3 = 13. #### 13', '13'],
    ['the last hashes', '#### 4\nAnother\n#### 5', '5'],
    ['"the answer is" wins over later numbers', 'The answer is 42. I checked it 3 times.', '42'],
    ['"Answer:" with bold type', '**Answer: 17**', '17'],
    ['else the last number', 'first 3 apples, then 8 apples', '8'],
    ['a sign', '#### -7', '-7'],
    ['a typographic minus', 'The answer is \u22127', '-7'],
    ['a minus between operands is no sign', 'we get 10-7', '7'],
    ['a range is no sign', 'pages 3-5', '5'],
    ['trailing zeros', '#### 3.50', '3.5'],
    ['currency and a full stop', 'The answer is $1,250.00.', '1250'],
    ['percent', '#### 25%', '25'],
    ['a simple fraction', '#### 3/4', '0.75'],
    ['a fraction that is not finite stays one', '#### 2/6', '1/3'],
    ['no lonely decimal point', '#### .5', '0.5'],
    ['leading zeros', '#### 007', '7'],
    ['a point at the end of the sentence is not the number', 'It is 12.', '12'],
    ['spaces between LaTeX and number', 'so \\boxed{ 14 }', '14'],
    ['units', '\\boxed{14 \\text{ apples}}', '14'],
    ['an empty announcement falls through to the last number', '5 is left. The answer is clear', '5'],
  ])('%s', (_, text, expected) => {
    expect(parseAnswer(text, 'number')).toBe(expected);
  });

  it('is null where there is no number, and counts as wrong', () => {
    expect(parseAnswer('I do not know.', 'number')).toBeNull();
    expect(isCorrect(null, '5', 'number')).toBe(false);
  });

  it('does not take 125 from "2,125"', () => {
    expect(isCorrect(parseAnswer('#### 2,125', 'number'), '125', 'number')).toBe(false);
    expect(isCorrect(parseAnswer('#### 2,125', 'number'), '2125', 'number')).toBe(true);
  });

  it('compares by value: 3.50 equals 3.5 equals 7/2', () => {
    for (const gold of ['3.5', '3.50', '7/2', '$3.50'])
      expect(isCorrect(parseAnswer('#### 3.50', 'number'), gold, 'number')).toBe(true);
  });

  it('compares numbers beyond 2^53 exactly', () => {
    expect(isCorrect('9007199254740993', '9007199254740992', 'number')).toBe(false);
  });

  it('does not read an unfinished division as its value', () => {
    expect(parseAnswer('12 / 4', 'number')).toBe('4');
  });

  it('never divides by zero', () => {
    expect(parseAnswer('#### 3/0', 'number')).not.toBe('Infinity');
  });
});

describe('strict answers', () => {
  it.each([
    ['#### 21', '21'],
    ['12 + 9 = 21. #### 21.', '21'],
    ['#### $2,125', '2125'],
  ])('%s', (text, expected) => expect(strictAnswer(text, 'number')).toBe(expected));

  it.each(['The answer is 21.', '\\boxed{21}', '#### about 21 apples', '21', '####'])(
    'rejects %s',
    (text) => {
      expect(strictAnswer(text, 'number')).toBeNull();
    },
  );
});

describe('choice answers', () => {
  it.each([
    ['The answer is B.', 'B'],
    ['\\boxed{C}', 'C'],
    ['\\boxed{\\text{(D)}}', 'D'],
    ['#### (A)', 'A'],
    ['answer: option C because', 'C'],
    ['First \\boxed{A}. No: \\boxed{B}', 'B'],
    ['I weighed all of them.\nC', 'C'],
    ['The answer is **D**', 'D'],
  ])('%s', (text, expected) => expect(parseAnswer(text, 'choice')).toBe(expected));

  it.each([
    'This is a case of flu.',
    'a',
    'The answer is a virus.',
    'An Apple a Day',
    'The answer is Because',
  ])('"%s" names no option', (text) => expect(parseAnswer(text, 'choice')).toBeNull());

  it('takes a lower-case gold letter', () => expect(isCorrect('B', 'b', 'choice')).toBe(true));
});

describe('text answers', () => {
  it.each([
    ['The answer is The Nile.', 'nile'],
    ['so \\boxed{x^2 + 1}', 'x^2+1'],
    ['#### Paris', 'paris'],
  ])('%s', (text, gold) => expect(isCorrect(parseAnswer(text, 'text'), gold, 'text')).toBe(true));
});

it('an open box is no box', () => expect(lastBoxed('\\boxed{3} and \\boxed{4')).toBe('3'));
