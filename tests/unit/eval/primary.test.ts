/** The primary contrast: read by the arms' own names, natural where nothing is said, frozen with a hash of contrast and settings. */
import { describe, expect, it } from 'vitest';
import { contrastOf, contrastText, isContrast, parseContrast } from '../../../src/eval/primary';
import { contrastHash, frozenPrimary } from '../../../src/library/primary';
import { ConfigError } from '../../../src/core/errors';
import { presets } from '../../../src/settings/config';
import { configFromFlags } from '../../../src/settings/flags';

const { quick, full } = presets;

describe('the primary contrast', () => {
  it('is read and written back, names with hyphens included', () => {
    for (const text of [
      'distilled:rsft - single-greedy',
      'control:gold-sft - vote-equal-total-tokens',
      'distilled:rsft+da - control:self-consistency',
    ])
      expect(contrastText(parseContrast(text)!)).toBe(text);
    for (const text of [
      '',
      'debate',
      'debate - ',
      'debate - debate',
      'debate - oracle',
      'debate-base',
      'a - b - c',
    ])
      expect(parseContrast(text)).toBeNull();
    expect(isContrast({ a: 'base', b: 'debate' }, { a: 'debate', b: 'base' })).toBe(true);
  });

  it('is the first strategy against the control of samples where that runs, else against one agent decoded greedily', () => {
    expect(contrastOf({ ...quick, controls: [] })).toEqual({ a: 'distilled:rsft', b: 'single-greedy' });
    expect(contrastOf(full)).toEqual({ a: 'distilled:rsft', b: 'control:self-consistency' });
    const voting = { ...full, protocol: 'self-consistency' } as const;
    expect(contrastOf(voting)).toEqual({ a: 'distilled:rsft', b: 'single-greedy' });
    expect(contrastOf({ ...quick, strategies: [] })).toEqual({ a: 'debate', b: 'vote-equal-total-tokens' });
    expect(contrastOf({ ...voting, strategies: [] })).toBeNull();
  });

  it('is what the flag says, and refused where that is no contrast of arms that the run makes', () => {
    const named = (primary: string) => contrastOf(configFromFlags(new Map([['primary', primary]])));
    expect(named('debate - vote-greedy:3')).toEqual({ a: 'debate', b: 'vote-greedy:3' });
    for (const text of [
      'debate',
      'debate - oracle',
      'distilled:da - base',
      'vote:4 - base',
      'debate - summariser',
    ])
      expect(() => named(text)).toThrow(ConfigError);
    expect(() => named('distilled:da - base')).toThrow(
      /names distilled:da, which these settings do not compare/,
    );
  });

  it('is frozen with a hash that changes with the contrast and with any setting', async () => {
    const frozen = await frozenPrimary(quick);
    expect(frozen).toMatchObject({ a: 'distilled:rsft', b: 'control:self-consistency' });
    expect(frozen?.hash).toMatch(/^[0-9a-f]{64}$/);
    const hashes = [
      frozen!.hash,
      await contrastHash(frozen!, { ...quick, seed: 1 }),
      await contrastHash({ a: 'debate', b: 'base' }, quick),
    ];
    expect(new Set(hashes).size).toBe(3);
    // The order of the keys does not count.
    const turned = Object.fromEntries(Object.entries(quick).reverse()) as typeof quick;
    expect(await contrastHash(frozen!, turned)).toBe(frozen!.hash);
  });
});
