import { describe, expect, it } from 'vitest';
import { parseSpec } from '../../../src/specs/spec';
import { ConfigError } from '../../../src/core/errors';
import { personaPresets } from '../../../src/settings/personas';
import type { RunConfig } from '../../../src/settings/config';
import { entries, parseConfig, presets, withValue } from '../../../src/settings/config';
import { configFromFlags, flagsOf, splitFlags } from '../../../src/settings/flags';
import { commandError } from '../../../src/commands/commandError';
import { memorableName } from '../../../src/library/names';

const read = (...args: string[]): RunConfig => configFromFlags(splitFlags(args));

function failure(work: () => unknown): ConfigError {
  try {
    work();
  } catch (thrown) {
    if (thrown instanceof ConfigError) return thrown;
    throw thrown;
  }
  throw new Error('nothing was thrown');
}

describe('an error that a command prints', () => {
  it('ends its hint with the flags, forms and variables that the page never shows', () => {
    const error = { code: 'agent', message: 'Too many.', hint: 'Ask less often.' };
    const settings = ['endpoint-rate', 'endpoint-concurrency'];
    expect(commandError({ ...error, details: { settings } }).hint).toBe(
      'Ask less often. (--endpoint-rate, --endpoint-concurrency)',
    );
    const { details } = failure(() => parseSpec('endpoint:localhost:9#m'));
    expect(commandError({ ...error, details: { ...details } }).hint).toContain(
      'endpoint:http://host:port/v1#model',
    );
    expect(commandError({ ...error, details: { status: 500 } })).toEqual({
      ...error,
      details: { status: 500 },
    });
  });
});

describe('flags', () => {
  it('without any give preset quick', () => {
    expect(read()).toEqual(presets.quick);
  });

  it('override single settings of a preset and make it custom', () => {
    const config = read('--preset', 'full', '--n-agents=4', '--strategy', 'rsft,da', '--lr', '1e-3');
    const changed = { preset: 'custom', nAgents: 4, strategies: ['rsft', 'da'], lr: 0.001 };
    expect(config).toEqual({ ...presets.full, ...changed });
  });

  it('leave the preset its name when only seed or backend differ', () => {
    expect(read('--seed', '7', '--backend', 'cpu')).toEqual({ ...presets.quick, seed: 7, backend: 'cpu' });
  });

  it('scale alpha with a rank that is given alone', () => {
    expect(read('--rank', '4')).toMatchObject({ rank: 4, alpha: 8 });
    expect(read('--rank', '4', '--alpha', '4')).toMatchObject({ rank: 4, alpha: 4 });
  });

  it('lead back to the same config from what flagsOf writes', () => {
    const config = read(
      '--n-agents',
      '5',
      '--controls',
      'wrong,gold-sft',
      '--temperature',
      '1',
      '--seed',
      '3',
    );
    expect(configFromFlags(flagsOf(config, 'quick'))).toEqual(config);
    const full = new Map([['preset', 'full'], ...flagsOf(presets.full, 'full')]);
    expect(configFromFlags(full)).toEqual(presets.full);
  });

  it('take personas by the name of a preset or as JSON, and write them back', () => {
    const own = [
      { name: 'A', system: 'Be short.', temperature: 0.2 },
      { name: 'B', seed: 4 },
    ];
    for (const [text, personas] of [
      ['sceptic', personaPresets.sceptic],
      [JSON.stringify(own), own],
    ] as const) {
      const config = read('--personas', text);
      expect(config.personas).toEqual(personas);
      expect(flagsOf(config, 'quick').get('personas')).toBe(text);
    }
    expect(read('--personas', 'equals')).toEqual({ ...presets.quick, preset: 'custom' });
    expect(failure(() => read('--personas', 'nobody')).message).toMatch(
      /must be equals, complementary, sceptic, or a list/,
    );
    expect(failure(() => read('--personas', '[{"name": "A", "temperature": 9}]')).message).toMatch(
      /^Personas is .*, but must be equals, complementary, sceptic/,
    );
  });

  it.each([
    [['--steps', 'many'], /--steps is "many"/],
    [['--speed', '3'], /no flag --speed/],
    [['steps'], /"steps" is not a flag/],
    [['--preset', 'huge'], /--preset is "huge"/],
    [['--n-agents', '0'], /Agents is 0, but must be a whole number from 1 to 64/],
    [['--rank', '1.5'], /LoRA rank is 1.5/],
    [['--temperature', '-1'], /Temperature is -1/],
    [['--strategy', 'magic'], /Strategies is/],
    [['--strategy', 'rsft,rsft'], /each once/],
    [['--backend', 'tpu'], /Backend is "tpu", but must be auto, webgpu or cpu/],
    [['--train-questions', '0'], /no training questions/],
  ])('refuse %j with the setting, its value and its range', (args, message) => {
    const error = failure(() => read(...args));
    expect(error.message).toMatch(message);
    expect(error.hint).not.toBe('');
  });
});

describe('a config', () => {
  const numbers = entries.flatMap(({ path, setting: { kind, label } }) =>
    'low' in kind ? [[path, label, kind.low, kind.high] as const] : [],
  );
  it.each(numbers)('may have %s at both ends of its range and not beyond', (path, label, low, high) => {
    const idle = { ...presets.full, strategies: [], controls: [] };
    for (const value of [low, high]) expect(parseConfig(withValue(idle, path, value as never))).toBeDefined();
    for (const value of [low - 1, high + 1, Number.NaN]) {
      const absurd = withValue(presets.full, path, value as never);
      expect(failure(() => parseConfig(absurd)).message).toContain(label);
    }
  });
});

describe('names', () => {
  it('are the same for the same seed and never taken', () => {
    const name = memorableName(5, new Set());
    expect(memorableName(5, new Set())).toBe(name);
    expect(memorableName(5, new Set([name, `${name}-2`]))).toBe(`${name}-3`);
    expect(name).toMatch(/^[a-z]+-[a-z]+$/);
  });
});

describe('a config of an older version', () => {
  it('gets what it does not know from preset quick', () => {
    const {
      personas: _,
      endpointRate: __,
      ...older
    } = { ...presets.full, preset: 'custom' as const, seed: 3 };
    expect(parseConfig(older)).toEqual({ ...presets.full, preset: 'custom', seed: 3 });
  });
});
