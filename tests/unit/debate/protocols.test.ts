import { describe, expect, test } from 'vitest';
import type { Turn } from '../../../src/records/records';
import { majority, unanimous } from '../../../src/debate/vote';
import { fitContext } from '../../../src/debate/context';
import { visiblePeers } from '../../../src/debate/visibility';
import { debate, type DebateOptions } from '../../../src/debate/debate';
import type { Protocol } from '../../../src/debate/protocol';
import { selfConsistency } from '../../../src/debate/selfConsistency';
import { makeQuestions, prompt } from './scriptedAgent';
import { makeAnswer } from '../../support/makeTurn';

const question = makeQuestions(1)[0]!;
const options: DebateOptions = {
  agents: 3,
  rounds: 2,
  consensusStop: true,
  visibility: 'all',
  randomPeers: 2,
  seed: 1,
  prompt,
};

function turn(round: number, agent: number, answer: string | null, change: Partial<Turn> = {}): Turn {
  return makeAnswer(question, answer, { round, agent, usage: { prompt: 1, completion: 10 }, ...change });
}

const places = (protocol: Protocol, turns: readonly Turn[]) =>
  protocol.next(question, turns).map((plan) => [plan.round, plan.agent]);

describe('a debate', () => {
  test('starts with all agents, waits for a whole round, and ends after its last', () => {
    const protocol = debate({ ...options, rounds: 1, consensusStop: false });
    const round0 = [turn(0, 0, '1'), turn(0, 1, '1'), turn(0, 2, '1')];
    const round1 = [turn(1, 0, '1'), turn(1, 1, '2'), turn(1, 2, '1')];
    expect(places(protocol, [])).toEqual([
      [0, 0],
      [0, 1],
      [0, 2],
    ]);
    expect(places(protocol, [round0[2]!, round0[0]!])).toEqual([[0, 1]]);
    expect(places(protocol, round0)).toEqual([
      [1, 0],
      [1, 1],
      [1, 2],
    ]);
    expect(places(protocol, [...round0, ...round1])).toEqual([]);
  });

  test('stops on consensus only when asked and only when all answers are there and equal', () => {
    const agreed = [turn(0, 0, '4'), turn(0, 1, '4'), turn(0, 2, '4')];
    const split = [turn(0, 0, '4'), turn(0, 1, '4'), turn(0, 2, null)];
    expect(places(debate(options), agreed)).toEqual([]);
    expect(places(debate(options), split)).toHaveLength(3);
    expect(places(debate({ ...options, consensusStop: false }), agreed)).toHaveLength(3);
  });

  test('shows all peers, two neighbours in a ring, or k drawn ones that only the place decides', () => {
    const see = (visibility: DebateOptions['visibility'], agent: number, round = 1) =>
      visiblePeers({ agents: 5, visibility, randomPeers: 2, seed: 3 }, 'q', agent, round);
    expect(see('all', 2)).toEqual([0, 1, 3, 4]);
    expect(see('ring', 0)).toEqual([1, 4]);
    expect(see('ring', 3)).toEqual([2, 4]);
    expect(visiblePeers({ agents: 2, visibility: 'ring', randomPeers: 1, seed: 3 }, 'q', 0, 1)).toEqual([1]);
    const drawn = see('random', 2);
    expect(drawn).toHaveLength(2);
    expect(drawn).not.toContain(2);
    expect(see('random', 2)).toEqual(drawn);
    const others = [1, 2, 3, 4, 5, 6].map((round) => see('random', 2, round).join());
    expect(new Set(others).size).toBeGreaterThan(1);
  });

  test('refuses absurd settings with a ConfigError that names the value', () => {
    expect(() => debate({ ...options, agents: 0 })).toThrow(/not 0/);
    expect(() => debate({ ...options, rounds: 1.5 })).toThrow(/1.5/);
  });
});

describe('self-consistency', () => {
  test('generates k samples at once and counts those that a debate already made', () => {
    const own = selfConsistency({ samples: 4, prompt });
    expect(places(own, [])).toEqual([
      [0, 0],
      [0, 1],
      [0, 2],
      [0, 3],
    ]);
    const reused = selfConsistency({ samples: 4, prompt, prior: () => [turn(0, 0, '1'), turn(0, 1, '1')] });
    expect(places(reused, [])).toEqual([
      [0, 2],
      [0, 3],
    ]);
  });

  test('continues, one sample at a time, until the token budget is reached, and no further than 16 times k', () => {
    const protocol = selfConsistency({ samples: 2, prompt, budget: () => 35 });
    const samples = Array.from({ length: 32 }, (_, i) => turn(0, i, '1'));
    expect(places(protocol, samples.slice(0, 2))).toEqual([[0, 2]]);
    expect(places(protocol, samples.slice(0, 4))).toEqual([]);
    const endless = selfConsistency({ samples: 2, prompt, budget: () => 1e9 });
    expect(places(endless, samples.slice(0, 31))).toEqual([[0, 31]]);
    expect(places(endless, samples)).toEqual([]);
  });
});

describe('a vote', () => {
  const raw = (answer: string | null, logprob: number, model = 'm') =>
    turn(0, 0, answer, { logprobs: [logprob, logprob], logprobKind: 'raw', model });

  test('goes to the answer with most ballots; unparsable ones do not count', () => {
    const vote = majority([
      turn(0, 0, null),
      turn(0, 1, null),
      turn(0, 2, '7'),
      turn(0, 3, '8'),
      turn(0, 4, '8'),
    ]);
    expect(vote).toMatchObject({ answer: '8', count: 2, total: 5, tied: false });
    expect(vote.winner?.agent).toBe(3);
    expect(majority([turn(0, 0, null)])).toMatchObject({ answer: null, winner: null, count: 0 });
  });

  test('a tie is drawn by seed, question and round: the order of the ballots never counts, and each answer wins its share', () => {
    const wins = new Map<string, number>();
    const keys = Array.from({ length: 3000 }, (_, i) => ({ questionId: `q${i % 1000}`, round: i % 3 }));
    for (const [i, key] of keys.entries()) {
      const ballots = ['7', '12', '9', null].map((answer, agent) => turn(key.round, agent, answer, key));
      const ties = { rule: 'draw', seed: i % 5 } as const;
      const vote = (list: typeof ballots) => majority(list, ({ answer }) => answer, ties);
      const { answer, tied } = vote(ballots);
      expect(tied).toBe(true);
      expect(vote([...ballots].reverse()).answer).toBe(answer);
      expect(vote([...ballots.slice(2), ...ballots.slice(0, 2)]).answer).toBe(answer);
      wins.set(answer!, (wins.get(answer!) ?? 0) + 1);
    }
    // Binomial(3000, 1/3): standard deviation 25.8; five of them on either side.
    for (const answer of ['7', '12', '9']) expect(Math.abs(wins.get(answer)! - 1000)).toBeLessThan(130);
  });

  test('another question, round or seed is another draw', () => {
    const drawn = (seed: number, questionId: string, round: number) =>
      majority(
        Array.from({ length: 40 }, (_, agent) => turn(round, agent, String(agent), { questionId })),
        ({ answer }) => answer,
        { rule: 'draw', seed },
      ).answer;
    const one = drawn(0, 'q', 0);
    expect(drawn(0, 'q', 0)).toBe(one);
    expect(new Set([one, drawn(1, 'q', 0), drawn(0, 'r', 0), drawn(0, 'q', 1)]).size).toBeGreaterThan(2);
  });

  describe('whose ties go by log-probability', () => {
    const likelier = { rule: 'likelier', seed: 0 } as const;
    const vote = (ballots: Turn[]) => majority(ballots, ({ answer }) => answer, likelier);

    test('goes to the higher mean when all are raw and of one model', () => {
      expect(vote([raw('1', -2), raw('2', -0.1)])).toMatchObject({ answer: '2', tied: true });
    });

    test('goes to the first seen when models differ or one is tempered or missing, as older versions did', () => {
      expect(vote([raw('1', -2), raw('2', -0.1, 'other')]).answer).toBe('1');
      expect(vote([raw('1', -2), { ...raw('2', -0.1), logprobKind: 'tempered' }]).answer).toBe('1');
      expect(vote([turn(0, 0, '1'), raw('2', -0.1)]).answer).toBe('1');
    });
  });

  test('unanimity needs every ballot parsable', () => {
    expect(unanimous([turn(0, 0, '3'), turn(0, 1, '3')])).toBe(true);
    expect(unanimous([turn(0, 0, '3'), turn(0, 1, null)])).toBe(false);
    expect(unanimous([turn(0, 0, null), turn(0, 1, null)])).toBe(false);
  });
});

describe('the context budget', () => {
  const count = (text: string): number => text.split(/\s+/).filter(Boolean).length;

  test('leaves texts alone that fit', () => {
    const fitted = fitContext(['a b c'], ['d e f'], { tokens: 6, count });
    expect(fitted).toEqual({ own: ['a b c'], peers: ['d e f'], keptPeers: [0], shortened: 0 });
  });

  test('shortens the oldest first, keeps their ends, and marks them', () => {
    const own = ['o1 o2 o3 o4 o5 o6', 'p1 p2 p3 p4'];
    const fitted = fitContext(own, ['q1 q2 q3 q4'], { tokens: 11, count });
    expect(fitted.own).toEqual(['... o5 o6', 'p1 p2 p3 p4']);
    expect(fitted.peers).toEqual(['q1 q2 q3 q4']);
    expect(fitted.shortened).toBe(1);
  });

  test('leaves out what cannot be shortened enough and continues with the next', () => {
    const fitted = fitContext(['o1 o2 o3'], ['p1 p2 p3 p4', 'q1 q2 q3 q4'], { tokens: 6, count, marker: '' });
    expect(fitted).toEqual({ own: [], peers: ['p3 p4', 'q1 q2 q3 q4'], keptPeers: [0, 1], shortened: 2 });
  });
});
