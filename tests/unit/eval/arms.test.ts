import { describe, expect, test } from 'vitest';
import { checkOf, checkProtocol, evalProtocol, sampledProtocol } from '../../../src/records/evalProtocol';
import type { Turn } from '../../../src/records/records';
import {
  bestAgent,
  debateArm,
  singleArm,
  singlePassArm,
  summariserArm,
  voteArm,
  zeroShotVoteArm,
} from '../../../src/eval/arms';
import { fellShort } from '../../../src/eval/armBudget';
import { armResult } from '../../../src/eval/pairs';
import { equalTokensArm } from '../../../src/eval/equalTokens';
import { singleGreedyArm, voteGreedyArm } from '../../../src/eval/greedyArms';
import { greedyProtocol } from '../../../src/records/trajectories';
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

describe('tokens of thoughts', () => {
  test('are counted apart from those of all turns that an answer needs, and only where somebody thought', () => {
    const turns = debateTurns(['1', '1', '2'], ['1', '1', '2']);
    const plain = armResult(debateArm(new TurnIndex(turns, []), questions), questions);
    expect(plain).not.toHaveProperty('thoughtTokensPerQuestion');
    const thought = turns.map((turn) =>
      turn.agent === 0 ? { ...turn, thoughts: 'two', usage: { ...turn.usage, thoughts: 7 } } : turn,
    );
    const counted = armResult(debateArm(new TurnIndex(thought, []), questions), questions);
    expect(counted).toEqual({ ...plain, thoughtTokensPerQuestion: 14 });
  });
});

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

  test('vote-equal-tokens takes as many samples as it needs to reach the debate’s tokens, and says where there are too few', () => {
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
    const short = equalTokensArm(few, questions);
    expect(short.budget).toEqual({ wanted: 54, reached: 34, samples: 4 });
    expect(fellShort(short)).toEqual(short.budget);
    expect(fellShort(equalTokensArm(index, questions))).toBeNull();
  });

  test('vote-equal-total-tokens counts the prompts of the debate and of the samples too', () => {
    // Each turn's prompt has 20 tokens: the debate took 6 (20 + 9), a sample 29 or 27; four further ones reach it.
    const more = Array.from({ length: 9 }, (_, i) =>
      answered(question, '1', { protocol: 'self-consistency', agent: 3 + i, tokens: 7 }),
    );
    const debated = debateTurns(['2', '2', '2'], ['1', '1', '1'], 9).map((turn) =>
      // Readers of the debate get longer prompts.
      turn.round === 0 ? turn : { ...turn, usage: { ...turn.usage, prompt: 65 } },
    );
    const arm = equalTokensArm(
      new TurnIndex([...debated, ...more], []),
      questions,
      'vote-equal-total-tokens',
    );
    // 3 (20 + 9) + 3 (65 + 9) = 309; 3 samples hold 87, 9 more of 27 each reach 330, 8 hold 303.
    expect(arm.name).toBe('vote-equal-total-tokens');
    expect(arm.budget).toEqual({ wanted: 309, reached: 309, samples: 12 });
    expect(arm.answers.get(question.id)).toMatchObject({ promptTokens: 240, tokens: 27 + 63 });
  });

  test('single-greedy is the agent that validation chose, vote-greedy one vote of each agent that differs', () => {
    const validation = makeQuestions(2, 'validation');
    const greedy = (q: (typeof questions)[number], agent: number, answer: string): Turn =>
      answered(q, answer, { protocol: greedyProtocol, agent });
    const judged = validation.flatMap((q) => [greedy(q, 0, '2'), greedy(q, 1, '1'), greedy(q, 2, '2')]);
    const tested = [greedy(question, 0, '2'), greedy(question, 1, '1'), greedy(question, 2, '2')];
    const index = new TurnIndex([...judged, ...tested], []);
    expect(singleGreedyArm(index, questions, validation)?.answers.get(question.id)).toMatchObject({
      answer: '1',
      tokens: 10,
    });
    const vote = voteGreedyArm(index, questions)!;
    expect(vote.name).toBe('vote-greedy:3');
    expect(vote.answers.get(question.id)).toMatchObject({ answer: '2', tokens: 30, tied: false });
    // As version 0.1 stored it: only the best was asked about the test questions.
    const older = new TurnIndex([...judged, tested[1]!], []);
    expect(singleGreedyArm(older, questions, validation)?.answers.get(question.id)?.answer).toBe('1');
    expect(voteGreedyArm(older, questions)).toBeNull();
    expect(singleGreedyArm(new TurnIndex([], []), questions, validation)).toBeNull();
  });

  test('says of each vote whether it was tied', () => {
    const tie = new TurnIndex(debateTurns(['1', '2', '3'], ['1', '1', '2']), []);
    expect(voteArm(tie, questions, 3).answers.get(question.id)?.tied).toBe(true);
    expect(debateArm(tie, questions).answers.get(question.id)?.tied).toBe(false);
    expect(singleArm(tie, questions, 0).answers.get(question.id)).not.toHaveProperty('tied');
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
