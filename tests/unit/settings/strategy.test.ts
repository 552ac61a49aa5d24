import { expect, it } from 'vitest';
import { endsInRl, stagesOf, usesPad } from '../../../src/settings/strategy';
import { strategies } from '../../../src/settings/table';

it('a strategy is its stages, each on the adapter of the one before', () => {
  expect(stagesOf('rsft+pad')).toEqual([
    { kind: 'rsft', name: 'rsft', after: null },
    { kind: 'pad', name: 'rsft+pad', after: 'rsft' },
  ]);
  expect(stagesOf('da')).toEqual([{ kind: 'da', name: 'da', after: null }]);
  for (const strategy of strategies) expect(stagesOf(strategy).at(-1)?.name).toBe(strategy);
});

it('what was trained on scores last is told from what was so in between, and from names that only look alike', () => {
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
