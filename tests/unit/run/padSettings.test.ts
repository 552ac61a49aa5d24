import { describe, expect, it } from 'vitest';
import type { RunConfig } from '../../../src/core/records';
import { parseConfig } from '../../../src/run/config';
import { configFromFlags, flagsFromConfig, splitFlags } from '../../../src/run/flags';
import { presets } from '../../../src/run/presets';
import { StagePace } from '../../../src/run/stagePace';
import { sameDebate } from '../../../src/run/storedRuns';

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
      padReward: 'process',
      padAdvantage: 'z-score',
      padUpdates: 30,
      padKl: 0,
      padStopOnHacking: false,
    });
    expect(configFromFlags(flagsFromConfig(config))).toEqual(config);
  });

  it.each([
    ['--pad-group', '1', /padGroup is 1, but must be a whole number from 2 to 64/],
    ['--pad-reward', 'length', /padReward is "length", but must be both, verifiable or process/],
    ['--pad-updates', '0', /padUpdates is 0, but must be a whole number from 1/],
    ['--pad-temperature', '3', /padTemperature is 3, but must be a number from 0.05 to 2/],
  ])('refuse %s %s with the range', (flag, value, message) => {
    expect(() => read(flag, value)).toThrow(message);
  });

  it('are those of preset quick where a run of an older version has none, its reward model starting from nothing', () => {
    const old = Object.fromEntries(Object.entries(presets.full).filter(([name]) => !name.startsWith('pad')));
    expect(parseConfig(old)).toEqual({ ...presets.full, padRewardStart: 'base' });
  });

  it('are the own ones of a run that uses the debate of another', () => {
    const config = { ...presets.quick, padUpdates: 7, nAgents: 9 };
    expect(sameDebate(config, presets.quick)).toMatchObject({
      padUpdates: 7,
      nAgents: presets.quick.nAgents,
    });
  });
});

describe('the pace of trainings', () => {
  it('counts steps of all kinds and estimates the rest from what each kind took', () => {
    let now = 0;
    const pace = new StagePace(
      [
        { kind: 'sft', steps: 4 },
        { kind: 'rl', steps: 3 },
      ],
      () => now,
    );
    expect(pace.progress()).toEqual({ done: 0, total: 7, secondsLeft: null });
    pace.step(1);
    now = 2;
    pace.step(2);
    // A supervised step took 2 s; group RL is guessed at 8 times that: 2 x 2 + 3 x 16.
    expect(pace.progress()).toEqual({ done: 2, total: 7, secondsLeft: 52 });
    pace.next();
    now = 100;
    pace.step(1);
    now = 105;
    pace.step(2);
    // The 98 s before its first step are not counted; one step took 5 s, and one is left.
    expect(pace.progress()).toEqual({ done: 6, total: 7, secondsLeft: 5 });
  });

  it('counts a stage that an earlier session finished as done, and none of its time', () => {
    const pace = new StagePace([
      { kind: 'sft', steps: 4 },
      { kind: 'reward', steps: 2 },
    ]);
    pace.next();
    expect(pace.progress()).toEqual({ done: 4, total: 6, secondsLeft: null });
  });
});
