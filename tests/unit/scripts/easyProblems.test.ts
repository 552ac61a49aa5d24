import { expect, test } from 'vitest';
import { easyProblems, templateSets } from '../../../scripts/prove/easyProblems.mjs';
import { kinds, templates, type Template } from '../../../scripts/prove/easyTemplates.mjs';

const sets = templateSets(
  {
    train: { count: 180, of: ({ heldOut }: Template) => !heldOut },
    test: { count: 27, of: ({ heldOut }: Template) => !heldOut },
    heldOut: { count: 18, of: ({ heldOut }: Template) => heldOut },
  },
  7,
);
const all = Object.values(sets).flat();

test('each kind has six templates to teach and three held out', () => {
  const places = kinds.map((kind) => templates.filter((one) => one.kind === kind).map((one) => one.heldOut));
  const six = [false, false, false, false, false, false];
  expect(places).toEqual(kinds.map(() => [...six, true, true, true]));
});

test('the sets share no text, no numbers of a template and no held-out template', () => {
  expect(new Set(all.map(({ question }) => question)).size).toBe(all.length);
  expect(new Set(all.map(({ template, numbers }) => `${template} ${numbers}`)).size).toBe(all.length);
  const taught = new Set([...sets.train, ...sets.test].map(({ template }) => template));
  expect(sets.heldOut.filter(({ template }) => taught.has(template))).toEqual([]);
  expect([taught.size, new Set(sets.heldOut.map(({ template }) => template)).size]).toEqual([18, 9]);
});

test('numbers of the questions are whole and at most 20', () => {
  const numbers = all.flatMap(({ question }) => question.match(/[\d.]*\d/g) ?? []).map(Number);
  expect(numbers.filter((value) => !(Number.isInteger(value) && value > 0 && value <= 20))).toEqual([]);
});

test('each step is right, and the last one is the answer', () => {
  const wrong = all.filter(({ answer }) => {
    const [steps = '', last = ''] = answer.split('\n#### ');
    const results = steps.split('\n').map((step) => {
      const [, a, sign = '', b, result] = /^(\d+) ([-+*/]) (\d+) = (\d+)$/.exec(step) ?? [];
      const [x, y] = [Number(a), Number(b)];
      const value = { '+': x + y, '-': x - y, '*': x * y, '/': x / y }[sign];
      return value === Number(result) ? value : NaN;
    });
    return results.some(Number.isNaN) || results.at(-1) !== Number(last);
  });
  expect(wrong).toEqual([]);
});

test('the same seed draws the same problems', () => {
  const of = { some: { count: 5, of: () => true } };
  expect(templateSets(of, 3)).toEqual(templateSets(of, 3));
  expect(templateSets(of, 3)).not.toEqual(templateSets(of, 4));
  expect(easyProblems(5, 3)).toEqual(easyProblems(5, 3));
});
