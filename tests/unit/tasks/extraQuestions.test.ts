import { expect, it } from 'vitest';
import { presets, parseConfig, withValues } from '../../../src/settings/config';
import { extraQuestions } from '../../../src/tasks/extraQuestions';
import { planQuestions } from '../../../src/tasks/planQuestions';
import { parametersOf } from '../../../src/tasks/wordProblems';

const config = withValues(presets.quick, { 'pad.rl.extraQuestions': 200, seed: 3 });

it('are as many as asked for, and neither their texts nor their numbers stand in the run', () => {
  const planned = planQuestions(config, null);
  const extra = extraQuestions(config, planned);
  expect(extra).toHaveLength(200);
  const texts = new Set(planned.map(({ id }) => id));
  expect(extra.filter(({ id }) => texts.has(id))).toEqual([]);
  const numbers = new Set(planned.filter(({ split }) => split !== 'train').map(parametersOf));
  expect(extra.filter((question) => numbers.has(parametersOf(question)))).toEqual([]);
  expect(extraQuestions(withValues(config, { 'pad.rl.extraQuestions': 0 }), planned)).toEqual([]);
});

it('a run on a file of its own is refused, because a file holds no more than it holds', () => {
  const flawed = withValues(config, { questions: 'mine.jsonl', strategies: ['rsft+pad'] });
  expect(() => parseConfig(flawed)).toThrow(/200 extra questions/);
  expect(() => parseConfig(withValues(flawed, { strategies: ['rsft'] }))).not.toThrow();
});
