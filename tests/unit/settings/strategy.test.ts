import { expect, it } from 'vitest';
import {
  endsInRl,
  equalSteps,
  stagesOf,
  storedStages,
  usesPad,
  withoutPart,
} from '../../../src/settings/strategy';
import { strategies } from '../../../src/settings/table';

it('a strategy is its stages, each on the adapter of the one before', () => {
  expect(stagesOf('rsft+pad')).toEqual([
    { kind: 'rsft', name: 'rsft', after: null },
    { kind: 'pad', name: 'rsft+pad', after: 'rsft' },
  ]);
  expect(stagesOf('da')).toEqual([{ kind: 'da', name: 'da', after: null }]);
  for (const strategy of strategies) expect(stagesOf(strategy).at(-1)?.name).toBe(strategy);
});

it('a last stage trained on scores is distinguished from an earlier one, and from names that only look alike', () => {
  expect(['pad', 'rsft+pad', 'pad+da', 'rsft', 'reward-model', 'launchpad', 'padded'].map(endsInRl)).toEqual([
    true,
    true,
    false,
    false,
    false,
    false,
    false,
  ]);
  expect(usesPad({ strategies: ['rsft', 'pad+da'] })).toBe(true);
  expect(usesPad({ strategies: ['rsft', 'da', 'launchpad'] })).toBe(false);
});

it('stages before PAD or self-correction learn from a part of the questions where some are kept, under a name of their own', () => {
  const names = (strategy: Parameters<typeof storedStages>[0], share: number) =>
    storedStages(strategy, { share, extraQuestions: 0 }).map(({ name, after, partly }) => [
      name,
      after,
      partly,
    ]);
  expect(names('rsft+pad', 0.25)).toEqual([
    ['rsft-part', null, true],
    ['rsft+pad', 'rsft-part', false],
  ]);
  expect(names('rsft+correct+rl', 0.25)).toEqual([
    ['rsft-part', null, true],
    ['rsft+correct', 'rsft-part', false],
    ['rsft+correct+rl', 'rsft+correct', false],
  ]);
  for (const [strategy, share] of [
    ['correct+rl', 0.25],
    ['rsft+pad', 0],
    ['pad+da', 0.25],
    ['rsft+da', 0.25],
  ] as const)
    expect(storedStages(strategy, { share, extraQuestions: 0 }).map(({ name }) => name)).toEqual(
      stagesOf(strategy).map(({ name }) => name),
    );
  expect(['rsft-part', 'rsft', 'rsft+pad'].map(withoutPart)).toEqual(['rsft', 'rsft', 'rsft+pad']);
});

it('RSFT learns from all questions where PAD has extra ones; self-correction keeps its share', () => {
  const stored = (strategy: Parameters<typeof storedStages>[0]) =>
    storedStages(strategy, { share: 0.25, extraQuestions: 200 }).map(({ name }) => name);
  expect(stored('rsft+pad')).toEqual(['rsft', 'rsft+pad']);
  expect(stored('rsft+correct')).toEqual(['rsft-part', 'rsft+correct']);
});

it('the control of equal steps stands for self-correction, else for what a stack did last, else for RSFT itself', () => {
  expect(equalSteps(['rsft+da', 'rsft+correct'])).toEqual({ after: 'rsft', stepsOf: 'rsft+correct' });
  expect(equalSteps(['correct'])).toEqual({ after: null, stepsOf: 'correct' });
  expect(equalSteps(['rsft', 'rsft+da'])).toEqual({ after: 'rsft', stepsOf: 'rsft+da' });
  expect(equalSteps(['da'])).toEqual({ after: 'rsft', stepsOf: 'rsft' });
});
