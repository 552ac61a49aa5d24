/** The docs' section on scaling, from a made-up result: `npm run prove -- --only scaling` writes the real one. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Results } from '../../../scripts/maintain/docs/results';
import { scalingPictures, scalingSection } from '../../../scripts/maintain/docs/scalingResults';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'arklet-scaling-'));
  mkdirSync(join(root, 'scripts/prove/results'), { recursive: true });
});
afterEach(() => rmSync(root, { recursive: true }));

const arm = (name: string, correct: number) => ({
  name,
  n: 400,
  correct,
  accuracy: correct / 400,
  ci: [(correct - 12) / 400, (correct + 12) / 400],
});
const point = (
  at: number,
  arms = [
    arm('base', 100),
    arm('debate', 300 + at),
    arm('distilled:rsft', 200 + 2 * at),
    arm('single-greedy', 160),
  ],
) => ({
  at,
  command: `npm run distil -- --n-agents ${at}`,
  seconds: 60,
  seed: 0,
  arms,
});
const scaling = {
  name: 'scaling',
  date: '2026-11-30',
  machine: 'a machine',
  versions: { arklet: '0.2.0', node: 'v22.0.0' },
  misses: [],
  result: {
    // As a run may write them: not in order; one agent has no debate.
    agents: [point(3), point(1, [arm('single-greedy', 160), arm('distilled:rsft', 180)]), point(10)],
    exchanges: [point(0), point(1), point(2)],
    questions: [100, 200, 3200].map((at) => point(at, [arm('debate', 320), arm('distilled:rsft', 240)])),
    overlap: [point(0), point(50), point(100)],
    environment: { device: 'WASM SIMD, 1 thread', userAgent: 'Chrome/156.0' },
    load: [0, 0, 0],
  },
};
const results = (): Results => {
  writeFileSync(join(root, 'scripts/prove/results/scaling.json'), JSON.stringify(scaling));
  return new Results(root);
};

it('is absent until it was measured', () => {
  expect(scalingSection(new Results(root))).toEqual([]);
  expect(scalingPictures(new Results(root)).size).toBe(0);
});

it('has a table and a picture for each dial, in the order of its values, with intervals and gaps where an arm is missing', () => {
  const text = scalingSection(results()).join('\n\n');
  expect(text.match(/^#+ .+$/gm)).toEqual([
    '## Scaling',
    '### Agents',
    '### Exchanges',
    '### Training questions',
    '### Overlap of the gaps',
  ]);
  expect(text).toContain('- Again: `npm run prove -- --only scaling`');
  expect(text).toContain('12 runs in 12 minutes');
  expect(text).toContain('400 test questions');
  const [, agents = ''] = text.split('### Agents');
  expect(
    agents
      .split('\n')
      .filter((line) => /^\| \d/.test(line))
      .slice(0, 3),
  ).toEqual([
    '| 1 |  | 45.0 % [42.0, 48.0] |  |  | 40.0 % [37.0, 43.0] |',
    '| 3 | 75.8 % [72.8, 78.8] | 51.5 % [48.5, 54.5] |  |  | 40.0 % [37.0, 43.0] |',
    '| 10 | 77.5 % [74.5, 80.5] | 55.0 % [52.0, 58.0] |  |  | 40.0 % [37.0, 43.0] |',
  ]);
  expect(agents).toContain(
    'From 1 to 10: student, RSFT 45.0 % to 55.0 %; best agent, greedy 40.0 % to 40.0 %.',
  );
  for (const name of scalingPictures(results()).keys()) expect(text).toContain(`(pictures/${name})`);
});

it('draws each measured point of an arm once, with its interval, and doublings of training questions at equal distances', () => {
  const pictures = scalingPictures(results());
  expect([...pictures.keys()]).toEqual([
    'scaling-agents.svg',
    'scaling-exchanges.svg',
    'scaling-questions.svg',
    'scaling-overlap.svg',
  ]);
  for (const picture of pictures.values()) {
    expect(picture.match(/<circle /g)?.length).toBe(picture.match(/<path /g)?.length);
    expect(picture).not.toMatch(/NaN|undefined|Infinity/);
    // Well-formed: what is opened is closed.
    expect(picture.match(/<text /g)?.length).toBe(picture.match(/<\/text>/g)?.length);
  }
  expect(pictures.get('scaling-agents.svg')?.match(/<circle /g)).toHaveLength(8);
  const xs = [...(pictures.get('scaling-questions.svg') ?? '').matchAll(/<circle cx="([\d.]+)"/g)].map(
    ([, x]) => Number(x),
  );
  const [a = 0, b = 0, c = 0] = xs;
  // 100 to 200 is one doubling, 200 to 3,200 four.
  expect((c - b) / (b - a)).toBeCloseTo(4, 1);
});
