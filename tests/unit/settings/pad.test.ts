import { describe, expect, it } from 'vitest';
import { parseConfig, presets, withValues, type RunConfig } from '../../../src/settings/config';
import { configFromFlags, flagsOf, splitFlags } from '../../../src/settings/flags';
import { sameDebate } from '../../../src/settings/scopes';

const read = (...args: string[]): RunConfig => configFromFlags(splitFlags(args));

describe('settings of PAD', () => {
  it('come from flags and lead back to them', () => {
    const config = read(
      '--strategy',
      'pad,rsft+pad',
      '--pad-reward',
      'process',
      '--pad-advantage',
      'z-score',
      '--pad-updates',
      '30',
      '--pad-kl=0',
      '--pad-stop-on-hacking=false',
    );
    expect(config).toMatchObject({
      strategies: ['pad', 'rsft+pad'],
      pad: {
        rl: {
          reward: 'process',
          advantage: 'z-score',
          updates: 30,
          klWeight: 0,
          stopOnHacking: false,
        },
      },
    });
    expect(configFromFlags(flagsOf(config, 'quick'))).toEqual(config);
  });

  it.each([
    ['--pad-group', '1', /Samples per question is 1, but must be a whole number from 2 to 64/],
    ['--pad-reward', 'length', /Reward is "length", but must be both, verifiable or process/],
    ['--pad-updates', '0', /Updates is 0, but must be a whole number from 1/],
    ['--pad-temperature', '3', /Sampling temperature is 3, but must be a number from 0.05 to 2/],
  ])('refuse %s %s with the range', (flag, value, message) => {
    expect(() => read(flag, value)).toThrow(message);
  });

  it('are those of preset quick where a stored run has none, its reward model starting from nothing', () => {
    const { pad: _, ...old } = presets.full;
    expect(parseConfig(old)).toEqual({
      ...presets.full,
      pad: { ...presets.quick.pad, reward: { ...presets.quick.pad.reward, start: 'base' } },
    });
  });

  it('are the own ones of a run that uses the debate of another', () => {
    const config = withValues(presets.quick, { 'pad.rl.updates': 7, nAgents: 9 });
    const merged = sameDebate(config, presets.quick);
    expect(merged.pad.rl.updates).toBe(7);
    expect(merged.nAgents).toBe(presets.quick.nAgents);
  });
});
