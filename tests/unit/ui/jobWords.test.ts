import { describe, expect, it } from 'vitest';
import type { DeviceFact } from '../../../src/records/device';
import { datasetText, deviceText, progressText } from '../../../src/ui/strings/job';
import type { ProgressDetail } from '../../../src/wire/progress';

describe('what a job is at', () => {
  const details: readonly [ProgressDetail | null, string][] = [
    [null, ''],
    [{ kind: 'debate' }, 'debate'],
    [{ kind: 'samples' }, 'independent samples'],
    [{ kind: 'equal-token-samples' }, 'independent samples at equal tokens'],
    [{ kind: 'zero-shot-samples' }, 'vote without shots'],
    [{ kind: 'summariser' }, 'summariser'],
    [{ kind: 'single-greedy' }, 'one agent alone, greedy'],
    [{ kind: 'training', strategy: 'rsft', seed: 0, seeds: 1 }, 'rsft'],
    [{ kind: 'training', strategy: 'rsft', seed: 1, seeds: 3 }, 'rsft, seed 2 of 3'],
    [
      {
        kind: 'training',
        strategy: 'pad',
        seed: 0,
        seeds: 1,
        note: { kind: 'judging-steps', done: 3, total: 9 },
      },
      'pad: judging steps, 3 of 9',
    ],
    [{ kind: 'arm', arm: 'distilled:rsft', seed: 0 }, 'distilled:rsft'],
    [{ kind: 'arm', arm: 'distilled:rsft', seed: 2 }, 'distilled:rsft, seed 2'],
    [{ kind: 'check', arm: 'base', seed: 0 }, 'base checks itself'],
  ];

  it.each(details)('%j is "%s" to the command', (detail, text) => {
    expect(progressText(detail)).toBe(text);
  });

  it('has the page’s names for arms and strategies', () => {
    const names = { arm: (name: string) => `arm ${name}`, strategy: (name: string) => `way ${name}` };
    expect(progressText({ kind: 'check', arm: 'base', seed: 0 }, names)).toBe('arm base checks itself');
    expect(progressText({ kind: 'training', strategy: 'da', seed: 0, seeds: 2 }, names)).toBe(
      'way da, seed 1 of 2',
    );
  });
});

describe('why a run computes where it does', () => {
  const facts: readonly [readonly DeviceFact[], string][] = [
    [[], ''],
    [[{ kind: 'asked', backend: 'webgpu' }], 'WebGPU was asked for.'],
    [
      [
        { kind: 'asked', backend: 'cpu' },
        { kind: 'threads', sequences: 32, one: 0.02, all: 0.0123, threads: 4 },
      ],
      'The CPU was asked for. A step of 32 sequences took 20.0 ms with 1 thread and 12.3 ms with 4.',
    ],
    [
      [
        { kind: 'measured', sequences: 32, webgpu: 0.001, cpu: 0.03 },
        { kind: 'tests', passed: 30, left: 0, seconds: 1.26 },
      ],
      'Measured on this machine: a step of 32 sequences took 1.00 ms on WebGPU and 30.0 ms on the CPU. 30 tests of its kernels passed in 1.3 s.',
    ],
    [[{ kind: 'no-webgpu', message: 'No adapter.' }], 'No adapter: running on the CPU.'],
    [
      [
        {
          kind: 'wrong-kernels',
          device: 'Some GPU',
          kernels: [
            { kernel: 'attention', error: 7 },
            { kernel: 'linear', error: null },
          ],
        },
      ],
      'Some GPU computes wrong numbers in attention (7.0 x its bound), linear (no numbers): the CPU is used.',
    ],
    [[{ kind: 'left-out', variants: ['linear 8x8'] }], 'Left out, because wrong here: linear 8x8.'],
    [[{ kind: 'text', text: 'As an older version said it.' }], 'As an older version said it.'],
  ];

  it.each(facts)('%j', (told, text) => {
    expect(deviceText(told)).toBe(text);
  });
});

it('a dataset is one line, with what was dropped only where something was', () => {
  expect(datasetText({ strategy: 'rsft', kept: 1, dropped: {} })).toBe('rsft: 1 trace');
  expect(datasetText({ strategy: 'da', kept: 20, dropped: { 'wrong-trace': 3, 'near-duplicate': 1 } })).toBe(
    'da: 20 traces; dropped: wrong traces: 3, near-duplicate traces: 1',
  );
});
