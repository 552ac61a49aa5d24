import { expect, it } from 'vitest';
import {
  checkOf,
  checkProtocol,
  evalProtocol,
  isEvaluation,
  parseEvalProtocol,
  sampledProtocol,
} from '../../../src/records/evalProtocol';

it.each([
  [evalProtocol('base'), 'eval:base', { arm: 'base', seed: 0, sampled: false, check: false }],
  [
    evalProtocol('distilled:rsft+pad', 2),
    'eval:distilled:rsft+pad#2',
    { arm: 'distilled:rsft+pad', seed: 2, sampled: false, check: false },
  ],
  [
    sampledProtocol('distilled:rsft+correct', 1),
    'eval:distilled:rsft+correct#1:sampled',
    { arm: 'distilled:rsft+correct', seed: 1, sampled: true, check: false },
  ],
  [
    checkOf(sampledProtocol('base')),
    'eval:base:sampled:check',
    { arm: 'base', seed: 0, sampled: true, check: true },
  ],
  [checkProtocol('base'), 'eval:base:check', { arm: 'base', seed: 0, sampled: false, check: true }],
  [
    checkProtocol('control:wrong', 11),
    'eval:control:wrong#11:check',
    { arm: 'control:wrong', seed: 11, sampled: false, check: true },
  ],
])('%s is the protocol of an evaluation, and is read back', (written, text, place) => {
  expect(written).toBe(text);
  expect(parseEvalProtocol(text)).toEqual(place);
  expect(isEvaluation(text)).toBe(true);
});

it('turns of a debate and samples are none', () => {
  for (const protocol of [
    'debate',
    'self-consistency',
    'self-consistency:zero-shot',
    'summariser',
    'single-greedy',
    'evaluation',
    '',
  ])
    expect([parseEvalProtocol(protocol), isEvaluation(protocol)]).toEqual([null, false]);
});

it('what this version does not write stays in the arm: nothing is read as another arm’s', () => {
  for (const protocol of [
    'eval:',
    'eval:base#0',
    'eval:base#01',
    'eval:base#x',
    'eval:base#1#2',
    'eval:base:check#1',
  ]) {
    const { arm, seed, check } = parseEvalProtocol(protocol)!;
    expect(check ? checkProtocol(arm, seed) : evalProtocol(arm, seed)).toBe(protocol);
  }
});
