/** docs/contracts.md and docs/method.md tell of every key of the records, every arm, strategy, control, verb and flag of `lm`. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { timingSchema, turnSchema } from '../../src/records/recordSchemas';
import type { Report } from '../../src/records/records';
import { reportSchema } from '../../src/records/reportSchema';
import { controlNames, strategyNames } from '../../src/settings/table';
import { exportFormats } from '../../src/train/commands';

const root = resolve(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const contracts = read('docs/contracts.md');

/** What stands under a heading. */
function section(title: string): string {
  const [, text = ''] = contracts.split(new RegExp(`^#+ ${title}$`, 'm'));
  expect(text, `no heading ${title}`).not.toBe('');
  return text.split(/^## /m)[0] ?? '';
}

/** All keys of a schema, those of its parts too. */
function keysOf(schema: unknown): string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const parts = schema as Readonly<Partial<Record<string, unknown>>>;
  const own = 'entries' in schema && typeof parts['entries'] === 'object' ? (parts['entries'] ?? {}) : {};
  return [
    ...Object.entries(own).flatMap(([key, value]) => [key, ...keysOf(value)]),
    ...['item', 'wrapped', 'value'].flatMap((part) => keysOf(parts[part])),
    ...(Array.isArray(parts['pipe']) ? parts['pipe'].slice(1).flatMap(keysOf) : []),
    ...(Array.isArray(parts['items']) ? parts['items'].flatMap(keysOf) : []),
  ];
}

const untold = (names: readonly string[], text: string): string[] =>
  [...new Set(names)].filter((name) => !new RegExp(`(?<![\\w-])${name}(?![\\w-])`).test(text));

it('every key of a turn and of a timing is documented', () => {
  const keys = [...keysOf(turnSchema), ...keysOf(timingSchema)];
  expect(keys).toContain('logprobKind');
  expect(untold(keys, section('Records'))).toEqual([]);
});

it('every key of a report is documented', () => {
  const keys = keysOf(reportSchema);
  expect(keys).toEqual(expect.arrayContaining(['promptTokensPerQuestion', 'mcnemarP', 'calibration']));
  expect(untold(keys, section('Report'))).toEqual([]);
});

it('every arm of the committed results is documented', () => {
  const told = [...section('Arms').matchAll(/^\| `([\w-]+)(?::[A-Z]+)?` \|/gm)].map(
    (match) => match[1] ?? '',
  );
  const results = readdirSync(join(root, 'scripts/prove/results')).map((file) =>
    read(`scripts/prove/results/${file}`),
  );
  const recorded = gunzipSync(readFileSync(join(root, 'public/recorded/run.json.gz'))).toString('utf8');
  const { report } = JSON.parse(recorded) as { report: Pick<Report, 'arms'> };
  const compared = [
    ...results.flatMap((text) => [...text.matchAll(/"b": "([^"]+)"/g)].map((match) => match[1] ?? '')),
    ...report.arms.map(({ name }) => name),
  ].map((name) => name.split(':')[0] ?? '');
  expect(new Set(compared).size).toBeGreaterThan(7);
  expect([...new Set(compared)].filter((name) => !told.includes(name))).toEqual([]);
});

it('every strategy and control is documented', () => {
  const method = read('docs/method.md');
  const names = [
    ...Object.keys(strategyNames).filter((name) => name.includes('+')),
    ...Object.keys(controlNames),
  ];
  expect(names.filter((name) => !method.includes(`\`${name}\``))).toEqual([]);
  expect(method).toMatch(/\*\*RSFT\*\*[\s\S]*\*\*DA\*\*[\s\S]*\*\*PAD\*\*/);
});

it('every verb and flag of lm is documented', () => {
  const path = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' }).find((name) =>
    /(^|\/)tools\.ts$/.test(name),
  );
  const tools = read(`src/${path}`);
  const flags = [...tools.matchAll(/\bflags\.\w+\(\s*'([\w-]+)'/g)].map((match) => match[1] ?? '');
  const verbs = [...tools.matchAll(/\bcase '([a-z]+)'/g)].map((match) => match[1] ?? '');
  expect(verbs.length).toBeGreaterThan(5);
  expect(flags.length).toBeGreaterThan(20);
  // What the command itself gives along: the name of --model.
  const own = ['base-name'];
  const lm = section('Commands');
  expect(flags.filter((flag) => !own.includes(flag) && !lm.includes(`--${flag}`))).toEqual([]);
  expect(verbs.filter((verb) => !lm.includes(`\`${verb}\``))).toEqual([]);
  expect(exportFormats.filter((format) => !lm.includes(format))).toEqual([]);
});
