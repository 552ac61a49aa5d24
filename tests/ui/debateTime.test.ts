import { describe, expect, it } from 'vitest';
import { roundsOf } from '../../src/ui/state/debateIndex';
import { changeGroups, roundsAfter, tallyOf, turnsInOrder } from '../../src/ui/state/debateTime';
import { makeQuestion, makeTurn } from './fixtures/archive';

const question = { ...makeQuestion(0, () => 0.5), gold: '11' };
const turn = (round: number, agent: number, answer: string) => makeTurn(question, { round, agent }, answer);
// Ada 10, Bo 0, Cy 11: a tie, which the seed gives to 10; then all 11.
const rounds = roundsOf(
  [turn(0, 0, '10'), turn(0, 1, '0'), turn(0, 2, '11'), turn(1, 0, '11'), turn(1, 1, '11'), turn(1, 2, '11')],
  3,
);
const after = (count: number) => roundsAfter(rounds, count);

describe('a debate through time', () => {
  it('is read round by round, agent by agent', () => {
    expect(turnsInOrder(rounds).map(({ round, agent }) => [round, agent])).toEqual([
      [0, 0],
      [0, 1],
      [0, 2],
      [1, 0],
      [1, 1],
      [1, 2],
    ]);
  });

  it('counts the votes as they stood after each turn', () => {
    const votes = (count: number) => after(count).map(({ majority, votes }) => [majority, votes]);
    expect(votes(1)).toEqual([['10', 1]]);
    expect(votes(3)).toEqual([['10', 1]]);
    expect(votes(4)).toEqual([
      ['10', 1],
      ['11', 1],
    ]);
    expect(votes(6)).toEqual([
      ['10', 1],
      ['11', 3],
    ]);
    expect(after(3).some(({ flipped }) => flipped)).toBe(false);
    expect(after(4)[1]?.flipped).toBe(true);
  });

  it('names together who came to one answer after reading the same peers', () => {
    expect(changeGroups(rounds, 0)).toEqual([]);
    expect(changeGroups(rounds, 1)).toEqual([{ agents: [0, 1], to: '11', correct: true, peers: [2] }]);
    expect(changeGroups(after(4), 1)).toEqual([{ agents: [0], to: '11', correct: true, peers: [2] }]);
  });

  it('tells apart who read different peers before coming to one answer', () => {
    const answers = ['11', '0', '0', '0', '0'];
    const turns = [
      ...answers.map((answer, agent) => turn(0, agent, answer)),
      // A ring: each reads its two neighbours.
      ...answers.map((_, agent) => ({
        ...turn(1, agent, '11'),
        read: [(agent + 1) % 5, (agent + 4) % 5].sort(),
      })),
    ];
    const ring = roundsOf(turns, 5);
    expect(changeGroups(ring, 1)).toEqual([
      { agents: [1, 4], to: '11', correct: true, peers: [0] },
      { agents: [2, 3], to: '11', correct: true, peers: [] },
    ]);
  });

  it('tallies a round, most votes first', () => {
    expect(tallyOf(rounds[1]!)).toEqual([{ answer: '11', correct: true, agents: [0, 1, 2] }]);
    expect(tallyOf(rounds[0]!).map(({ answer, agents }) => [answer, agents])).toEqual([
      ['10', [0]],
      ['0', [1]],
      ['11', [2]],
    ]);
  });
});
