import { expect, it } from 'vitest';
import { repeatableAs } from '../../../src/job/repeatable';

const gpu = { backend: 'webgpu', device: 'nvidia ada-lovelace' } as const;
const software = { backend: 'webgpu', device: 'google swiftshader' } as const;
const cpu = { backend: 'wasm', device: 'WASM SIMD, 1 thread, FMA' } as const;

it.each([
  [true, cpu, true, 'bytes'],
  [true, software, true, 'bytes'],
  [true, gpu, false, 'bytes'],
  [true, gpu, true, 'forms'],
  [false, cpu, true, 'settings'],
  [false, gpu, true, 'settings'],
] as const)('all turns by our engine: %s, on %o, trained: %s gives %s', (onEngine, device, trained, how) => {
  expect(repeatableAs(onEngine, device, trained)).toBe(how);
});
