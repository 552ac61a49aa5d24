import { describe, expect, it } from 'vitest';
import { selfCheckMessages, turnMessages } from '../../../src/debate/prompts';

const question = { text: 'How many?', answerType: 'number' as const };

describe('natural style', () => {
  it('asks the question with the answer format, after persona and shots', () => {
    const messages = turnMessages({
      style: 'natural',
      question,
      own: [],
      peers: [],
      shots: [{ question: 'q1', solution: 's1 #### 1' }],
      persona: 'You doubt everything.',
    });
    expect(messages.map((message) => message.role)).toEqual(['system', 'user', 'assistant', 'user']);
    expect(messages.at(-1)?.content).toContain('How many?');
    expect(messages.at(-1)?.content).toContain('####');
  });

  it('shows in round 2 both own turns, the peers of round 1 only, and the question again', () => {
    const messages = turnMessages({ style: 'natural', question, own: ['o0', 'o1'], peers: ['p1', 'p2'] });
    expect(messages.map((message) => message.role)).toEqual([
      'user',
      'assistant',
      'user',
      'assistant',
      'user',
    ]);
    expect(messages.filter((message) => message.role === 'assistant').map(({ content }) => content)).toEqual([
      'o0',
      'o1',
    ]);
    const last = messages.at(-1)?.content ?? '';
    for (const part of ['p1', 'p2', 'advice', 'How many?']) expect(last).toContain(part);
  });

  it('shows the peers to an agent without an own turn, in the one message that asks', () => {
    const shots = [{ question: 'q1', solution: 's1 #### 1' }];
    const messages = turnMessages({ style: 'natural', question, own: [], peers: ['p1', 'p2'], shots });
    expect(messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'user']);
    const last = messages.at(-1)?.content ?? '';
    for (const part of ['p1', 'p2', 'advice', 'How many?', '####']) expect(last).toContain(part);
    expect(last).not.toContain('once more');
  });

  it('lists the options of a choice', () => {
    const [message] = turnMessages({
      style: 'natural',
      question: { text: 'Which?', answerType: 'choice', options: ['x', 'y'] },
      own: [],
      peers: [],
    });
    expect(message?.content).toContain('A. x\nB. y');
    expect(message?.content).toContain('letter');
  });
});

describe('compact style', () => {
  it('is the bare question in round 0', () => {
    expect(turnMessages({ style: 'compact', question, own: [], peers: [] })).toEqual([
      { role: 'user', content: 'How many?' },
    ]);
  });

  it('has the last own turn and the marked peers after it', () => {
    expect(turnMessages({ style: 'compact', question, own: ['o0', 'o1'], peers: ['p1', 'p2 '] })).toEqual([
      { role: 'user', content: 'How many?' },
      { role: 'assistant', content: 'o1' },
      { role: 'user', content: '<peer> p1 <peer> p2' },
    ]);
  });
});

it('asks to check an answer in both styles', () => {
  expect(selfCheckMessages({ style: 'compact', question, own: 'mine' }).at(-1)?.content).toBe('<check>');
  const natural = selfCheckMessages({ style: 'natural', question, own: 'mine' });
  expect(natural.map((message) => message.role)).toEqual(['user', 'assistant', 'user']);
  expect(natural.at(-1)?.content).toContain('Check');
});
