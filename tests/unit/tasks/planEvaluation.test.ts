/** Evaluation sets planned again on a debate that is used again. */
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../../src/core/errors';
import type { Question } from '../../../src/records/records';
import { presets, type RunConfig } from '../../../src/settings/config';
import { givenEvaluation, sameDebate } from '../../../src/settings/scopes';
import { planEvaluation } from '../../../src/tasks/planEvaluation';
import { planRun } from '../../../src/tasks/planQuestions';
import { questionId } from '../../../src/tasks/questionText';

const generated: RunConfig = {
  ...presets.quick,
  trainQuestions: 20,
  validationQuestions: 4,
  testQuestions: 6,
  oodQuestions: 5,
  robustQuestions: 0,
};
const debated = planRun(generated, { questions: null });
const count = (questions: readonly Question[], split: string): number =>
  questions.filter((one) => one.split === split).length;

/** A question of a file, of its own numbers and words. */
const written = (i: number, verb = 'plants'): Question => {
  const text = `Farmer ${'abcdefghijklmnopqrstuvwxyz'[i]} ${verb} ${100 + i} rows with ${31 + 2 * i} bulbs each near the old mill. How many bulbs are that in all?`;
  return { id: questionId(text), split: 'test', text, gold: String(i), answerType: 'number' };
};
const files: RunConfig = {
  ...generated,
  trainFile: 'train.jsonl',
  testFile: 'test.jsonl',
  trainQuestions: 6,
  validationQuestions: 2,
  testQuestions: 4,
  oodQuestions: 0,
  evalSets: ['more=more.jsonl'],
  evalQuestions: 3,
};
const sources = {
  questions: Array.from({ length: 8 }, (_, i) => written(i)),
  test: Array.from({ length: 4 }, (_, i) => written(i + 8, 'digs')),
  sets: { more: Array.from({ length: 5 }, (_, i) => written(i + 12, 'orders')) },
};
const ofFiles = planRun(files, sources);

describe('on generated questions', () => {
  it('a larger set begins with the questions that have turns, a smaller one keeps the first', () => {
    const own = debated.questions.filter(({ split }) => split === 'ood');
    for (const [asked, kept] of [
      [8, 5],
      [3, 3],
      [0, 0],
    ] as const) {
      const { questions } = planEvaluation({ ...generated, oodQuestions: asked }, {}, debated);
      const now = questions.filter(({ split }) => split === 'ood');
      expect(now).toHaveLength(asked);
      expect(now.slice(0, kept)).toEqual(own.slice(0, kept));
    }
  });

  it('training, validation and test stay as they are, in their order', () => {
    const { questions } = planEvaluation(
      { ...generated, oodQuestions: 0, robustQuestions: 7, evalSets: ['money'], evalQuestions: 2 },
      {},
      debated,
    );
    const learnt = debated.questions.filter(({ split }) => split !== 'ood');
    expect(questions.slice(0, learnt.length)).toEqual(learnt);
    expect([count(questions, 'robust'), count(questions, 'money'), questions.length]).toEqual([
      7,
      2,
      learnt.length + 9,
    ]);
  });
});

describe('on files', () => {
  it('a set without its file keeps what has turns, and no more can be asked of it', () => {
    const kept = planEvaluation({ ...files, evalQuestions: 2 }, {}, ofFiles);
    expect(kept.questions.filter(({ split }) => split === 'more')).toEqual(
      ofFiles.questions.filter(({ split }) => split === 'more').slice(0, 2),
    );
    expect(() => planEvaluation({ ...files, evalQuestions: 4 }, {}, ofFiles)).toThrow(ConfigError);
    expect(() => planEvaluation({ ...files, evalSets: ['new=new.csv'] }, {}, ofFiles)).toThrow(
      /new\.csv holds 0 questions/,
    );
  });

  it('a set with its file is drawn from it as a first run would', () => {
    const { questions } = planEvaluation({ ...files, evalQuestions: 5 }, sources, ofFiles);
    expect(questions.filter(({ split }) => split === 'more')).toEqual(
      planRun({ ...files, evalQuestions: 5 }, sources).questions.filter(({ split }) => split === 'more'),
    );
  });

  it('a question near a training one is left out of the set, and is told; training keeps it', () => {
    const train = ofFiles.questions.filter(({ split }) => split === 'train');
    const near = { ...train[0]!, text: train[0]!.text.replace('Farmer', 'Baker'), split: 'test' };
    const set = [{ ...near, id: questionId(near.text) }, written(20, 'sells'), train[1]!];
    const config: RunConfig = { ...files, evalSets: ['new=new.csv'], evalQuestions: 3 };
    const plan = planEvaluation(config, { sets: { new: set } }, ofFiles);
    expect(plan.questions.filter(({ split }) => split === 'train')).toEqual(train);
    expect(plan.questions.filter(({ split }) => split === 'new').map(({ text }) => text)).toEqual([
      written(20, 'sells').text,
    ]);
    expect(plan.overlap?.near).toEqual({ new: 2 });
    expect(() =>
      planEvaluation({ ...config, nearDuplicates: 'refuse' }, { sets: { new: set } }, ofFiles),
    ).toThrow(/near questions that are asked/);
    const kept = planEvaluation({ ...config, nearDuplicates: 'keep' }, { sets: { new: set } }, ofFiles);
    expect(count(kept.questions, 'new')).toBe(2);
    expect(kept.overlap).toMatchObject({ policy: 'keep', repeated: { new: 1 }, dropped: 0 });
    expect(kept.overlap?.bySet.new).toBeGreaterThan(0);
  });

  it('a set of which nothing is left is refused', () => {
    const [train] = ofFiles.questions.filter(({ split }) => split === 'train');
    const config: RunConfig = { ...files, evalSets: ['new=new.csv'], evalQuestions: 3 };
    expect(() => planEvaluation(config, { sets: { new: [train!] } }, ofFiles)).toThrow(
      /evaluation set new asks nothing/,
    );
  });
});

it('only what flags set is other than the debate’s', () => {
  const config: RunConfig = { ...presets.quick, oodQuestions: 9, evalQuestions: 11 };
  const evaluation = givenEvaluation(config, ['ood-questions', 'steps', 'preset']);
  expect(evaluation).toEqual({ oodQuestions: 9 });
  expect(sameDebate(config, generated, evaluation)).toMatchObject({
    oodQuestions: 9,
    evalQuestions: generated.evalQuestions,
    robustQuestions: 0,
  });
});
