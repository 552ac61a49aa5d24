/** Labels, the step filter, mentions of peers and weights: which traces teach, and what is measured of them. */
import { describe, expect, it } from 'vitest';
import { RandomStream } from '../../../src/core/rng';
import { turnMessages } from '../../../src/debate/prompts';
import { controlDataset, strategyDatasets } from '../../../src/distil/datasets';
import { relabelled } from '../../../src/distil/labels';
import type { DistillInput } from '../../../src/distil/source';
import { countsQuestions, dropReasons } from '../../../src/records/dropped';
import type { Dataset, Question, Turn } from '../../../src/records/records';
import { controls, strategies } from '../../../src/settings/table';
import { isCorrect, parseAnswer } from '../../../src/tasks/answers';
import { checkSteps } from '../../../src/tasks/stepChecker';
import { generateQuestions } from '../../../src/tasks/wordProblems';
import { makeTurn } from '../../support/makeTurn';
import { traceRules } from '../../support/traceRules';

const makeQuestion = (id: string, change: Partial<Question> = {}): Question => ({
  id,
  split: 'train',
  text: `Problem ${id}: 4 red and 5 blue, twice?`,
  gold: '18',
  answerType: 'number',
  ...change,
});

/** A turn judged against 18, as the job does. */
function turn(
  questionId: string,
  round: number,
  agent: number,
  reply: string,
  change: Partial<Turn> = {},
): Turn {
  const answer = parseAnswer(reply, 'number');
  const correct = isCorrect(answer, '18', 'number');
  return makeTurn({ questionId, round, agent, reply, answer, correct, strictCorrect: correct, ...change });
}

function input(turns: readonly Turn[], change: Partial<DistillInput> = {}): DistillInput {
  return {
    questions: [...new Set(turns.map((one) => one.questionId))].map((id) => makeQuestion(id)),
    turns,
    protocol: 'debate',
    prompt: (question) => turnMessages({ style: 'natural', question, own: [], peers: [] }),
    seed: 1,
    ...traceRules,
    ...change,
  };
}

const rsft = (of: DistillInput): Dataset => strategyDatasets('rsft', of)[0]!;
const da = (of: DistillInput): Dataset => strategyDatasets('da', of)[0]!;

const right = '4 + 5 = 9. 9 * 2 = 18. #### 18';
const otherWay = '4 * 2 = 8. 5 * 2 = 10. 8 + 10 = 18. #### 18';
/** Two errors that cancel: the answer is right, the reasoning is not. */
const cancelling = '4 + 5 = 10. 10 * 2 = 18. #### 18';
const seventeen = '4 + 5 = 9. 9 + 8 = 17. #### 17';

describe('the step filter', () => {
  it('leaves out right answers by wrong steps, before anything is chosen, in RSFT, DA and the controls alike', () => {
    const turns = [turn('a', 0, 0, right), turn('a', 0, 1, cancelling), turn('a', 0, 2, otherWay)];
    for (const dataset of [
      rsft(input(turns)),
      da(input(turns)),
      controlDataset('self-consistency', input(turns)),
      controlDataset('answer-only', input(turns)),
    ]) {
      expect(dataset.dropped).toMatchObject({ 'wrong-step-trace': 1 });
      expect(dataset.audit).toMatchObject({ accepted: { traces: 3, wrongStep: 1 }, kept: { wrongStep: 0 } });
      expect(dataset.traces.map(({ target }) => target)).not.toContain(cancelling);
    }
    const off = da(input(turns, { stepFilter: 'off' }));
    expect(off.traces.map(({ target }) => target)).toContain(cancelling);
    expect(off.audit?.kept.wrongStep).toBe(1);
  });

  it('leaves no wrong step in any trace on generated problems with right answers known', () => {
    const questions = generateQuestions({ seed: 5, split: 'train', count: 60 });
    const random = new RandomStream(7);
    // Each solution with its first result off by one and the last line mended, or as it is.
    const turns = questions.flatMap((question) =>
      [0, 1, 2, 3].map((agent) => {
        const { solution = '', gold } = question;
        const spoilt = random.next() < 0.5;
        const reply = spoilt ? solution.replace(/= (\d+)/, (_, value) => `= ${Number(value) + 1}`) : solution;
        const answer = parseAnswer(reply, 'number');
        const correct = isCorrect(answer, gold, 'number');
        return makeTurn({ questionId: question.id, agent, reply, answer, correct, strictCorrect: correct });
      }),
    );
    const all = input(turns, { questions });
    const wrong = ({ traces }: Dataset): number =>
      traces.filter(({ target }) => checkSteps(target).some((step) => step.right === false)).length;
    expect(wrong(rsft({ ...all, stepFilter: 'off' }))).toBeGreaterThan(5);
    for (const strategy of strategies)
      for (const dataset of strategyDatasets(strategy, all))
        if (dataset.strategy !== 'pad') expect([strategy, wrong(dataset)]).toEqual([strategy, 0]);
  });

  it('does not touch what is taught as wrong', () => {
    const slip = '4 + 5 = 8. 8 * 2 = 16. #### 16';
    const dataset = controlDataset('wrong', input([turn('a', 0, 0, slip), turn('a', 0, 1, right)]));
    expect(dataset.traces.map(({ target }) => target)).toEqual([slip]);
  });

  it('where nothing is computed leaves out results that fewer than a quarter of the traces hold', () => {
    const prose = (results: string): string => `Together there are ${results}, so twice that is it. #### 18`;
    const turns = ['9', '9', '9', '9', '11'].map((result, agent) => turn('a', 0, agent, prose(result)));
    const dataset = da(input(turns));
    expect(dataset.dropped).toMatchObject({ 'unsupported-step-trace': 1 });
    expect(dataset.audit?.accepted).toMatchObject({ traces: 5, checked: 0, wrongStep: 1 });
    expect(dataset.traces.every(({ target }) => !target.includes('11'))).toBe(true);
    // Two that differ may both be right.
    expect(rsft(input([turns[0]!, turns[4]!])).dropped).toEqual({ 'correct-not-drawn': 1 });
  });

  it('keeps answers by letter and in words, which repeat no result', () => {
    const letter = '4 + 5 = 9, so it is option B. #### B';
    const spoken = makeTurn({
      questionId: 'a',
      reply: letter,
      answer: 'B',
      correct: true,
      strictCorrect: true,
    });
    const question = makeQuestion('a', { gold: 'B', answerType: 'choice', options: ['8', '9'] });
    expect(rsft(input([spoken], { questions: [question] })).kept).toBe(1);
    expect(rsft(input([turn('a', 0, 0, '4 + 5 = 9. 9 * 2 = 18. #### 18 marbles')])).kept).toBe(1);
  });

  it('says why a question teaches nothing', () => {
    expect(rsft(input([turn('a', 0, 0, cancelling)])).dropped).toEqual({
      'wrong-step-trace': 1,
      'no-clean-trace': 1,
    });
  });
});

describe('mentions of peers', () => {
  const quoting = `I agree with Agent 2. ${right}`;
  const turns = [turn('a', 0, 0, seventeen), turn('a', 1, 0, quoting)];

  it('drop the trace, lose their sentence or stay, as the setting says', () => {
    expect(rsft(input(turns)).dropped).toMatchObject({ 'peer-quoting-trace': 1, 'no-clean-trace': 1 });
    const removed = rsft(input(turns, { peerMentions: 'remove' }));
    expect(removed.traces).toMatchObject([{ target: right, corrective: true }]);
    const kept = rsft(input(turns, { peerMentions: 'keep' }));
    expect(kept.traces).toMatchObject([{ target: quoting }]);
    for (const { audit } of [removed, kept])
      expect(audit?.accepted).toMatchObject({ traces: 1, corrective: 1, peerQuoting: 1 });
  });

  it('drop the trace where its answer would go with the sentence', () => {
    const only = turn('a', 0, 0, 'As the other agents say, it is 18');
    expect(rsft(input([only], { peerMentions: 'remove' })).dropped).toMatchObject({
      'peer-quoting-trace': 1,
    });
  });
});

describe('k traces of a question', () => {
  it('weigh 1/k each, and are at most as many as the setting allows', () => {
    const far = '20 - 1 = 19. 19 - 1 = 18. #### 18';
    const turns = [right, otherWay, far].map((reply, agent) => turn('a', 0, agent, reply));
    const single = [right, `${right} `].map((reply, agent) => turn('b', 0, agent, reply));
    const dataset = da(input([...turns, ...single]));
    expect(dataset.traces.map(({ questionId, weight }) => [questionId, weight])).toEqual([
      ['a', 1 / 3],
      ['a', 1 / 3],
      ['a', 1 / 3],
      ['b', undefined],
    ]);
    expect(da(input(turns, { tracesPerQuestion: 2 })).traces.map(({ weight }) => weight)).toEqual([0.5, 0.5]);
    expect(da(input(turns, { tracesPerQuestion: 1 })).traces.map(({ weight }) => weight)).toEqual([
      undefined,
    ]);
    expect(rsft(input(turns)).traces[0]).not.toHaveProperty('weight');
  });
});

/** Three agents and two rounds a question; the last round agrees on 18, on 17 (wrongly), or on nothing. */
function debates(): readonly Turn[] {
  const rounds = (id: string, ...replies: readonly (readonly string[])[]): Turn[] =>
    replies.flatMap((round, at) => round.map((reply, agent) => turn(id, at, agent, reply)));
  const sixteen = '4 * 4 = 16. #### 16';
  return [
    ...rounds('agreed', [right, seventeen, otherWay], [right, right, otherWay]),
    ...rounds('misled', [right, seventeen, seventeen], [seventeen, seventeen, right]),
    ...rounds('tied', [right, seventeen, sixteen], [right, seventeen, sixteen]),
    ...rounds('unread', ['I do not know', 'Who knows?', right], ['I do not know', 'Who knows?', right]),
  ];
}

describe('labels by consensus', () => {
  const all = input(debates(), { labels: 'consensus' });

  it('are the majority of the last round where it is wide enough and not tied', () => {
    const dataset = rsft(all);
    expect(dataset.traces.map(({ questionId }) => questionId)).toEqual(['agreed', 'misled']);
    expect(dataset.traces[1]!.target).toBe(seventeen);
    expect(dataset.dropped).toMatchObject({ 'unlabelled-question': 2, 'unlabelled-trace': 12 });
    // The vote of one readable answer in three counts from an agreement of a third.
    const lower = rsft({ ...all, minAgreement: 1 / 3 });
    expect(lower.traces.map(({ questionId }) => questionId)).toEqual(['agreed', 'misled', 'unread']);
    expect(rsft({ ...all, minAgreement: 0.9 }).traces.map(({ questionId }) => questionId)).toEqual([
      'agreed',
    ]);
  });

  it('are measured against the right answers and never made of them: shuffled ones give the same rows', () => {
    const datasets = (of: DistillInput): Dataset[] => [
      ...strategies.flatMap((strategy) => strategyDatasets(strategy, of)),
      ...controls.map((control) => controlDataset(control, of)),
    ];
    // Other right answers, and the verdicts of turns that were judged by them.
    const shuffled: DistillInput = {
      ...all,
      questions: all.questions.map((question, i) => ({
        ...question,
        gold: String(i),
        goldWritten: `${i}.0`,
      })),
      turns: all.turns.map((one, i) => ({ ...one, correct: i % 2 === 0, strictCorrect: i % 3 === 0 })),
    };
    for (const labels of ['consensus', 'none'] as const) {
      const [a, b] = [datasets({ ...all, labels }), datasets({ ...shuffled, labels })];
      expect(a.length).toBeGreaterThan(10);
      expect(b.map(({ traces, dropped }) => ({ traces, dropped }))).toEqual(
        a.map(({ traces, dropped }) => ({ traces, dropped })),
      );
      // Nothing greedy was said and no worked solution given, no agent corrected itself, and RL has no rows.
      const without = new Set(['gold-sft', 'single-teacher', 'correct', 'rl']);
      const empty = a.filter(({ traces }) => traces.length === 0).map(({ strategy }) => strategy);
      expect(empty.filter((strategy) => !without.has(strategy))).toEqual([]);
    }
    expect(rsft(all).audit).toMatchObject({ labelled: 2, known: 2, right: 1, ties: 1 });
    expect(rsft(shuffled).audit).toMatchObject({ labelled: 2, known: 2, right: 0, ties: 1 });
    expect(rsft({ ...shuffled, labels: 'gold' }).traces).not.toEqual(rsft({ ...all, labels: 'gold' }).traces);
  });

  it('need no right answer at all', () => {
    const unknown = { ...all, questions: all.questions.map((question) => ({ ...question, gold: '' })) };
    expect(rsft(unknown).traces).toEqual(rsft(all).traces);
    expect(rsft(unknown).audit).toMatchObject({
      labelled: 2,
      known: 0,
      right: 0,
      coverage: null,
      coverageAtK: [],
    });
    expect(rsft({ ...unknown, labels: 'gold' }).kept).toBe(0);
  });

  it('of independent samples are the vote of the samples, not of the debate', () => {
    const dataset = controlDataset('self-consistency', all);
    // Round 0: 18 two of three; 17 two of three; a tie; one of three.
    expect(dataset.traces.map(({ questionId, target }) => [questionId, target.slice(-2)])).toEqual([
      ['agreed', '18'],
      ['misled', '17'],
    ]);
  });

  it('of a single teacher are its own answers', () => {
    const alone = debates()
      .filter(({ round, agent }) => round === 0 && agent === 1)
      .map((one) => ({ ...one, protocol: 'eval:alone' }));
    const dataset = rsft(input(alone, { labels: 'consensus', protocol: 'eval:alone' }));
    expect(dataset.traces.map(({ target }) => target)).toEqual([seventeen, seventeen, seventeen]);
  });

  it('make an answer-only row of the label, a wrong one of another answer, and a corrective one of a change to it', () => {
    const bare = controlDataset('answer-only', all);
    expect(bare.traces.map(({ target }) => target)).toEqual(['#### 18', '#### 17']);
    const wrong = controlDataset('wrong', all);
    expect(wrong.traces.map(({ questionId, target }) => [questionId, target])).toEqual([
      ['agreed', seventeen],
      ['misled', right],
    ]);
    // Agent 1 of "agreed" (17, then 18) and agent 0 of "misled" (18, then 17).
    expect(rsft(all).audit?.accepted.corrective).toBe(2);
  });

  it('judge a cut reply by the label', () => {
    const cut = { finishReason: 'length' as const };
    const turns = [0, 1, 2].map((agent) => turn('a', 0, agent, agent === 2 ? 'it is 17' : seventeen, cut));
    expect(rsft(input(turns, { labels: 'consensus' })).dropped).toMatchObject({ 'truncated-trace': 1 });
  });

  it('stand in for the right answers where answers are rewarded', () => {
    const { questions, turns } = relabelled(all.questions, all.turns, 'debate', all);
    expect(questions.map(({ id, gold }) => [id, gold])).toEqual([
      ['agreed', '18'],
      ['misled', '17'],
    ]);
    const misled = turns.filter(({ questionId }) => questionId === 'misled');
    expect(misled.map(({ correct }) => correct)).toEqual([false, true, true, true, true, false]);
    const held = makeQuestion('held', { split: 'validation', gold: '7' });
    expect(relabelled([held], [], 'debate', all).questions).toEqual([held]);
    // Right answers that are known are taken as they are.
    expect(relabelled(all.questions, all.turns, 'debate', { ...all, labels: 'gold' })).toEqual({
      questions: all.questions,
      turns: all.turns,
    });
  });
});

describe('without labels', () => {
  it('every readable trace is fit, whatever it ends in', () => {
    const dataset = da(input(debates(), { labels: 'none', tracesPerQuestion: 8 }));
    expect(dataset.dropped).toMatchObject({ 'unparsed-trace': 4 });
    expect(new Set(dataset.traces.map(({ target }) => target.slice(-2)))).toEqual(
      new Set(['16', '17', '18']),
    );
    expect(dataset.traces.some(({ corrective }) => corrective)).toBe(false);
  });
});

describe('what is measured of the data', () => {
  it('is coverage at k, the votes and the kinds of traces', () => {
    const { audit } = rsft(input(debates()));
    expect(audit).toMatchObject({
      labels: 'gold',
      questions: 4,
      labelled: 4,
      known: 4,
      right: 4,
      ties: 1,
      // Agent 0 is right alone in 3 of 4, and agent 2 in the fourth.
      coverageAtK: [0.75, 0.75, 1],
      coverage: 1,
    });
    // 3 of 3, 2 of 3, 1 of 3 and 1 of 3 ballots.
    expect(audit?.meanAgreement).toBeCloseTo((1 + 2 / 3 + 1 / 3 + 1 / 3) / 4, 12);
  });

  it('adds up: kept and dropped traces are the turns, by every label and filter', () => {
    const turns = debates();
    for (const labels of ['gold', 'consensus', 'none'] as const)
      for (const peerMentions of ['drop', 'remove', 'keep'] as const) {
        const { kept, dropped } = rsft(input(turns, { labels, peerMentions }));
        const removed = dropReasons
          .filter((reason) => !countsQuestions(reason))
          .reduce((sum, reason) => sum + (dropped[reason] ?? 0), 0);
        expect(kept + removed).toBe(turns.length);
      }
  });
});
