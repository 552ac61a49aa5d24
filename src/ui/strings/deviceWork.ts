/** Words of the kernel validation and of the bench, which come with their panel. */
import { formatCount, formatSeconds } from '../format';

export const strings = {
  gpu: {
    title: 'Kernel validation',
    what: 'Runs every kernel on this device and compares it with a plain 64-bit reference.',
    run: 'Validate on the GPU',
    runCpu: 'Validate on the CPU',
    stop: 'Stop',
    busy: 'A run is in progress. Validate when it has ended.',
    running: (done: number): string => `${formatCount(done)} kernels validated …`,
    passed: (count: number, device: string): string => `All ${formatCount(count)} tests pass on ${device}.`,
    failed: (count: number, all: number, device: string): string =>
      `${formatCount(count)} of ${formatCount(all)} tests fail on ${device}.`,
    failedHint:
      'Runs leave out the failing variant, or use the CPU. Please report it with the copied report.',
    copy: 'Copy the report',
    copied: 'Copied',
    columns: {
      kernel: 'Kernel, variant',
      shape: 'Shape',
      error: 'Error / bound',
      time: 'ms',
      verdict: 'Result',
    },
    pass: 'pass',
    fail: 'FAIL',
    progress: 'Progress of the validation',
    all: 'Show every test',
  },

  bench: {
    title: 'Bench this device',
    what: 'Measures kernels, and whole models on random weights: gigabytes and tokens a second, what a read-back takes. Some minutes; the figures stay on this machine.',
    run: 'Bench the GPU',
    runCpu: 'Bench the CPU',
    stop: 'Stop',
    busy: 'A run is in progress. Bench when it has ended.',
    running: (done: number): string => `${formatCount(done)} figures measured …`,
    progress: 'Progress of the bench',
    done: (device: string, seconds: number): string => `${device}, measured in ${formatSeconds(seconds)}.`,
    copy: 'Copy as JSON',
    copied: 'Copied',
    save: 'Save as JSON',
    readBack: (ms: string): string => `A read-back takes ${ms} ms (median).`,
    longest: (ms: string): string => `The longest submit took ${ms} ms.`,
    models: { title: 'Models on random weights', model: 'Model', work: 'Work', speed: 'Tokens/s' },
    kernels: {
      title: 'Kernels',
      kernel: 'Kernel',
      shape: 'Shape',
      ms: 'ms',
      gflops: 'GFLOP/s',
      gbps: 'GB/s',
    },
    works: {
      decode: 'Generation, 1 reply',
      'decode of 64': 'Generation, 64 replies',
      'prefill of 512': 'Reading 512 tokens',
      'training, 4 x 128': 'Training, 4 × 128 tokens',
    },
    skipped: { slow: 'left out: too slow here', memory: 'does not fit into memory' },
  },
} as const;
