/** The forms that a software adapter does not take by itself: attention, cross-entropy and LoRA by workgroups with barriers. */
import { describe, expect, test } from 'vitest';
import { caseName, Maker } from '../../src/compute/opCase';
import { bitsOf, holdAgainstReference } from '../support/backendSuite';
import { attentionTable, crossEntropyTable, loraPairTable, loraTable } from '../support/opTable';
import { dawnDevice } from '../support/dawnDevice';

const opened = dawnDevice({ attention: 'split', crossEntropy: 'row', lora: 'split' });

describe.each([
  ['attention by tiles', attentionTable],
  ['cross-entropy by rows', crossEntropyTable],
  ['LoRA by shared sums', loraTable],
  ['LoRA of two linears in a dispatch', loraPairTable],
])('%s equals the reference', (_, cases) => {
  test.for(cases.map((one) => [caseName(one), one] as const))(
    '%s',
    { timeout: 300_000 },
    async ([, one], context) => {
      await holdAgainstReference(opened(context), one);
    },
  );
});

test.for([
  ['short', 0, 4],
  ['some split over workgroups', 505, 16],
] as const)(
  'a sequence has the same bits alone, among 8 and among 80 whose rows share workgroups: %s',
  { timeout: 300_000 },
  async ([, from, blockSize], context) => {
    const on = opened(context);
    const heads = { heads: 4, kvHeads: 2, headDim: 16 };
    const [sequencesInAll, length] = [80, 13];
    const maxBlocks = Math.ceil((from + length) / blockSize);
    const make = new Maker(on, 'a sequence alone');
    const width = (heads.heads + 2 * heads.kvHeads) * heads.headDim;
    const rowsInAll = sequencesInAll * length;
    const values = make.values('qkv', rowsInAll * width, 2);
    const qkv = make.empty('qkv', [rowsInAll, width]);
    const cached = [sequencesInAll * maxBlocks * blockSize, heads.kvHeads * heads.headDim];
    const kCache = make.f32('k cache', cached);
    const vCache = make.f32('v cache', cached);
    const blocks = Array.from({ length: sequencesInAll * maxBlocks }, (_, i) => i);
    const blockTable = make.u32('block table', [sequencesInAll, maxBlocks], blocks);
    /** Rows of the first `count` sequences: one after another, or position by position. */
    const attended = async (count: number, interleaved: boolean): Promise<Uint32Array[]> => {
      const rows = count * length;
      const place = (row: number): readonly [number, number] =>
        interleaved ? [row % count, Math.floor(row / count)] : [Math.floor(row / length), row % length];
      const places = Array.from({ length: rows }, (_, row) => place(row));
      const sequences = make.u32('sequences', [rows], places.map(([sequence]) => sequence)); // prettier-ignore
      const positions = make.u32('positions', [rows], places.map(([, position]) => from + position)); // prettier-ignore
      const out = make.empty('out', [rows, heads.heads * heads.headDim]);
      places.forEach(([sequence, position], row) => {
        const at = (sequence * length + position) * width;
        on.write(qkv, values.subarray(at, at + width), row * width);
      });
      on.attentionPaged({
        ...heads,
        qkv,
        kCache,
        vCache,
        sequences,
        positions,
        blockTable,
        out,
        rows,
        maxBlocks,
        blockSize,
      });
      const all = bitsOf(await on.read(out));
      const each = heads.heads * heads.headDim;
      return Array.from({ length }, (_, position) => {
        const row = places.findIndex(([sequence, at]) => sequence === 0 && at === position);
        return all.slice(row * each, (row + 1) * each);
      });
    };
    const alone = await attended(1, false);
    for (const count of [8, 80])
      for (const interleaved of [false, true])
        expect(await attended(count, interleaved), `${count} sequences`).toEqual(alone);
    const forms = on.recorder.pipelines.compiled.map(({ key }) => key);
    const form = (together: number): RegExp =>
      new RegExp(`^attentionPaged .*${from > 0 ? 'SPLIT.*' : ''}HEAD4=4 .*TOGETHER=${together}`);
    for (const together of [1, 4]) expect(forms.filter((key) => form(together).test(key))).not.toEqual([]);
    make.free();
  },
);
