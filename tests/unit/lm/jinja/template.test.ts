/** Texts of tests/golden/lm/make-templates.py: Python's Jinja2 3.1.6 in transformers' environment. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { TemplateError } from '../../../../src/lm/jinja/errors';
import { Template } from '../../../../src/lm/jinja/template';

interface Case {
  kind: 'hand' | 'fuzz';
  template: string;
  text?: string;
  error?: string;
}
const file = join(import.meta.dirname, '../../../golden/lm/templates.json');
const { context, cases } = JSON.parse(readFileSync(file, 'utf8')) as {
  context: Record<string, unknown>;
  cases: Case[];
};
// JSON.parse reads 2.0 as 2; the context holds no such number.
const render = (template: string): string => new Template(template).render(context);

const good = cases.filter(({ text }) => text !== undefined);
const byHand = good.filter(({ kind }) => kind === 'hand');
const random = good.filter(({ kind }) => kind === 'fuzz');

it.each(byHand)('renders $template as Jinja2 does', ({ template, text }) => {
  expect(render(template)).toBe(text);
});

it(`renders ${random.length} random fragments as Jinja2 does`, () => {
  const wrong = random.flatMap(({ template, text }) => {
    let got: string;
    try {
      got = render(template);
    } catch (error) {
      got = `threw ${String(error)}`;
    }
    return got === text ? [] : [{ template, got, want: text }];
  });
  expect(wrong.slice(0, 5)).toEqual([]);
});

it('fails, with its own error, where Jinja2 fails', () => {
  const wrong = cases.flatMap(({ template, error }) => {
    if (error === undefined) return [];
    try {
      return [{ template, got: render(template), error }];
    } catch (cause) {
      return cause instanceof TemplateError ? [] : [{ template, got: String(cause), error }];
    }
  });
  expect(wrong.slice(0, 5)).toEqual([]);
});
