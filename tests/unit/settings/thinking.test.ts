import { describe, expect, it } from 'vitest';
import { hashKey } from '../../../src/core/rng';
import { parseConfig, presets, storedConfig, withValues } from '../../../src/settings/config';
import { configIdentity } from '../../../src/settings/scopes';
import { agentThinking, studentThinking, studentTokens } from '../../../src/settings/thinking';

const config = (changes: Parameters<typeof withValues>[1]) => withValues(presets.quick, changes);

describe('thinking', () => {
  it('is off, and then nothing of it stands in a sampling or an id', () => {
    expect(agentThinking(presets.quick)).toEqual({});
    expect(studentThinking(presets.quick)).toEqual({});
    const { thinking, thinkingBudget, readThoughts, trainThoughts, ...before } = presets.quick;
    expect({ thinking, thinkingBudget, readThoughts, trainThoughts }).toEqual({
      thinking: 'off',
      thinkingBudget: 1024,
      readThoughts: false,
      trainThoughts: false,
    });
    const stored = storedConfig(before);
    expect(stored).toEqual(presets.quick);
    expect(hashKey(configIdentity(stored))).toBe(hashKey(configIdentity(presets.quick)));
    expect(configIdentity(presets.quick)).not.toMatch(/think|thought/i);
  });

  it.each([
    { thinking: 'on' },
    { thinkingBudget: 64 },
    { readThoughts: true },
    { trainThoughts: true },
  ] as const)('changes the id where it is not at its default: %o', (change) =>
    expect(configIdentity(config(change))).not.toBe(configIdentity(presets.quick)),
  );

  it('of agents is what the setting says', () => {
    expect(agentThinking(config({ thinking: 'auto' }))).toEqual({ thinking: 'auto' });
    expect(agentThinking(config({ thinking: 'on', thinkingBudget: 9 }))).toEqual({
      thinking: 'on',
      thinkingBudget: 9,
    });
  });

  it('of a student is what it was taught', () => {
    expect(studentThinking(config({ thinking: 'on' }))).toEqual({});
    expect(studentThinking(config({ thinking: 'on', trainThoughts: true }))).toEqual({ thinking: 'on' });
    // Agents whose thinking cannot be switched off think all the same.
    expect(studentThinking(config({ trainThoughts: true }))).toEqual({ thinking: 'auto' });
    expect(studentTokens(config({ trainThoughts: true, maxTokens: 50, thinkingBudget: 9 }))).toBe(59);
    expect(studentTokens(config({ maxTokens: 50 }))).toBe(50);
  });

  it.each(['pad', 'rsft+pad', 'rsft+correct'] as const)('cannot be learnt by %s', (strategy) => {
    const refused = config({ trainThoughts: true, strategies: [strategy] });
    expect(() => parseConfig(refused)).toThrow(/learn thoughts/);
    expect(parseConfig({ ...refused, strategies: ['rsft', 'da'] })).toMatchObject({ trainThoughts: true });
  });
});
