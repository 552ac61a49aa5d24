/** What is derived from the settings table holds for every entry, and for one that is added. */
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { settingsPage } from '../../../scripts/maintain/settingsPage';
import {
  entries,
  parseConfig,
  presets,
  storedConfig,
  valueAt,
  withValues,
} from '../../../src/settings/config';
import { configFromFlags, flagsOf } from '../../../src/settings/flags';
import { groupSettings } from '../../../src/settings/groups';
import { configIdentity, differing } from '../../../src/settings/scopes';
import type { Control } from '../../../src/settings/table';
import { hashKey } from '../../../src/core/rng';
import old from '../../golden/settings/version-0.1.json';

const root = resolve(import.meta.dirname, '../../..');

describe('the settings table', () => {
  it.each(entries.map(({ path, setting }) => [path, setting] as const))(
    '%s has words, a flag of its own and presets in range that lead through its text and back',
    (path, setting) => {
      expect(entries.filter((other) => other.setting.flag === setting.flag)).toHaveLength(1);
      expect(setting.flag).toMatch(/^[a-z][a-z-]*$/);
      expect(setting.label).toMatch(/^\p{Lu}/u);
      expect(setting.help).toMatch(/\.$/);
      for (const preset of [presets.quick, presets.full]) {
        const value = valueAt(preset, path);
        if (value !== null) expect(setting.read(setting.write(value))).toEqual(value);
      }
      expect(groupSettings(setting.group)).toContain(path);
    },
  );

  it('is what docs/settings.md says (`npm run docs` writes it)', () => {
    expect(readFileSync(join(root, 'docs/settings.md'), 'utf8')).toBe(settingsPage());
  });
});

describe('a config of version 0.1', () => {
  it.each(Object.entries(old.configs))(
    '%s means the same today and gives the run the same id',
    (name, was) => {
      const config = parseConfig(was.config);
      expect(storedConfig(was.config)).toEqual(config);
      // What the presets do otherwise today, and what they did not do then: seeded ties, a control of one teacher, filters of traces, a second round.
      const then = {
        rounds: was.config.rounds,
        evalSets: [],
        tieBreak: 'likelier',
        controls: was.config.controls as readonly Control[],
        stepFilter: 'off',
        peerMentions: 'keep',
        'pad.rl.lr': [1e-3],
        'pad.rl.share': 0,
        'pad.reward.start': 'rsft',
      } as const;
      if (name !== 'flagged') expect(config).toEqual(withValues(presets[name as 'quick' | 'full'], then));
      expect(hashKey(configIdentity(config), 'train:q1', 'test:q2')).toBe(was.hash);
    },
  );

  it.each([
    ['correct', 'gold'],
    ['any', 'none'],
  ])(
    'that accepted %s traces has labels %s, also in its links and flags, and keeps its id',
    (was, labels) => {
      const { labels: _, ...rest } = presets.quick;
      const config = parseConfig({ ...rest, accept: was });
      expect(config.labels).toBe(labels);
      expect(config).not.toHaveProperty('accept');
      expect(configFromFlags(new Map([['accept', was]]))).toMatchObject({ labels });
      expect(JSON.parse(configIdentity(config))).toContainEqual(['accept', was]);
      expect(() => parseConfig({ ...rest, accept: 'sometimes' })).toThrow(/Labels is "sometimes"/);
    },
  );

  it('has another id than a run of today with the filters that it lacked', () => {
    const then = parseConfig({ ...presets.quick, stepFilter: undefined, peerMentions: undefined });
    expect(configIdentity(then)).not.toBe(configIdentity(presets.quick));
  });

  it('keeps every setting that was changed', () => {
    const config = parseConfig(old.configs.flagged.config);
    expect(config.pad.rl).toMatchObject({ samples: 4, klWeight: 0 });
    expect(config.pad.reward.heldOutAgents).toEqual([1]);
    expect(configFromFlags(flagsOf(config, 'quick'))).toEqual(config);
  });
});

describe('a setting that is added', () => {
  const folder = join(root, '.cache/settings-test');
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('appears in presets, flags, validation, the drawer, differences and the docs by its one entry', async () => {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(join(folder, 'src'), { recursive: true });
    for (const room of ['settings', 'specs', 'core'])
      cpSync(join(root, 'src', room), join(folder, 'src', room), { recursive: true });
    mkdirSync(join(folder, 'scripts/maintain'), { recursive: true });
    cpSync(join(root, 'scripts/maintain/settingsPage.ts'), join(folder, 'scripts/maintain/settingsPage.ts'));
    const table = join(folder, 'src/settings/table.ts');
    const entry = `  momentum: integer([1, 9], { flag: 'momentum', quick: 3, scopes: ['training'], group: 'learn', label: 'Momentum', help: 'Checks without progress.' }),\n`;
    const text = readFileSync(table, 'utf8');
    expect(text).toContain('  steps: integer(');
    writeFileSync(table, text.replace('  steps: integer(', `${entry}  steps: integer(`));

    const load = async <T>(file: string): Promise<T> =>
      (await import(/* @vite-ignore */ join(folder, file))) as T;
    const config = await load<typeof import('../../../src/settings/config')>('src/settings/config.ts');
    const flags = await load<typeof import('../../../src/settings/flags')>('src/settings/flags.ts');
    const groups = await load<typeof import('../../../src/settings/groups')>('src/settings/groups.ts');
    const scopes = await load<typeof import('../../../src/settings/scopes')>('src/settings/scopes.ts');
    const page = await load<typeof import('../../../scripts/maintain/settingsPage')>(
      'scripts/maintain/settingsPage.ts',
    );

    expect(config.presets.quick).toMatchObject({ momentum: 3 });
    const changed = flags.configFromFlags(new Map([['momentum', '5']]));
    expect(changed).toMatchObject({ momentum: 5, preset: 'custom' });
    expect([...flags.flagsOf(changed, 'quick')]).toEqual([['momentum', '5']]);
    expect(() => config.parseConfig({ ...changed, momentum: 10 })).toThrow(
      /Momentum is 10, but must be a whole number from 1 to 9/,
    );
    expect(groups.shownSettings('learn', changed)).toContain('momentum');
    expect(scopes.differing(changed, config.presets.quick).map(({ setting }) => setting.label)).toEqual([
      'Momentum',
    ]);
    expect(scopes.trainingSettings('supervised')).toContain('momentum');
    expect(page.settingsPage()).toContain(
      '| `--momentum` | `momentum` | Momentum. Checks without progress. |',
    );
    // A run that was stored without it goes on as before.
    expect(config.parseConfig(presets.quick)).toMatchObject({ momentum: 3 });
  });

  it('is not there yet', () => {
    expect(differing(presets.quick, presets.full).length).toBeGreaterThan(5);
    expect(entries.some(({ setting }) => setting.flag === 'momentum')).toBe(false);
  });
});
