/** A stop for reward hacking, from the detector to the words of the report. */
import { describe, expect, it } from 'vitest';
import type { PadHacking, PadReport } from '../../../src/records/padRecords';
import { detectHacking, type HackingStop } from '../../../src/distil/pad/hacking';
import { padMarkdown } from '../../../src/eval/padMarkdown';
import { hackingRecord } from '../../../src/engine/padEngine';

const stop: HackingStop = {
  ...detectHacking(
    [0.2, 0.2, 0.6, 0.8].map((reward, i) => ({
      step: i,
      reward,
      length: 20 * (i + 1),
      repetition: i < 2 ? 0.01 : 0.4,
    })),
    [
      { step: 0, accuracy: 0.5, n: 400, lost: 0, gained: 0 },
      { step: 3, accuracy: 0.2, n: 400, lost: 120, gained: 0 },
      { step: 4, accuracy: 0.2, n: 400, lost: 120, gained: 0 },
    ],
    { window: 2, rise: 0.1, fall: 0.05, level: 0.01 },
  )!,
  samples: [{ questionId: 'q', reply: '1 + 1 = 2.', answer: '2', gold: '3', reward: 0.9, steps: [] }],
};

function words(stopped: PadHacking): string {
  const report: PadReport = {
    rewardModel: null,
    rewardModels: [],
    log: [],
    runs: [
      {
        strategy: 'pad',
        seed: 0,
        reward: 'process',
        samples: 8,
        generatedTokens: 80,
        evaluations: [],
        stopped,
      },
    ],
    traces: [],
  };
  return padMarkdown(report).join('\n');
}

describe('a stop for reward hacking', () => {
  const record = hackingRecord(stop, 'tiny');

  it('keeps how length and repetition changed, and who wrote the samples', () => {
    expect(record).toMatchObject({
      step: 4,
      reward: { from: 0.2, to: 0.7 },
      length: { from: 30, to: 70 },
      repetition: { from: 0.01, to: 0.4 },
      samples: [{ by: 'tiny', correct: false, gold: '3', answer: '2' }],
    });
    expect(record).not.toHaveProperty('reason');
  });

  it('is in report.md with all four changes', () => {
    const text = words(record);
    expect(text).toContain('reward rose from 0.20 to 0.70');
    expect(text).toMatch(/fell from 50\.0.% to 20\.0.%/);
    expect(text).toContain('Meanwhile an answer went from 30.0 to 70.0 tokens.');
    expect(text).toMatch(/repeat an earlier one of their answer: 1\.0.%, then 40\.0.%/);
  });

  it('of an older report, without the two, is described by reward and accuracy', () => {
    const { length: _, repetition: __, ...older } = record;
    expect(words(older)).toContain('reward rose from 0.20 to 0.70');
    expect(words(older)).not.toMatch(/tokens\.|repeat an earlier/);
  });
});
