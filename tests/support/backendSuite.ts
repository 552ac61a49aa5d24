/** What every backend has to do: the op table against the f64 reference, the same bits in every batch, rows kept. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { encodeRows } from '../../src/compute/encode';
import { caseName, largestError, Maker, type OpCase } from '../../src/compute/opCase';
import type { Backend } from '../../src/compute/ops';
import { createReferenceBackend } from '../../src/compute/referenceBackend';
import { formats, opTable } from './opTable';

const reference = createReferenceBackend();
/** The reference's outputs, computed once for all backends of a file. */
const known = new Map<OpCase, Promise<Float32Array[]>>();

/** Holds a case against the reference: inside its tolerance, and no tensor left behind. */
export async function holdAgainstReference(backend: Backend, test: OpCase): Promise<void> {
  if (!known.has(test)) known.set(test, test.run(reference));
  const wanted = await known.get(test)!;
  const got = await test.run(backend);
  expect(largestError(got, wanted, test), caseName(test)).toBeLessThanOrEqual(1);
  expect(Object.keys(backend.ledger.byOwner()), caseName(test)).not.toContain('selftest');
}

/** For comparing bit by bit: -0 is not 0, and one NaN may equal another. */
export const bitsOf = ({ buffer, byteOffset, length }: Float32Array): Uint32Array =>
  new Uint32Array(buffer, byteOffset, length);

export interface NamedBackend {
  readonly name: string;
  /** Resolves with the reason where this machine has no such backend: its tests are skipped. */
  open(): Promise<Backend | string>;
}

/** `tables` is what all of these backends run. */
export function holdBackends(backends: readonly NamedBackend[], tables = opTable): void {
  describe.each(backends)('$name', ({ open }) => {
    let backend: Backend | string;
    beforeAll(async () => {
      backend = await open();
    });
    afterAll(() => {
      if (typeof backend !== 'string') backend.dispose();
    });
    const opened = ({ skip }: { skip(note: string): never }): Backend =>
      typeof backend === 'string' ? skip(backend) : backend;

    describe.each(Object.entries(tables))('%s equal the reference', (_, cases) => {
      test.for(cases.map((one) => [caseName(one), one] as const))('%s', async ([, one], context) => {
        await holdAgainstReference(opened(context), one);
      });
    });

    test.for([
      [64, 192],
      [65, 70],
      [600, 70],
    ] as const)(
      'a row from %i inputs to %i outputs has the same bits alone and among others',
      async (shape, context) => {
        const [inputs, outputs] = shape;
        const on = opened(context);
        const make = new Maker(on, 'bits');
        const weight = make.matrix('weight', outputs, inputs, 'f32');
        const bias = make.f32('bias', [outputs]);
        const group = make.lora([{ start: 3, count: 40, bRow: 0 }], 8, inputs);
        const b = make.f32('b', [3, inputs]);
        const values = make.values('x', 67 * inputs);
        const firstRow = async (rows: number): Promise<Uint32Array[]> => {
          const x = make.empty('x', [rows, inputs]);
          const u = make.empty('u', [rows, 8]);
          const y = make.empty('y', [rows, outputs]);
          const small = make.empty('small', [rows, 3]);
          on.write(x, values.subarray(0, rows * inputs));
          on.loraDown({ x, group, u, rows, inputs, mode: 'generate' });
          on.linear({ x, weight, y, rows, mode: 'generate', bias, lora: { ...group, u } });
          on.matmulNT({ x, b, y: small, rows, n: 3, k: inputs, mode: 'generate' });
          return [bitsOf(await on.read(y)), bitsOf(await on.read(small))];
        };
        const all = await firstRow(67);
        for (const rows of [1, 2, 3, 8, 13, 64]) {
          const part = await firstRow(rows);
          expect(part, `${rows} rows`).toEqual(all.map((bits, i) => bits.subarray(0, part[i]!.length)));
        }
        make.free();
      },
    );

    test.for(formats)(
      'rows of %s written piece by piece come back as they were stored',
      async (format, context) => {
        const on = opened(context);
        const [rows, cols] = [29, 11];
        const values = Float32Array.from({ length: rows * cols }, (_, i) => ((i * 37) % 101) / 50 - 1);
        const matrices = [on, reference].map((backend) => {
          const matrix = backend.matrix(rows, cols, format, { owner: 'test', label: 'w' });
          for (const [start, end] of [
            [3, 17],
            [0, 3],
            [17, 29],
          ] as const) {
            const part = encodeRows(values.slice(start * cols, end * cols), cols, format);
            backend.writeRows(matrix, start, end - start, part);
          }
          return matrix;
        });
        const got = await on.readRows(matrices[0]!, 2, 25);
        const wanted = await reference.readRows(matrices[1]!, 2, 25);
        expect(
          largestError([got], [wanted], { atol: 1e-30, rtol: format === 'q4' ? 3e-7 : 0 }),
        ).toBeLessThanOrEqual(1);
        on.releaseMatrix(matrices[0]!);
        reference.releaseMatrix(matrices[1]!);
      },
    );
  });
}
