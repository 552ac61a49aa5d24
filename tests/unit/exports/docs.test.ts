/** docs/exports.md tells of every format and of every field of its rows, and of no other. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { datasetFormatNames, datasetFormats } from '../../../src/exports/formats';

const page = readFileSync('docs/exports.md', 'utf8');

/** Fields of a schema's rows at their first level. */
function fieldsOf(schema: object): string[] {
  if ('entries' in schema) return Object.keys(schema.entries as object);
  return 'pipe' in schema ? (schema.pipe as object[]).flatMap(fieldsOf) : [];
}

it.each(datasetFormatNames)('%s', (format) => {
  const [, text = ''] = page.split(`### ${format}\n`);
  const [section = ''] = text.split(/\n##/);
  const told = [...section.matchAll(/^\| `(\w+)\??` \|/gm)].map(([, field = '']) => field);
  expect(told).toEqual([...new Set(fieldsOf(datasetFormats[format].row))]);
});

it('its headings are the formats', () => {
  const [, sets = ''] = page.split('## Data sets\n');
  const told = [...(sets.split('\n## ')[0] ?? '').matchAll(/^### (.+)$/gm)].map(([, name]) => name);
  expect(told).toEqual([...datasetFormatNames]);
});
