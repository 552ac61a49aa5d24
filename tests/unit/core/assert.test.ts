import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { createReferenceBackend } from '../../../src/compute/referenceBackend';
import { createWasmBackend } from '../../../src/compute/wasmBackend';
import { AssertionError } from '../../../src/core/assert';
import { asArkletError, errorFromData } from '../../../src/core/errors';

const at = { owner: 'test', label: 'x' };
const source = resolve(import.meta.dirname, '../../../src');

it.each([
  ['the reference backend', () => Promise.resolve(createReferenceBackend())],
  ['the WASM backend', () => createWasmBackend()],
])('a mistake in the use of %s fails an assertion, which is told as an internal error', async (_, make) => {
  const backend = await make();
  const x = backend.tensor([4], at);
  const y = backend.tensor([8], at);
  const matrix = backend.matrix(2, 4, 'f32', at);
  expect(() => backend.copy({ x: y, y: x })).toThrow(AssertionError);
  expect(() => backend.writeRows(matrix, 1, 2, { format: 'f32', values: new Float32Array(8) })).toThrow(
    AssertionError,
  );
  expect(() => backend.writeRows(matrix, 0, 2, { format: 'f16', values: new Uint16Array(8) })).toThrow(
    AssertionError,
  );
  backend.release(x);
  let thrown: unknown = null;
  try {
    backend.fill({ x, value: 0 });
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(AssertionError);
  // As it arrives on the other side of a worker: no kind of error that a user could act on.
  expect(errorFromData(asArkletError(thrown).toData())).toMatchObject({
    code: 'internal',
    message: 'x was released and is used again.',
    details: { unexpected: true },
  });
});

it('no error of a user asks to be reported: only errors.ts says so, of what is internal', () => {
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.ts') && !file.startsWith(join('ui', 'strings')),
  );
  expect(files.length).toBeGreaterThan(200);
  const asking = files.filter((file) =>
    /'[^']*\b[Rr]eport (this|it)\b/.test(readFileSync(join(source, file), 'utf8')),
  );
  // WebGPU's own complaint about a call comes as an event, after the call.
  expect(asking.sort()).toEqual([join('core', 'errors.ts'), join('gpu', 'device.ts')]);
});
