import { describe, expect, it } from 'vitest';
import { padCharts } from '../../src/ui/distil/pad/padCharts';
import { datasetOf, isPadLog, taughtBy } from '../../src/ui/distil/pad/padLog';
import { tickValues } from '../../src/ui/distil/chartParts';
import { presentCurves } from '../../src/ui/distil/logChart';
import { paint, scoreKind } from '../../src/ui/distil/pad/paint';
import { writerOf } from '../../src/ui/distil/pad/writer';

const log = (metrics: Record<string, number>) => ({
  step: 1,
  loss: 0,
  grad_norm: 0,
  learning_rate: 0,
  num_tokens: 0,
  epoch: 0,
  ...metrics,
});

describe('step scores on a text', () => {
  const reply = '4 + 5 = 9. 9 * 2 = 19. so';

  it('cut it into pieces that join to the whole', () => {
    const pieces = paint(reply, [
      { text: '', start: 0, end: 10, good: 0.93, label: 1 },
      { text: '', start: 11, end: 22, good: 0.8, label: 0 },
    ]);
    expect(pieces.map(({ text }) => text).join('')).toBe(reply);
    expect(pieces.map(({ kind }) => kind)).toEqual(['good', null, 'good', null]);
    // The second step is wrong by the checker though it scored 80 %.
    expect(pieces.map((piece) => piece.kind && piece.missed)).toEqual([false, null, true, null]);
  });

  it('leave out a step that overlaps or ends past the text', () => {
    const steps = [
      { text: '', start: 0, end: 10, good: 0.5 },
      { text: '', start: 5, end: 12, good: 0.5 },
      { text: '', start: 11, end: 99, good: 0.5 },
    ];
    expect(paint(reply, steps).filter(({ kind }) => kind !== null)).toHaveLength(1);
  });

  it('are right from two thirds on, wrong up to one third, else unsure', () => {
    expect([2 / 3, 0.5, 1 / 3].map(scoreKind)).toEqual(['good', 'unsure', 'bad']);
  });
});

describe('a log of PAD', () => {
  it('is told by its reward, or by the reward model’s name', () => {
    expect(isPadLog({ strategy: 'rsft+pad', steps: [log({ reward: 1 })] })).toBe(true);
    expect(isPadLog({ strategy: 'reward-model', steps: [log({})] })).toBe(true);
    expect(isPadLog({ strategy: 'pad+da', steps: [log({})] })).toBe(false);
  });

  it('shows only curves that it has values for', () => {
    const steps = [log({ reward: 1, 'rewards/verifiable/mean': 0.5 })];
    expect(presentCurves(steps, padCharts.reward.curves).map(({ metric }) => metric)).toEqual([
      'reward',
      'rewards/verifiable/mean',
    ]);
    expect(presentCurves(steps, padCharts.kl.curves)).toEqual([]);
  });

  it('names the reward model’s dataset for group RL and a strategy’s own else', () => {
    expect([taughtBy('rsft+pad'), taughtBy('pad+da')]).toEqual(['reward-model', 'pad+da']);
  });

  it('finds a stack’s dataset by its whole name, and where an older version kept it by its last stage', () => {
    const [own, last] = [{ strategy: 'pad+da' }, { strategy: 'da' }];
    expect(datasetOf([last, own], 'pad+da')).toBe(own);
    expect(datasetOf([last], 'pad+da')).toBe(last);
    expect(datasetOf([own], 'da')).toBeUndefined();
    expect(datasetOf([own, last], null)).toBeUndefined();
  });
});

it('a writer is an agent where the id ends with the index of one, whatever the id holds', () => {
  expect(writerOf('endpoint:http://host#big#1', 3)).toEqual({ agent: 1, id: 'endpoint:http://host#big' });
  expect(writerOf('agent-a#7', 3)).toEqual({ agent: null, id: 'agent-a#7' });
  expect(writerOf('student', 3)).toEqual({ agent: null, id: 'student' });
});

it('an axis names its ticks exactly, small ones in scientific form', () => {
  const ticks = [0, 0.0025, 0.1 + 0.2, -0.005, 20];
  expect(tickValues(null as never, ticks)).toEqual(['0', '2.5e-3', '0.3', '-5e-3', '20']);
});
