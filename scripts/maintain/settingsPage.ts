/** docs/settings.md: every setting of a run, from the settings table. `npm run docs` writes it. */
import { entries, presets, valueAt } from '../../src/settings/config';
import type { Scope } from '../../src/settings/setting';

const scopes: Readonly<Record<Scope, string>> = {
  debate: 'debate',
  arms: 'comparison',
  training: 'training',
  judge: 'reward model',
  rl: 'group RL',
  machine: 'machine',
};

const cell = (text: string): string => text.replaceAll('|', '\\|');
const code = (text: string): string => (text === '' ? '–' : `\`${cell(text)}\``);

export function settingsPage(): string {
  const rows = entries.map(({ path, setting }) => {
    const { flag, label, help, allowed, write, scopes: of } = setting;
    const [quick, full] = [presets.quick, presets.full].map((preset) => write(valueAt(preset, path)));
    const defaults = quick === full ? code(quick ?? '') : `${code(quick ?? '')}, full: ${code(full ?? '')}`;
    const scope = of.map((one) => scopes[one]).join(', ');
    return `| \`--${flag}\` | \`${path}\` | ${cell(label)}. ${cell(help)} | ${cell(allowed)} | ${defaults} | ${scope} |`;
  });
  return [
    '# Settings',
    '',
    'Every setting of a run. The flag is also the key in the address of the page (without dashes); the key is its place in the',
    '`config` of `report.json`. Written by `npm run docs` from `src/settings/table.ts`; a test holds it to that.',
    '',
    '| flag | key in config | what it is | values | default | has a say in |',
    '|---|---|---|---|---|---|',
    ...rows,
    '',
    '`--preset quick|full` chooses the defaults. A rank that is given alone sets alpha to twice its value.',
    '',
  ].join('\n');
}
