/** What to expect of a training is said before it, by thresholds that docs/method.md states. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { dataFigures, dataNotes, dataThresholds, diagnosisOf } from '../../../src/eval/dataWords';
import type { DataDiagnosis, TraceAudit } from '../../../src/records/records';

const audit: TraceAudit = {
  labels: 'gold',
  questions: 200,
  labelled: 200,
  known: 200,
  right: 200,
  meanAgreement: 0.8,
  ties: 10,
  coverageAtK: [0.6, 0.8, 0.9],
  coverage: 0.98,
  accepted: { traces: 1000, checked: 900, wrongStep: 50, corrective: 100, peerQuoting: 20 },
  kept: { traces: 200, checked: 190, wrongStep: 0, corrective: 30, peerQuoting: 0 },
};
const said = (change: Partial<DataDiagnosis>, filtered = true): string =>
  dataNotes({ ...diagnosisOf(audit), ...change }, filtered)
    .map(({ text }) => text)
    .join(' ')
    .replaceAll('\u00a0', ' ');

describe('the data before a training', () => {
  it('are figures of their audit', () => {
    expect(diagnosisOf(audit)).toEqual({
      labels: 'gold',
      coverageAtK: [0.6, 0.8, 0.9],
      coverage: 0.98,
      labelPrecision: 1,
      labelCoverage: 1,
      wrongStepShare: 0.05,
      meanAgreement: 0.8,
      ties: 0.05,
    });
    const figures = dataFigures(diagnosisOf(audit)).map(
      ({ name, value }) => `${name}: ${value.replace('\u00a0', ' ')}`,
    );
    expect(figures).toContain('Right by the first independent answer: 60.0 %');
    expect(figures).toContain('Right by one of 3 independent answers: 90.0 %');
    expect(figures).toContain('Right by any turn: 98.0 %');
    const none = { ...audit, labels: 'none', known: 0, right: 0, coverageAtK: [], coverage: null } as const;
    expect(diagnosisOf(none)).toMatchObject({ labelPrecision: null, coverage: null });
  });

  it('with right answers: say whether independent samples reach them as well', () => {
    expect(said({})).toBe(
      '3 independent answers reach the right answer of 90.0 % of the questions, the debate that of 98.0 %: it teaches questions that samples do not.',
    );
    expect(said({ coverageAtK: [0.7, 0.95], coverage: 1 })).toMatch(
      /^2 independent answers reach .* 95\.0 % .* a debate adds little over independent samples here\.$/,
    );
    expect(said({ coverage: 0.92 })).toMatch(/the debate reaches hardly more than samples do\.$/);
  });

  it('by consensus: say whether the labels are good enough', () => {
    const consensus = { labels: 'consensus', labelPrecision: 0.69 } as const;
    expect(said(consensus)).toContain(
      '69.0 % of the labels by consensus are right: the student will learn wrong answers.',
    );
    expect(said({ ...consensus, labelPrecision: 0.7 })).toContain('it can learn without the right answers.');
    expect(said({ ...consensus, labelCoverage: 0.6 })).toContain(
      '40.0 % of the questions have no label by consensus',
    );
    expect(said({ ...consensus, labelPrecision: null, coverageAtK: [], coverage: null })).toBe(
      'No right answer is known here, so neither coverage nor labels can be measured.',
    );
    expect(said({ labels: 'none', labelPrecision: null })).toContain('right and wrong answers alike');
  });

  it('warn of what should be mended, and of nothing that is well', () => {
    const warned = (change: Partial<DataDiagnosis>, filtered = true): readonly boolean[] =>
      dataNotes({ ...diagnosisOf(audit), ...change }, filtered).map(({ warns }) => warns);
    expect(warned({})).toEqual([false]);
    expect(warned({ coverage: 0.92 })).toEqual([true]);
    expect(warned({ coverageAtK: [0.7, 0.95], coverage: 1 })).toEqual([true]);
    expect(warned({ labels: 'consensus', labelPrecision: 0.69 })).toEqual([false, true]);
    expect(warned({ labels: 'consensus', labelPrecision: 0.7 })).toEqual([false, false]);
    expect(warned({ wrongStepShare: 0.27 })).toEqual([false, false]);
    expect(warned({ wrongStepShare: 0.27 }, false)).toEqual([false, true]);
    expect(warned({ labels: 'none', labelPrecision: null })).toEqual([false, true]);
  });

  it('say what becomes of wrong steps', () => {
    expect(said({ wrongStepShare: 0.1 })).not.toContain('wrong step');
    expect(said({ wrongStepShare: 0.27 })).toContain(
      '27.0 % of the traces end in their label by a wrong step: they are left out.',
    );
    expect(said({ wrongStepShare: 0.27 }, false)).toContain('Use the step filter.');
    expect(said({ wrongStepShare: null })).toContain('No trace can be learnt from.');
  });

  it('by the thresholds of the documentation', () => {
    const page = readFileSync(resolve(import.meta.dirname, '../../../docs/method.md'), 'utf8').replace(
      /\s+/g,
      ' ',
    );
    const { coverage, coverageGain, precision, wrongStep, unlabelled } = dataThresholds;
    for (const text of [
      `at least ${100 * coverage} %`,
      `at least ${100 * coverageGain} points`,
      `below ${100 * precision} %`,
      `above ${100 * wrongStep} %`,
      `above ${100 * unlabelled} %`,
    ])
      expect(page).toContain(text);
  });
});
