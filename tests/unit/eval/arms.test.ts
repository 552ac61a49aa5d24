import { describe, expect, test } from 'vitest';
import { checkOf, checkProtocol, evalProtocol, sampledProtocol } from '../../../src/records/evalProtocol';
import type { Turn } from '../../../src/records/records';
import {
  bestAgent,
  debateArm,
  equalTokensArm,
  singleArm,
  singlePassArm,
  summariserArm,
  voteArm,
  zeroShotVoteArm,
} from '../../../src/eval/arms';
import { mcnemarMidP, wilson } from '../../../src/eval/statistics';
import { selfCorrection } from '../../../src/eval/selfCorrection';
import { sharedSeconds, TurnIndex } from '../../../src/eval/turnIndex';
import { makeTiming } from '../../support/makeTurn';
import { answered, makeQuestions } from './turns';

const questions = makeQuestions(1);
const question = questions[0]!;

/** Round 0 answers, then round 1 answers, of agents 0, 1, 2. */
function debateTurns(round0: string[], round1: string[], tokens = 10): Turn[] {
  return [round0, round1].flatMap((answers, round) =>
    answers.map((answer, agent) => answered(question, answer, { protocol: 'debate', round, agent, tokens })),
  );
}

describe('arms from stored turns', () => {
  test('single is the best agent’s round 0, vote the vote of round 0, debate the vote of the last round', () => {
    const index = new TurnIndex(debateTurns(['2', '1', '2'], ['1', '1', '2']), []);
    const of = (arm: { answers: ReadonlyMap<string, unknown> }) => arm.answers.get(question.id);
    expect(of(singleArm(index, questions, 1))).toMatchObject({
      answer: '1',
      correct: true,
      tokens: 10,
      promptTokens: 20,
    });
    expect(of(voteArm(index, questions, 3))).toMatchObject({ answer: '2', correct: false, tokens: 30 });
    expect(of(debateArm(index, questions))).toMatchObject({
      answer: '1',
      correct: true,
      tokens: 60,
      promptTokens: 120,
    });
  });

  test('vote:<k> takes further independent samples after the debate’s own', () => {
    const more = [3, 4].map((agent) => answered(question, '1', { protocol: 'self-consistency', agent }));
    const index = new TurnIndex([...debateTurns(['2', '1', '2'], ['2', '2', '2']), ...more], []);
    expect(voteArm(index, questions, 5).answers.get(question.id)).toMatchObject({ answer: '1', tokens: 50 });
    expect(() => voteArm(index, questions, 6)).toThrow(/vote:6 has answers to 0 of 1/);
  });

  test('vote-equal-tokens takes as many samples as it needs to reach the debate’s tokens', () => {
    const more = Array.from({ length: 5 }, (_, i) =>
      answered(question, '1', { protocol: 'self-consistency', agent: 3 + i, tokens: 7 }),
    );
    const index = new TurnIndex([...debateTurns(['2', '2', '2'], ['1', '1', '1'], 9), ...more], []);
    // The debate took 54; round 0 gives 27, four more samples of 7 reach 55: 3 votes for 2, 4 votes for 1.
    expect(equalTokensArm(index, questions).answers.get(question.id)).toMatchObject({
      answer: '1',
      tokens: 55,
    });
    const few = new TurnIndex([...debateTurns(['2', '2', '2'], ['1', '1', '1'], 9), more[0]!], []);
    expect(() => equalTokensArm(few, questions)).toThrow(/34 of the debate's 54/);
  });

  test('strict votes count only replies in the asked-for format', () => {
    const turns = [
      answered(question, '1', { protocol: 'debate', agent: 0 }),
      {
        ...answered(question, '2', { protocol: 'debate', agent: 1 }),
        reply: 'It is 2.',
        strictCorrect: false,
      },
      {
        ...answered(question, '2', { protocol: 'debate', agent: 2 }),
        reply: 'It is 2.',
        strictCorrect: false,
      },
    ];
    const answer = voteArm(new TurnIndex(turns, []), questions, 3).answers.get(question.id);
    expect(answer).toMatchObject({ answer: '2', correct: false, strictCorrect: true });
  });

  test('the best agent is the one with most right answers alone on validation, the first of equals', () => {
    const validation = makeQuestions(3, 'validation');
    const right = [
      [true, false, true],
      [true, true, true],
      [false, true, true],
    ];
    const turns = validation.flatMap((q, i) =>
      right[i]!.map((ok, agent) => answered(q, ok ? '1' : '2', { protocol: 'debate', agent })),
    );
    expect(bestAgent(new TurnIndex(turns, []), validation)).toBe(2);
    expect(bestAgent(new TurnIndex(turns.slice(3, 6), []), validation)).toBe(0);
  });

  test('the summariser pays for the debate that it reads', () => {
    const turns = [
      ...debateTurns(['2', '2', '2'], ['1', '1', '1']),
      answered(question, '1', { protocol: 'summariser' }),
    ];
    expect(summariserArm(new TurnIndex(turns, []), questions).answers.get(question.id)?.tokens).toBe(70);
  });

  test('a vote without examples counts its own samples only', () => {
    const samples = ['2', '1', '1'].map((answer, agent) =>
      answered(question, answer, { protocol: 'self-consistency:zero-shot', agent }),
    );
    const index = new TurnIndex([...debateTurns(['2', '2', '2'], ['2', '2', '2']), ...samples], []);
    const arm = zeroShotVoteArm(index, questions, 3);
    expect(arm.name).toBe('vote-zero-shot:3');
    expect(arm.answers.get(question.id)).toMatchObject({ answer: '1', correct: true, tokens: 30 });
    expect(() => zeroShotVoteArm(index, questions, 4)).toThrow(/has answers to 0 of 1/);
  });

  test('an arm that lacks an answer is an error that says how many', () => {
    const two = makeQuestions(2);
    const index = new TurnIndex([answered(two[0]!, '1', { protocol: 'eval:base' })], []);
    expect(() => singlePassArm(index, { kind: 'base' }, two)).toThrow(/base has answers to 1 of 2/);
  });
});

test('seconds are shared by turns that run at the same time and add up to the busy time', () => {
  const [a, b, c] = [0, 1, 2].map((agent) => answered(question, '1', { protocol: 'debate', agent }));
  // a alone for 2 s, a and b for 2 s, b alone for 1 s; a gap; c alone for 3 s.
  const shares = sharedSeconds([makeTiming(a!, 100, 4), makeTiming(b!, 102, 3), makeTiming(c!, 110, 3)]);
  expect([...shares.values()]).toEqual([3, 2, 3]);
});

test('self-correction counts what checking mends and spoils', () => {
  const four = makeQuestions(4);
  const pairs = [
    ['1', '1'],
    ['2', '1'],
    ['1', '2'],
    ['2', '1'],
  ] as const;
  const turns = four.flatMap((q, i) => [
    answered(q, pairs[i]![0], { protocol: evalProtocol('distilled:rsft') }),
    answered(q, pairs[i]![1], { protocol: checkProtocol('distilled:rsft') }),
  ]);
  expect(selfCorrection(new TurnIndex(turns, []), 'distilled:rsft', four)).toEqual({
    arm: 'distilled:rsft',
    temperature: 0,
    n: 4,
    before: 2,
    after: 3,
    wrongToRight: 2,
    rightToWrong: 1,
    difference: 0.25,
    ci: [-0.5, 1],
    mcnemarP: mcnemarMidP(2, 1),
    corrected: { n: 2, share: 1, ci: wilson(2, 2) },
    spoilt: { n: 2, share: 0.5, ci: wilson(1, 2) },
  });
});

test('what it mends of answers that were sampled is told from what it mends of greedy ones', () => {
  const [question] = makeQuestions(1);
  const turn = (protocol: string, answer: string) => answered(question!, answer, { protocol });
  const turns = [
    turn(evalProtocol('base'), '1'),
    turn(checkOf(evalProtocol('base')), '1'),
    turn(sampledProtocol('base'), '2'),
    turn(checkOf(sampledProtocol('base')), '1'),
  ];
  const index = new TurnIndex(turns, []);
  expect(selfCorrection(index, 'base', [question!])).toMatchObject({
    before: 1,
    after: 1,
    corrected: { n: 0, share: null, ci: null },
  });
  expect(selfCorrection(index, 'base', [question!], { sampled: true })).toMatchObject({
    temperature: 1,
    before: 0,
    wrongToRight: 1,
    corrected: { n: 1, share: 1 },
  });
});
