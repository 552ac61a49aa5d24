import { describe, expect, it } from 'vitest';
import {
  selfCorrectionMarkdown,
  selfCorrectionSentence,
  shareText,
} from '../../../src/eval/selfCorrectionWords';
import type { SelfCorrection } from '../../../src/records/records';

const row: SelfCorrection = {
  arm: 'distilled:rsft+correct',
  temperature: 1,
  n: 600,
  before: 443,
  after: 508,
  wrongToRight: 108,
  rightToWrong: 43,
  difference: 65 / 600,
  ci: [0.069, 0.147],
  mcnemarP: 0.0000001,
  corrected: { n: 157, share: 108 / 157, ci: [0.611, 0.755] },
  spoilt: { n: 443, share: 43 / 443, ci: [0.073, 0.128] },
};
const older: SelfCorrection = {
  arm: 'base',
  n: 10,
  before: 5,
  after: 4,
  wrongToRight: 1,
  rightToWrong: 2,
};

describe('self-correction in words', () => {
  it('says gain, loss or neither by its interval, with what was corrected and spoilt', () => {
    expect(selfCorrectionSentence(row)).toBe(
      'Checking its sampled answers, the student (RSFT, then self-correction) gains: +10.8 points (95\u00a0% interval +6.9 to +14.7, mid-p < 0.001, n = 600); 108 corrected, 43 spoilt.',
    );
    expect(selfCorrectionSentence({ ...row, ci: [-0.02, 0.02] })).toContain('neither gains nor loses');
    expect(selfCorrectionSentence({ ...row, temperature: 0, ci: [-0.03, -0.01] })).toMatch(
      /greedy answers.* loses/,
    );
  });

  it('says nothing of reports that have no interval, whose counts stand in the table', () => {
    expect(selfCorrectionSentence(older)).toBeNull();
    const [, table] = selfCorrectionMarkdown([older]);
    expect(table).toContain('| base | greedy | 10 | 5 | 4 | - | - | - | 1 | 2 | - | - |');
  });

  it('gives shares of what could be corrected and spoilt', () => {
    expect(shareText(row.corrected!)).toBe('68.8\u00a0% of 157 (61.1 to 75.5)');
    expect(shareText({ n: 0, share: null, ci: null })).toBe('-');
  });
});
