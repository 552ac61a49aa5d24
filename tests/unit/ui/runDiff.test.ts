import { describe, expect, it } from 'vitest';
import { presets } from '../../../src/settings/config';
import { curves, everyNth, sampleSteps } from '../../../src/ui/runs/curves';
import { armRows, settingRows, trainedStrategies, type ComparedRun } from '../../../src/ui/runs/runDiff';
import { codeSpans, splitHeader } from '../../../src/ui/help/kernelGroups';
import { makeArchive } from '../../ui/fixtures/archive';

function compared(id: string, change: Partial<ComparedRun> = {}): ComparedRun {
  const { run, logs, report } = makeArchive(4);
  return { run: { ...run, id, name: id }, logs, report, ...change };
}

describe('runs held against each other', () => {
  it('list the settings that differ first, a value each', () => {
    const rows = settingRows([
      { config: presets.quick },
      { config: { ...presets.quick, seed: 7, rank: 32 } },
    ]);
    expect(rows.filter(({ differs }) => differs).map(({ name, values }) => [name, ...values])).toEqual([
      ['LoRA rank', '16', '32'],
      ['Seed', '0', '7'],
    ]);
    expect(rows[0]!.differs && rows[1]!.differs && !rows[2]!.differs).toBe(true);
  });

  it('give each arm its distance to the baseline run, and none to the baseline itself', () => {
    const other = compared('other');
    const arms = other.report!.arms.map((arm) =>
      arm.name === 'base' ? { ...arm, accuracy: arm.accuracy + 0.1 } : arm,
    );
    const rows = armRows([compared('baseline'), { ...other, report: { ...other.report!, arms } }], 0);
    const base = rows.find(({ name }) => name === 'base')!;
    expect(base.cells[0]!.delta).toBeNull();
    expect(base.cells[1]!.delta).toBeCloseTo(0.1, 12);
  });

  it('show a run that has not finished as empty cells', () => {
    const rows = armRows([compared('a'), compared('b', { report: null })], 0);
    expect(rows.every(({ cells }) => cells[1] === null)).toBe(true);
  });

  it('draw one smoothed curve a run on axes that hold them all', () => {
    const steps = [4, 2, 1].map((loss, i) => ({ ...makeArchive(1).logs[0]!.steps[0]!, step: i + 1, loss }));
    const logs = [{ strategy: 'rsft', seed: 0, steps }];
    const drawn = curves([compared('a', { logs }), compared('b', { logs: [] })], 'rsft');
    expect(drawn.lines.map(({ id }) => id)).toEqual(['a']);
    // By hand: m1 = .4/.1 = 4; m2 = (.36 + .2)/.19 = 2.947; m3 = (.504 + .1)/.271 = 2.229.
    expect(drawn.lines[0]!.points.map(({ loss }) => Number(loss.toFixed(3)))).toEqual([4, 2.947, 2.229]);
    expect([drawn.low.toFixed(3), drawn.high, drawn.lastStep]).toEqual(['2.229', 4, 3]);
    expect(trainedStrategies([compared('a', { logs })])).toEqual(['rsft']);
  });

  it('thin a long curve without losing its ends', () => {
    const points = Array.from({ length: 1001 }, (_, i) => i);
    const thin = everyNth(points, 100);
    expect(thin.length).toBeLessThanOrEqual(101);
    expect([thin[0], thin.at(-1)]).toEqual([0, 1000]);
    expect(sampleSteps({ lines: [], low: 0, high: 1, lastStep: 200 }).at(-1)).toBe(200);
  });
});

describe('a shader on the page', () => {
  it('is split into the header that states its maths and the code', () => {
    const { header, body } = splitHeader('// y = x.\n// Grid: a thread a value.\n//#if A\nfn main() {}\n');
    expect(header).toBe('y = x.\nGrid: a thread a value.');
    expect(body).toBe('//#if A\nfn main() {}');
  });

  it('is coloured without losing a character', () => {
    const code = 'let x = 3.5e-2; // half\nfn f(a: u32) -> f32 { return 1.0; }';
    const spans = codeSpans(code);
    expect(spans.map(({ text }) => text).join('')).toBe(code);
    expect(spans.filter(({ kind }) => kind === 'comment').map(({ text }) => text)).toEqual(['// half']);
    expect(spans.filter(({ kind }) => kind === 'number').map(({ text }) => text)).toEqual(['3.5e-2', '1.0']);
  });
});
