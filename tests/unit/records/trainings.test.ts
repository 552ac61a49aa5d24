import { expect, it } from 'vitest';
import { inTrainingOrder, trainingOrder } from '../../../src/records/trainings';

it('trainings stand in the order of the settings: stages before what continues from them, controls last', () => {
  expect(trainingOrder({ strategies: ['da', 'rsft+pad'], controls: ['wrong', 'answer-only'] })).toEqual([
    'da',
    'rsft',
    'reward-start',
    'reward-model',
    'rsft+pad',
    'wrong',
    'answer-only',
  ]);
});

it('what storage gives by name is put into that order, seeds in theirs, and the unknown last', () => {
  const stored = [
    { strategy: 'answer-only', seed: 0 },
    { strategy: 'other', seed: 0 },
    { strategy: 'rsft', seed: 1 },
    { strategy: 'rsft', seed: 0 },
  ];
  const order = inTrainingOrder(stored, { strategies: ['rsft'], controls: ['answer-only'] });
  expect(order.map(({ strategy, seed }) => `${strategy} ${seed}`)).toEqual([
    'rsft 0',
    'rsft 1',
    'answer-only 0',
    'other 0',
  ]);
});
