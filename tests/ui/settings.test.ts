import { describe, expect, it } from 'vitest';
import { Settings } from '../../src/ui/state/settings.svelte';
import { personaPresets } from '../../src/settings/personas';
import { presets } from '../../src/settings/config';

function settingsOf(hash: string): Settings {
  const settings = new Settings();
  settings.readHash(hash, ['step']);
  return settings;
}

describe('settings in the address', () => {
  it('are the preset where the address says nothing', () => {
    const settings = settingsOf('');
    expect(settings.config).toEqual({ ...presets.quick, preset: 'quick' });
    expect(settings.hash).toBe('preset=quick');
  });

  it('use the names of the command, and lists as it writes them', () => {
    const settings = settingsOf(
      '#preset=full&n-agents=7&strategy=rsft,rsft%2Bda&consensus-stop=true&lr=5e-4&step=compare',
    );
    expect(settings.config).toEqual({
      ...presets.full,
      preset: 'custom',
      nAgents: 7,
      strategies: ['rsft', 'rsft+da'],
      consensusStop: true,
      lr: 5e-4,
    });
    expect(settings.bad).toEqual([]);
  });

  it('read back what they wrote', () => {
    const settings = settingsOf('');
    settings.set('nAgents', 5);
    settings.set('strategies', ['da', 'rsft+da']);
    settings.set('backend', 'cpu');
    const again = settingsOf(`#${settings.hash}`);
    expect(again.config).toEqual(settings.config);
    expect(again.config.strategies).toEqual(['da', 'rsft+da']);
  });

  it('keep the preset by name when only seed and backend differ', () => {
    expect(settingsOf('#preset=full&seed=3&backend=cpu').config.preset).toBe('full');
  });

  it('forget a change that goes back to the preset', () => {
    const settings = settingsOf('#n-agents=5');
    settings.set('nAgents', presets.quick.nAgents);
    expect(settings.changed).toBe(false);
    expect(settings.hash).toBe('preset=quick');
  });

  it('let alpha follow the rank, unless it is set', () => {
    expect(settingsOf('#rank=32').config.alpha).toBe(64);
    expect(settingsOf('#rank=32&alpha=8').config.alpha).toBe(8);
  });

  it('name what is unknown or not of its type, and leave it at the preset', () => {
    const settings = settingsOf('#n-agents=many&agentz=3');
    expect(settings.bad).toEqual([
      { name: 'n-agents', value: 'many' },
      { name: 'agentz', value: '3' },
    ]);
    expect(settings.config.nAgents).toBe(presets.quick.nAgents);
  });

  it('keep agents held out of PAD’s reward model as numbers', () => {
    const settings = settingsOf('#pad-held-out-agents=0,2');
    expect(settings.config.pad.reward.heldOutAgents).toEqual([0, 2]);
    settings.set('pad.reward.heldOutAgents', [1]);
    expect(settings.hash).toContain('pad-held-out-agents=1');
    expect(settings.config.pad.reward.heldOutAgents).toEqual([1]);
    expect(settingsOf('#pad-held-out-agents=0,Bo').bad).toEqual([
      { name: 'pad-held-out-agents', value: '0,Bo' },
    ]);
  });

  it('keep personas in the address by the name of a preset, or as JSON', () => {
    const settings = new Settings();
    settings.set('personas', personaPresets.sceptic);
    expect(settings.hash).toContain('personas=sceptic');
    const own = [{ name: 'A, the first', temperature: 0.2 }];
    settings.set('personas', own);
    const other = new Settings();
    other.readHash(`#${settings.hash}`, []);
    expect(other.config.personas).toEqual(own);
    other.readHash('#preset=quick&personas=nobody', []);
    expect(other.bad).toEqual([{ name: 'personas', value: 'nobody' }]);
    settings.set('personas', []);
    expect(settings.changed).toBe(false);
  });
});
