import { describe, expect, test } from 'vitest';
import { askedQuestion, turnMessages, type PromptStyle } from '../../../src/debate/prompts';

describe('the question of a turn', () => {
  const number = { text: 'Anna has 3 apples.\nHow many?', answerType: 'number' } as const;
  const choice = {
    text: 'Which is A. even?',
    answerType: 'choice',
    options: ['one', 'two', 'A. three'],
  } as const;
  const text = { text: 'Who wrote it?', answerType: 'text' } as const;

  test.each([number, choice, text])('is read back from a natural prompt: $answerType', (question) => {
    const messages = turnMessages({
      style: 'natural',
      question,
      own: [],
      peers: [],
      persona: 'You are a poet.',
      shots: [{ question: 'What is 1 + 1?', solution: '#### 2' }],
    });
    expect(askedQuestion(messages, 'whatever')).toEqual(question);
  });

  test.each([
    [number, '3', 'compact'],
    [choice, 'B', 'compact'],
    [text, 'Ada', 'compact'],
  ] as const)(
    'is read back from a compact prompt, its kind from the right answer',
    (question, gold, style) => {
      const messages = turnMessages({ style: style satisfies PromptStyle, question, own: [], peers: [] });
      expect(askedQuestion(messages, gold)).toEqual(question);
    },
  );

  test('is the last message as it stands where another program wrote the prompt', () => {
    const messages = [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'Q: 2 + 2?' },
    ] as const;
    expect(askedQuestion(messages, '4')).toEqual({ text: 'Q: 2 + 2?', answerType: 'number' });
  });
});
