import { describe, expect, it } from 'vitest';
import { selfCheckMessages, turnMessages } from '../../../src/debate/prompts';
import { correct, type CorrectInput } from '../../../src/distil/correct';
import { rsft } from '../../../src/distil/rsft';
import type { Question, Turn } from '../../../src/records/records';
import { makeTurn } from '../../support/makeTurn';

const question = (id: string): Question => ({
  id,
  split: 'train',
  text: `What is ${id}?`,
  gold: '7',
  answerType: 'number',
});
const said = (changes: Partial<Turn>): Turn =>
  makeTurn({
    protocol: 'debate',
    finishReason: 'stop',
    ...changes,
    answer: changes.correct ? '7' : '6',
    strictCorrect: changes.correct ?? false,
  });
const wrong = (questionId: string, round: number, agent: number, reply: string): Turn =>
  said({ questionId, round, agent, reply, correct: false });
const right = (questionId: string, round: number, agent: number, reply: string): Turn =>
  said({ questionId, round, agent, reply, correct: true });
const own = (turn: Turn): Turn => ({ ...turn, protocol: 'eval:own' });

const questions = [question('q1'), question('q2'), question('q3')];
const turns = [
  wrong('q1', 0, 0, 'w10'),
  right('q1', 1, 0, 'r11'),
  right('q1', 0, 1, 'r01'),
  right('q1', 1, 1, 'r11b'),
  wrong('q2', 0, 0, 'w20'),
  wrong('q2', 1, 0, 'w21'),
  right('q3', 0, 1, 'r31'),
  wrong('q3', 1, 1, 'spoilt'),
];
const input = (changes: Partial<CorrectInput> = {}): CorrectInput => ({
  questions,
  turns,
  protocol: 'debate',
  prompt: (asked) => turnMessages({ style: 'compact', question: asked, own: [], peers: [] }),
  check: (asked, answer) => selfCheckMessages({ style: 'compact', question: asked, own: answer }),
  own: [],
  seed: 1,
  labels: 'gold',
  minAgreement: 0.5,
  stepFilter: 'off',
  peerMentions: 'keep',
  tracesPerQuestion: 4,
  ...changes,
});
/** The answer that is checked, and what is to follow; null for a row without one. */
const rows = (dataset: ReturnType<typeof correct>) =>
  dataset.traces.map(({ messages, target }) => [messages[1]?.content ?? null, target] as const);

describe('self-correction learns', () => {
  it("from an agent's wrong answer to what it said right in the next round, asked as the evaluation asks", () => {
    const dataset = correct(input(), { from: 'debate', ratio: 0 });
    const [row] = dataset.traces;
    expect(row).toMatchObject({
      questionId: 'q1',
      target: 'r11',
      corrective: true,
      source: [{ round: 1, agent: 0 }],
    });
    expect(row?.messages).toEqual(
      selfCheckMessages({ style: 'compact', question: questions[0]!, own: 'w10' }),
    );
    expect(dataset.parts).toEqual({ corrected: 1, confirmed: 0, plain: 1 });
  });

  it('to keep right answers, as many for each wrong one as it is told', () => {
    const dataset = correct(input(), { from: 'debate', ratio: 1 });
    expect(rows(dataset).slice(0, 2)).toEqual([
      ['w10', 'r11'],
      ['r01', 'r01'],
    ]);
    expect(dataset.parts).toEqual({ corrected: 1, confirmed: 1, plain: 2 });
    // One right answer is there, so ten for the wrong one cannot be had.
    expect(correct(input(), { from: 'debate', ratio: 10 }).parts?.confirmed).toBe(1);
  });

  it("from the student's own answers to an accepted trace of the question; where there is none, it learns nothing", () => {
    const answers = [
      own(wrong('q1', 0, 0, 'mine')),
      own(wrong('q1', 0, 1, ' mine ')),
      own(right('q1', 0, 2, 'mine too')),
      own(wrong('q2', 0, 0, 'lost')),
      own(wrong('q3', 0, 0, '')),
    ];
    const dataset = correct(input({ own: answers }), { from: 'student', ratio: 3 });
    const checked = rows(dataset).filter(([answer]) => answer !== null);
    expect(checked.map(([answer]) => answer)).toEqual(['mine', 'mine too']);
    expect(['r11', 'r01', 'r11b']).toContain(checked[0]![1]);
    expect(dataset.dropped).toMatchObject({
      'no-correct-trace': 1,
      'repeated-answer': 1,
      'empty-trace': 1,
    });
  });

  it('from a right answer to itself, and from any other to the trace that keeps the most of its beginning', () => {
    const sound = own(right('q1', 0, 2, '3 + 4 = 7. #### 7'));
    const stumbled = own(right('q1', 0, 3, '3 + 4 = 8. #### 7'));
    const answers = [sound, stumbled, own(wrong('q1', 0, 0, 'r01 but wrong'))];
    const dataset = correct(input({ own: answers, stepFilter: 'auto' }), { from: 'student', ratio: 3 });
    const targets = new Map(rows(dataset));
    expect(targets.get(sound.reply)).toBe(sound.reply);
    expect(['r11', 'r01', 'r11b']).toContain(targets.get(stumbled.reply));
    expect(targets.get('r01 but wrong')).toBe('r01');
    // The student's own words are no turn of the debate.
    expect(dataset.traces.find(({ target }) => target === sound.reply)!.source).toEqual([]);
  });

  it('by consensus what the majority agreed on, whatever the right answer is', () => {
    const answers = [own(wrong('q1', 0, 0, 'mine')), own(right('q1', 0, 1, 'other'))];
    // Both agents end at 7 in the last round; the right answer is said to be 6.
    const told = input({ own: answers, labels: 'consensus', questions: [{ ...questions[0]!, gold: '6' }] });
    const shuffled = { ...told, own: answers.map((turn) => ({ ...turn, correct: !turn.correct })) };
    const dataset = correct(shuffled, { from: 'student', ratio: 1 });
    expect(dataset.traces.slice(0, 2).map(({ corrective }) => corrective)).toEqual([true, false]);
    expect(
      rows(dataset)
        .slice(0, 2)
        .map(([answer]) => answer),
    ).toEqual(['mine', 'other']);
    expect(dataset).toEqual(correct(told, { from: 'student', ratio: 1 }));
  });

  it('nothing from a trace with a wrong step, unless the filter is off', () => {
    const bad = right('q4', 1, 0, '2 + 2 = 5. 5 + 2 = 7. #### 7');
    const fourth = { questions: [question('q4')], turns: [wrong('q4', 0, 0, 'w40'), bad] };
    const made = (stepFilter: 'auto' | 'off') =>
      correct(input({ ...fourth, stepFilter }), { from: 'debate', ratio: 1 });
    expect(made('auto').dropped).toMatchObject({ 'wrong-step-trace': 1, 'no-clean-trace': 1 });
    expect(made('auto').kept).toBe(0);
    expect(made('off').parts).toEqual({ corrected: 1, confirmed: 0, plain: 1 });
    expect(made('off').audit?.kept).toMatchObject({ traces: 2, wrongStep: 2, corrective: 2 });
  });

  it("half of RSFT's own rows, drawn again where they are fewer", () => {
    const answers = Array.from({ length: 9 }, (_, i) => own(wrong('q1', 0, i, `mine ${i}`)));
    const dataset = correct(input({ own: answers }), { from: 'both', ratio: 0 });
    const plain = dataset.traces.filter(({ messages }) => messages.length === 1);
    const known = rsft(input()).traces.map(({ target }) => target);
    expect(dataset.parts).toEqual({ corrected: 10, confirmed: 0, plain: 10 });
    expect(plain).toHaveLength(10);
    for (const target of known)
      expect(plain.filter((trace) => trace.target === target)).toHaveLength(10 / known.length);
  });

  it('the same rows again, and others with another seed', () => {
    const answers = Array.from({ length: 8 }, (_, i) => own(wrong('q1', 0, i, `mine ${i}`)));
    const made = (seed: number) => correct(input({ own: answers, seed }), { from: 'both', ratio: 1 });
    expect(made(1)).toEqual(made(1));
    expect(rows(made(1))).not.toEqual(rows(made(2)));
  });
});
