import { describe, expect, it } from 'vitest';
import { parseConfig, presets, storedConfig, withValues, type RunConfig } from '../../../src/settings/config';
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

  it('are those of preset quick where a stored run has none, but for what its version did', () => {
    const { pad: _, ...old } = presets.full;
    const { reward, rl } = presets.quick.pad;
    expect(parseConfig(old)).toEqual({
      ...presets.full,
      pad: { reward: { ...reward, start: 'base' }, rl: { ...rl, lr: [1e-3], share: 0 } },
    });
  });

  it('take several learning rates, a list of their own for auto, and one number of a stored run', () => {
    expect(read('--pad-lr', '1e-4,3e-4,1e-3').pad.rl.lr).toEqual([1e-4, 3e-4, 1e-3]);
    expect(read('--pad-lr', 'auto').pad.rl.lr).toEqual([1e-4, 3e-4, 1e-3]);
    expect(read('--pad-lr', '2e-3').pad.rl.lr).toEqual([2e-3]);
    expect(read().pad.rl.lr).toEqual([]);
    expect(() => read('--pad-lr', '1e-4,2')).toThrow(
      /RL learning rate is .* must be auto, or up to 8 numbers/,
    );
    const { pad } = presets.quick;
    const stored = { ...presets.quick, pad: { ...pad, rl: { ...pad.rl, lr: 5e-4 } } };
    expect(parseConfig(stored).pad.rl.lr).toEqual([5e-4]);
    expect(storedConfig(stored).pad.rl.lr).toEqual([5e-4]);
    const config = read('--pad-lr', '1e-4,3e-4');
    expect(configFromFlags(flagsOf(config, 'quick'))).toEqual(config);
  });

  it('are the own ones of a run that uses the debate of another', () => {
    const config = withValues(presets.quick, { 'pad.rl.updates': 7, nAgents: 9 });
    const merged = sameDebate(config, presets.quick);
    expect(merged.pad.rl.updates).toBe(7);
    expect(merged.nAgents).toBe(presets.quick.nAgents);
    // Students are asked to check their answers after the training: a debate that ended without can be taught with it.
    const unchecked = withValues(presets.quick, { selfCheck: false });
    expect(sameDebate(presets.quick, unchecked).selfCheck).toBe(true);
    expect(sameDebate(unchecked, presets.quick).selfCheck).toBe(false);
  });
});
