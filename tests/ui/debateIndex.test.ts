import { describe, expect, it } from 'vitest';
import type { Turn } from '../../src/records/records';
import { shownTurns, visiblePeers, type Visibility } from '../../src/debate/visibility';
import { changeOf, countVotes, DebateIndex, debateTags, tieOf } from '../../src/ui/state/debateIndex';
import { RunView } from '../../src/ui/state/runView.svelte';
import { makeArchive, makeQuestion, makeTurn } from './fixtures/archive';

const question = { ...makeQuestion(0, () => 0), gold: '12' };
const say = (round: number, agent: number, answer: string): Turn =>
  makeTurn(question, { round, agent }, answer);

const everyone: Visibility = { agents: 3, visibility: 'all', randomPeers: 1, seed: 0 };

function indexOf(visibility: Visibility, turns: readonly Turn[]): DebateIndex {
  const index = new DebateIndex();
  index.addQuestions([question]);
  for (const turn of turns)
    index.add({ ...turn, read: shownTurns(visibility, turns, turn).map(({ agent }) => agent) });
  return index;
}
const spoken = (...rounds: readonly (readonly string[])[]): Turn[] =>
  rounds.flatMap((answers, round) => answers.map((answer, agent) => say(round, agent, answer)));
const debateOf = (...rounds: readonly (readonly string[])[]): DebateIndex =>
  indexOf(everyone, spoken(...rounds));
const tagsOf = (index: DebateIndex): string[] => [...index.summary(question.id).tags].sort();

describe('the vote of a round', () => {
  it('is the answer that most agents gave', () => {
    expect(countVotes([say(0, 0, '7'), say(0, 1, '12'), say(0, 2, '12')])).toEqual({
      majority: '12',
      majorityCorrect: true,
      votes: 2,
      kind: 'majority',
    });
  });

  it('leaves out replies that cannot be read, however many', () => {
    const unread = { ...say(0, 0, '7'), answer: null };
    expect(countVotes([unread, { ...unread, agent: 1 }, say(0, 2, '12')]).majority).toBe('12');
    expect(countVotes([unread])).toEqual({ majority: null, majorityCorrect: false, votes: 0, kind: 'none' });
  });

  it.each([
    [['12', '12', '7'], 'majority'],
    [['12'], 'majority'],
    [['7', '12', '9'], 'alone'],
    [['7', '12'], 'alone'],
    [['12', '12', '7', '9'], 'plurality'],
    [['12', '12', '7', '7', '9'], 'tie'],
  ])('of %j is called %s', (answers, kind) => {
    expect(countVotes(answers.map((answer, agent) => say(0, agent, answer))).kind).toBe(kind);
  });

  it('is no majority when the one readable answer stands among unreadable ones', () => {
    const unread = { ...say(0, 0, '7'), answer: null };
    expect(countVotes([unread, { ...unread, agent: 1 }, say(0, 2, '12')]).kind).toBe('alone');
  });

  it('is drawn when tied, whoever spoke first', () => {
    const [a, b] = [say(0, 0, '7'), say(0, 1, '12')];
    const drawn = (seed: number) => countVotes([a, b], { rule: 'draw', seed }).majority;
    expect(new Set(Array.from({ length: 20 }, (_, seed) => drawn(seed)))).toEqual(new Set(['7', '12']));
    for (let seed = 0; seed < 20; seed++)
      expect(countVotes([b, a], { rule: 'draw', seed }).majority).toBe(drawn(seed));
    expect(tieOf([a, b], { rule: 'draw', seed: 0 })).toEqual({ ways: 2, by: 'draw' });
  });

  it('goes to the first seen in runs of version 0.1, unless raw log-probabilities of one model can tell', () => {
    const likelier = { rule: 'likelier', seed: 0 } as const;
    const voted = (turns: readonly Turn[]) => countVotes(turns, likelier);
    const [a, b] = [say(0, 0, '7'), say(0, 1, '12')];
    expect(voted([a, b]).majority).toBe('7');
    expect(tieOf([a, b], likelier)).toEqual({ ways: 2, by: 'first' });
    const raw = [
      { ...a, logprobs: [-2, -2], logprobKind: 'raw' },
      { ...b, logprobs: [-1, -1], logprobKind: 'raw' },
    ] as const;
    expect(voted(raw).majority).toBe('12');
    expect(voted([raw[0], { ...raw[1], model: 'another' }]).majority).toBe('7');
    expect(voted([raw[0], { ...raw[1], logprobKind: 'tempered' }]).majority).toBe('7');
  });
});

describe('what happened in a debate', () => {
  it('is unanimous when all end with one answer, and corrective when an agent got right', () => {
    expect(tagsOf(debateOf(['7', '12', '12'], ['12', '12', '12']))).toEqual(['corrective', 'unanimous']);
  });

  it('is flipped when the vote of a later round is another', () => {
    const index = debateOf(['7', '7', '12'], ['12', '7', '12']);
    expect(tagsOf(index)).toEqual(['corrective', 'flipped', 'split']);
    expect(index.summary(question.id).rounds.map((round) => round.flipped)).toEqual([false, true]);
  });

  it('has a wrong vote when most end wrong, also when all agree', () => {
    expect(tagsOf(debateOf(['12', '7', '7'], ['7', '7', '7']))).toEqual(['unanimous', 'wrongVote']);
  });

  it('is not corrective when a right agent is talked out of its answer', () => {
    expect(tagsOf(debateOf(['12', '7', '7'], ['7', '7', '12']))).toContain('corrective');
    expect(tagsOf(debateOf(['12', '7', '7'], ['7', '7', '7']))).not.toContain('corrective');
  });

  it('changes when another turn comes, and a turn that comes twice counts once', () => {
    const index = debateOf(['7', '12', '12']);
    expect(tagsOf(index)).toEqual(['split']);
    for (const agent of [0, 1, 2]) index.add(say(1, agent, '12'));
    index.add(say(1, 2, '12'));
    expect(tagsOf(index)).toEqual(['corrective', 'unanimous']);
    expect(index.turns).toBe(6);
  });
});

describe('the counts of debates', () => {
  const { questions, turns } = makeArchive(24);

  it('are after every turn those of the debates as they stand', () => {
    const index = new DebateIndex();
    index.addQuestions(questions);
    // Debates go side by side, so that each stands at many points in between.
    const mixed = [...turns].sort((a, b) => a.round - b.round || a.agent - b.agent);
    for (const turn of mixed) {
      index.add(turn);
      const ids = index.questionIds(null, null);
      for (const split of [null, 'train', 'test'] as const) {
        const own = ids.filter((id) => split === null || index.questions.get(id)?.split === split);
        const rounds = own.map((id) => index.summary(id).rounds);
        const totals = index.counts.of(split);
        expect(totals).toMatchObject({
          questions: own.length,
          voted: own.length,
          first: rounds.filter((list) => list.at(0)?.majorityCorrect).length,
          last: rounds.filter((list) => list.at(-1)?.majorityCorrect).length,
        });
        for (const tag of debateTags) {
          const tagged = own.filter((id) => index.summary(id).tags.has(tag));
          expect(index.questionIds(tag, split)).toEqual(tagged);
          expect(totals.tags.get(tag) ?? 0).toBe(tagged.length);
        }
      }
    }
  });

  it('learn the split of a question that comes after its turns', () => {
    const index = new DebateIndex();
    for (const turn of turns) index.add(turn);
    expect(index.counts.splits).toEqual([]);
    index.addQuestions(questions);
    expect(index.counts.of('test').questions).toBe(6);
    expect([...index.counts.splits].sort()).toEqual(['test', 'train']);
  });

  it('keep the list of questions as it is while it stays the same', () => {
    const index = new DebateIndex();
    index.addQuestions(questions);
    for (const turn of turns) index.add(turn);
    const lists = [index.questionIds(null, null), index.questionIds('split', 'train')];
    index.add(turns[0]!);
    expect(index.questionIds(null, null)).toBe(lists[0]);
    expect(index.questionIds('split', 'train')).toBe(lists[1]);
  });
});

describe('the share of right votes', () => {
  const tell = (turns: readonly Turn[]): RunView => {
    const view = new RunView(makeArchive(0).run, 'live');
    view.addQuestions(makeArchive(8).questions);
    for (const turn of turns) view.addTurn(turn);
    return view;
  };
  const { turns } = makeArchive(8);

  // Of 8 questions two are tested; their votes are made right in the last round, all others wrong.
  it('is of the test questions alone, as the comparison is', () => {
    const made = turns.map((turn) => ({
      ...turn,
      answer: turn.split === 'test' && turn.round === 1 ? '1' : '2',
      correct: turn.split === 'test' && turn.round === 1,
    }));
    expect(tell(made).debateFacts).toMatchObject({ voteSplit: 'test', first: 0, last: 1 });
  });

  it('is of every question so far while none of the test was spoken to', () => {
    const right = turns.map((turn) => ({ ...turn, answer: '1', correct: true }));
    const training = right.filter(({ split }) => split === 'train');
    expect(tell(training).debateFacts).toMatchObject({ voteSplit: null, first: 1, last: 1 });
  });
});

describe('a change of mind', () => {
  it('names the peers who had the new answer a round before', () => {
    const { rounds } = debateOf(['7', '12', '12'], ['12', '12', '9']).summary(question.id);
    expect(changeOf(rounds, 1, 0)).toEqual({ from: '7', to: '12', peers: [1, 2] });
    expect(changeOf(rounds, 1, 1)).toBeNull();
    expect(changeOf(rounds, 1, 2)).toEqual({ from: '12', to: '9', peers: [] });
    expect(changeOf(rounds, 0, 0)).toBeNull();
  });

  const [right, wrong] = ['12', '7'];
  const peersOf = (visibility: Visibility, turns: readonly Turn[], agent: number) =>
    changeOf(indexOf(visibility, turns).summary(question.id).rounds, 1, agent)?.peers;

  it('names only its two neighbours in a ring', () => {
    const ring: Visibility = { ...everyone, agents: 5, visibility: 'ring' };
    const turns = spoken([wrong, right, right, right, right], [right, right, right, right, right]);
    expect(peersOf(ring, turns, 0)).toEqual([1, 4]);
    const far = spoken([wrong, wrong, right, right, wrong], [right, wrong, right, right, wrong]);
    expect(peersOf(ring, far, 0)).toEqual([]);
  });

  it('names only the peers that were drawn for it', () => {
    const drawn: Visibility = { agents: 6, visibility: 'random', randomPeers: 2, seed: 5 };
    const turns = spoken(
      [wrong, ...Array<string>(5).fill(right)],
      Array.from({ length: 6 }, () => right),
    );
    const read = visiblePeers(drawn, question.id, 0, 1);
    expect(read).toHaveLength(2);
    expect(peersOf(drawn, turns, 0)).toEqual(read);
  });

  it('never names a peer whose turn failed: nobody was shown it', () => {
    const turns = spoken([wrong, right, right], [right, right, right]).map((turn) =>
      turn.round === 0 && turn.agent === 1 ? { ...turn, finishReason: 'error' as const } : turn,
    );
    expect(peersOf(everyone, turns, 0)).toEqual([2]);
  });

  it('names no peer whose reply found no room in its prompt', () => {
    const index = debateOf([wrong, right, right], [right, right, right]);
    index.add({ ...say(1, 0, right), read: [2] });
    expect(changeOf(index.summary(question.id).rounds, 1, 0)?.peers).toEqual([2]);
  });
});
