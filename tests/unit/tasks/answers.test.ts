import { describe, expect, it } from 'vitest';
import { isCorrect, lastBoxed, normalAnswer, parseAnswer } from '../../../src/tasks/answers';

describe('numeric answers', () => {
  it.each([
    ['the last box wins', 'first \\boxed{3}, then \\boxed{5}', '5'],
    ['a joined debate string is read at its end', 'Agent 1: \\boxed{12}\nAgent 2: \\boxed{18}', '18'],
    ['a box wins over the hashes', '#### 7\n\\boxed{9}', '9'],
    ['nested braces in a box', 'so \\boxed{\\frac{3}{4}}', '0.75'],
    ['thousands separators belong to the number', 'The total is 2,125', '2125'],
    ['separators in a box', '\\boxed{2{,}125}', '2125'],
    ['the number after the hashes', '16 - 3 = 13. #### 13', '13'],
    ['the first hashes, as lm-eval takes them', '#### 4\nAnother\n#### 5', '4'],
    ['no later hashes of a looping model', '#### 20 #### 20 #### 2', '20'],
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

describe('thoughts and what a model adds', () => {
  it.each([
    ['a finished thought', '<think>maybe \\boxed{4}</think> So it is 3.', '3'],
    ['a thought under another name', '<thinking>#### 4</thinking>\n\n3', '3'],
    ['a thought whose beginning is in the prompt', 'maybe \\boxed{4} </think>\nThe answer is 3.', '3'],
    ['an answer before a thought that never ends', '3\n<think>or is it 4', '3'],
    ['a run-on behind hashes', 'so\n#### 3\n\nQuestion: Another?\n#### 20', '3'],
    ['a run-on behind a box', 'so \\boxed{3}\n\nQ: Another?\nA: \\boxed{20}', '3'],
    ['a run-on behind a sentence', 'The answer is 3.\n\nProblem 2: one more\nThe answer is 20.', '3'],
    ['a run-on into a chat', 'The answer is 3.<|im_end|>\n<|im_start|>user\n20', '3'],
    ['a question repeated before the answer', 'Question: how many of 20?\nAnswer: 3', '3'],
  ])('%s', (_, text, expected) => expect(parseAnswer(text, 'number')).toBe(expected));

  it('takes nothing out of a thought that never ends', () => {
    expect(parseAnswer('<think>so \\boxed{4} or', 'number')).toBeNull();
  });
});

describe('announced sums, units and lists', () => {
  it.each([
    ['The answer is 6 + 7 = 13', '13'],
    ['So the answer is 20 - 5 = 15.', '15'],
    ['The answer is 20 - 5', '15'],
    ['The answer is 42 because 6 * 7 = 42.', '42'],
    ['The answer is 5 since 2 + 3 = 5 and 4 = 4', '5'],
    ['The answer is 20 apples + 25 apples = 45 apples.', '45'],
    ['The answer is 6 plus 7 equals 13', '13'],
    ['The answer is 1,500, which is 500 more than 1,000', '1500'],
    ['The answer is 45 (15 * 3).', '45'],
    ['#### 90/2 = $45', '45'],
    ['Answer: 15 \u00d7 3 = 45', '45'],
    ['The answer is: total = 15 + 30 = 45', '45'],
    ['\\boxed{20+25=45}', '45'],
    ['\\boxed{x=\\frac12}', '0.5'],
    ['\\boxed{5!}', '120'],
    ['#### 12 apples', '12'],
    ['#### 1.5e3', '1500'],
    ['#### 1.234,50', '1234.5'],
    ['The answer is 1 000 000', '1000000'],
    ['\\boxed{3, 5}', '3, 5'],
    ['The answers are 3 and 5', '3, 5'],
    ['\\boxed{2\\sqrt{3}}', '2\\sqrt{3}'],
  ])('%s', (text, expected) => expect(parseAnswer(text, 'number')).toBe(expected));
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

  const cities = ['Lyon', 'Paris', 'Nice', 'Lille'];
  const letterForms =
    'B|B.|B)|(B)|[B]|`B`|**B**|"B"|$B$|\\(B\\)|<B>|B!|B. Paris|B) Paris|(B) Paris|**B. Paris**|B: Paris|B - Paris|B, Paris|Option B|' +
    "option b|Choice B|The correct option is B.|The correct choice is (B).|I choose B.|I would choose option B|I pick B|I'll go with B|" +
    'B is correct.|(B) is correct|Option B is correct.|Therefore, B is the right answer.|The answer is [B].|The answer is $B$|' +
    'The answer is \\(B\\)|The answer must be B.|The answer would be (B)|B\n\nExplanation: A is wrong.|**Answer**: B|**Answer:** B|' +
    'Answer: (b)|Answer: b|the answer is b|Final Answer: The final answer is $B$. I hope it is correct.|So the answer is (b).|#### B|' +
    '#### (B)|#### B. Paris|\\boxed{B}|\\boxed{\\text{B}}|\\boxed{\\textbf{(B)}}|\\boxed{B. Paris}|<think>A?</think>B|<answer>B</answer>|' +
    "Answer B|The answer is:\n\nB|(b) Paris|It's B|So, B.|A is wrong. B is correct. C is wrong.|ANSWER: B|Ans: B|B) is the answer";

  it.each(letterForms.split('|'))('reads B from %j, with and without the options', (text) => {
    expect(parseAnswer(text, 'choice', cities)).toBe('B');
    if (text !== 'B, Paris') expect(parseAnswer(text, 'choice')).toBe('B');
  });

  it.each([
    'Paris',
    'The answer is Paris.',
    'The capital of France is Paris.',
    'The answer is Paris, not Lyon.',
    '\\boxed{\\text{Paris}}',
    'b) Paris',
    '2',
    'Option 2',
    'The answer is 2',
  ])('reads the second option from %j when it knows the options', (text) => {
    expect(parseAnswer(text, 'choice', cities)).toBe('B');
  });

  it.each([
    'Answer: I think none',
    'Answer: I am not sure.',
    'The answer is I',
    'The answer is E.',
    '\\boxed{J}',
    'Lyon or Paris',
    'The answer is not B.',
    'Answer: A or B',
    'Is it B?',
  ])('%j names none of four options', (text) => {
    expect(parseAnswer(text, 'choice', cities)).toBeNull();
  });

  it('knows a ninth option', () => {
    const nine = Array.from('abcdefghi', (name) => `item ${name}`);
    expect(parseAnswer('The answer is I.', 'choice', nine)).toBe('I');
    expect(parseAnswer('Answer: I am not sure.', 'choice', nine)).toBeNull();
  });

  it('takes a number for an option only where no option is one', () => {
    expect(parseAnswer('The answer is 2', 'choice', ['1', '2', '3'])).toBe('B');
    expect(parseAnswer('The answer is 2', 'choice', ['2', '3', '1'])).toBe('A');
  });

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

describe('formulas', () => {
  it.each([
    ['x=5', '5', true],
    ['90', '90^\\circ', true],
    ['\\frac{1}{2}x + 3', '\\frac{x}{2}+3', true],
    ['\\sin^2 x', '(\\sin x)^2', true],
    ['|-5|', '5', true],
    ['3x+2y=6', '6x+4y=12', true],
    ['\\sqrt[3]{2}', '2^{1/3}', true],
    ['f(x)=x^2', 'x^2', true],
    ['(-2,1)\\cup(3,4)', '(3,4)\\cup(-2,1)', true],
    ['10 apples', '10', true],
    ['5 golden rings', '5', false],
    ['\\text{east}', 'seat', false],
    ['-\\infty', '\\infty', false],
    ['10,20', '1020', false],
    ['1,200', '1200', true],
  ])('%s against %s: %s', (reply, gold, same) => {
    expect(isCorrect(parseAnswer(`\\boxed{${reply}}`, 'text'), gold, 'text')).toBe(same);
  });

  it('has a normal form that stays as it is', () => {
    for (const each of [
      '\\dfrac12x',
      '1, 2',
      '5 10',
      'The Nile.',
      '2\\sqrt3',
      '(1, 2]',
      '18^\\circ',
      '12_{5}',
    ]) {
      const normal = normalAnswer(each, 'text');
      expect(normalAnswer(normal, 'text')).toBe(normal);
    }
  });
});
