import { describe, expect, it } from 'vitest';
import { roundsOf } from '../../src/ui/state/debateIndex';
import { changeGroups, roundsAfter, tallyOf, turnsInOrder } from '../../src/ui/state/debateTime';
import { makeQuestion, makeTurn } from './fixtures/archive';

const question = { ...makeQuestion(0, () => 0.5), gold: '10' };
const turn = (round: number, agent: number, answer: string) => makeTurn(question, { round, agent }, answer);
// Ada 11, Bo 0, Cy 10; then all 10.
const rounds = roundsOf(
  [turn(0, 0, '11'), turn(0, 1, '0'), turn(0, 2, '10'), turn(1, 0, '10'), turn(1, 1, '10'), turn(1, 2, '10')],
  3,
);

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
    const after = (count: number) =>
      roundsAfter(rounds, count).map(({ majority, votes }) => [majority, votes]);
    expect(after(1)).toEqual([['11', 1]]);
    expect(after(3)).toEqual([['11', 1]]);
    expect(after(4)).toEqual([
      ['11', 1],
      ['10', 1],
    ]);
    expect(after(6)).toEqual([
      ['11', 1],
      ['10', 3],
    ]);
    expect(roundsAfter(rounds, 3).some(({ flipped }) => flipped)).toBe(false);
    expect(roundsAfter(rounds, 4)[1]?.flipped).toBe(true);
  });

  it('names together who came to one answer after reading the same peers', () => {
    expect(changeGroups(rounds, 0)).toEqual([]);
    expect(changeGroups(rounds, 1)).toEqual([{ agents: [0, 1], to: '10', correct: true, peers: [2] }]);
  });

  it('tallies a round, most votes first', () => {
    expect(tallyOf(rounds[1]!)).toEqual([{ answer: '10', correct: true, agents: [0, 1, 2] }]);
    expect(tallyOf(rounds[0]!).map(({ answer, agents }) => [answer, agents])).toEqual([
      ['11', [0]],
      ['0', [1]],
      ['10', [2]],
    ]);
  });
});
