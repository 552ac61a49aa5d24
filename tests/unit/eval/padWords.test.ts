import { describe, expect, it } from 'vitest';
import { padMarkdown } from '../../../src/eval/padMarkdown';
import { fallingReward, padLines, sweepSentence } from '../../../src/eval/padWords';
import type { PadReport, PadRun } from '../../../src/records/padRecords';

const run: PadRun = {
  strategy: 'rsft+pad',
  seed: 0,
  reward: 'verifiable',
  samples: 80,
  generatedTokens: 800,
  evaluations: [],
  stopped: null,
  lr: 0.001,
  sweep: {
    updates: 20,
    n: 64,
    rates: [
      { lr: 0.0001, accuracy: 0.75 },
      { lr: 0.001, accuracy: 0.875 },
    ],
  },
  trend: { from: 0.91, to: 0.72, ci: [-0.25, -0.13] },
  questions: { practised: 200, learnt: 0 },
};
const report = (one: PadRun): PadReport => ({
  rewardModel: null,
  rewardModels: [],
  log: [],
  runs: [one],
  traces: [],
});

describe('a training reward that fell', () => {
  it('is named, with its interval and the rate, for the page, report.md and the command', () => {
    const said = fallingReward(run);
    expect(said).toContain('fell from 0.91 to 0.72');
    expect(said).toContain('\u22120.25 to \u22120.13');
    expect(said).toContain('a lower learning rate than 0.001');
    expect(padMarkdown(report(run)).join('\n')).toContain(`Falling reward in rsft+pad, seed 0. ${said}`);
    expect(padLines(report(run))[0]).toContain(said);
  });

  it('is not seen where it rose, where nothing is shown, and in older reports', () => {
    expect(fallingReward({ ...run, trend: { from: 0.5, to: 0.6, ci: [0.02, 0.18] } })).toBeNull();
    expect(fallingReward({ ...run, trend: { from: 0.5, to: 0.45, ci: [-0.13, 0.03] } })).toBeNull();
    expect(fallingReward({ ...run, trend: null })).toBeNull();
    expect(fallingReward({})).toBeNull();
  });
});

it('a learning rate that was chosen is given with the others, and the questions with those that an earlier stage had', () => {
  expect(sweepSentence(run)).toBe(
    'Learning rate of rsft+pad, seed 0: 0.001, chosen by accuracy on 64 validation questions after 20 updates each (0.0001: 75.0\u00a0%, 0.001: 87.5\u00a0%).',
  );
  expect(sweepSentence({ ...run, sweep: null })).toBeNull();
  const text = padMarkdown(report(run)).join('\n');
  expect(text).toContain('| 0.001 | 200 (0 trained on before) |');
});
