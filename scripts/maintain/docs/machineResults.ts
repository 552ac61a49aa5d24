/** The section of docs/results.md on the machine code of the kernels. */
import type { FormCode, Machine } from '../../isa/types';
import type { Results } from './results';
import { count, table } from './words';

/** The largest figures of the forms in use of one kernel, by the size of a head. */
function worst({ kernels }: Machine, name: string, head: string): string {
  const forms = kernels.filter(
    ({ key, hot }) => hot && key.split(' ')[0] === name && key.includes(` HEAD4=${Number(head) / 4}`),
  );
  const most = (of: (form: FormCode) => number): number => Math.max(...forms.map(of));
  if (forms.length === 0) return '';
  return `${most((form) => form.vgprs)} / ${count(most((form) => form.spilled))} / ${count(most((form) => form.ms))}`;
}

const attention = ['attention', 'attentionPaged', 'attentionBackwardQuery', 'attentionBackwardKey'];
const heads = ['16', '64', '128', '256'];

function summary({ family, driver, kernels }: Machine): string {
  const hot = kernels.filter((form) => form.hot);
  const spilling = hot.filter(({ spilled }) => spilled > 0).length;
  const wide = hot.filter(({ vgprs }) => vgprs > 128).length;
  const slow = hot.filter(({ ms }) => ms > 500).length;
  return `- ${family} (${driver}): of ${hot.length} forms in use ${spilling} spill, ${wide} take more than 128 registers, ${slow} more than 500 ms to compile.`;
}

const bytesOf = { f32: 4, f16: 2, bf16: 2, q8: 1.0625, q4: 0.625 } as const;

/** Bytes that 1,000 multiply-adds of a tile read: x or dy in f32 and weights as they are stored there. */
const bytes = (rows: number, columns: number, weight: number): string =>
  count((1000 * (4 * rows + weight * columns)) / (rows * columns));

/** What a form of a product reads for its multiply-adds, by the constants of its tile. */
function readsOf(key: string): { global: string; workgroup: string } {
  const constant = (name: string): number => Number(new RegExp(` ${name}=(\\d+)`).exec(key)?.[1] ?? 1);
  const format = Object.entries(bytesOf).find(([name]) => key.split(' ')[1] === name);
  const weight = format?.[1] ?? 4;
  const [rows, columns] = [constant('ROWS'), 4 * constant('QUADS')];
  if (!key.includes(' SHARED')) return { global: bytes(rows, columns, weight), workgroup: '' };
  return {
    global: bytes(rows * constant('DOWN'), columns * constant('ACROSS'), weight),
    workgroup: bytes(rows, columns, key.includes(' HALF') ? 2 : 4),
  };
}

const threads = {
  usual: 'VEC4 OUT4 ROWS=4 QUADS=2 WORKGROUP=64',
  reply: 'VEC4 OUT4 ROWS=4 QUADS=1 WORKGROUP=64',
};
const trained = 'VEC4 OUT4 ROWS=8 TALL=2 QUADS=2 ACROSS=8 DOWN=8';
const chains = 'VEC4 OUT4 ROWS=4 TALL=1 QUADS=2 ACROSS=8 DOWN=16';
const quants = 'VEC4 OUT4 ROWS=4 TALL=1 QUADS=1 ACROSS=16 DOWN=16';
/** Work of many rows, and its form before and now. */
const products = [
  ['prefill f16', `linear f16 ${threads.reply}`, `linear f16 SHARED HALF CHAINS ${chains}`],
  ['prefill q8', `linear q8 ${threads.reply}`, `linear q8 SHARED CHAINS QUANTS ${quants}`],
  ['prefill q4', `linear q4 ${threads.reply}`, `linear q4 SHARED CHAINS QUANTS MINIMA ${quants}`],
  ['training f16', `linear f16 ${threads.usual}`, `linear f16 SHARED HALF ${trained}`],
  ['training q4', `linear q4 ${threads.usual}`, `linear q4 SHARED ${trained}`],
  ['its gradient f16', `linearBackward f16 ${threads.usual}`, `linearBackward f16 SHARED HALF ${trained}`],
  ['its gradient q4', `linearBackward q4 ${threads.usual}`, `linearBackward q4 SHARED ${trained}`],
] as const;

/** Linears of many rows: tiles of a thread before, of a workgroup now. */
function productTable(before: readonly Machine[], after: readonly Machine[]): string {
  const figures = (machines: readonly Machine[], key: string): string =>
    machines
      .map(({ family, kernels }) => {
        const form = kernels.find((one) => one.key === key);
        if (!form) throw new Error(`The results of isa have no ${key} on ${family}.`);
        return `${form.vgprs} / ${form.occupancy}`;
      })
      .join(', ');
  return table(
    [
      'work',
      'registers / subgroups before',
      'now',
      'bytes of global memory before',
      'now',
      'of workgroup memory now',
    ],
    products.map(([work, old, now]) => [
      work,
      figures(before, old),
      figures(after, now),
      readsOf(old).global,
      readsOf(now).global,
      readsOf(now).workgroup,
    ]),
  );
}

export function machineSection(results: Results): string[] {
  const before = results.read<readonly Machine[]>('isa-before');
  const after = results.has('isa') ? results.read<readonly Machine[]>('isa') : null;
  const rows = attention.flatMap((name) =>
    heads.map((head) => [
      `\`${name}\` ${head}`,
      ...before.result.flatMap((machine, i) => [
        worst(machine, name, head),
        ...(after?.result[i] ? [worst(after.result[i], name, head)] : []),
      ]),
    ]),
  );
  const columns = before.result.flatMap(({ family }) =>
    after ? [`${family} before`, `${family} now`] : [family],
  );
  return [
    '## Machine code of the kernels',
    'From `npm run -s isa`: every form that decoding, prefill and training of eight model shapes run, compiled by Mesa for two AMD GPUs that ' +
      'are not there. Registers and spills are what such a GPU would execute; no time was measured on one.',
    ...(after ? ['Before:', before.result.map(summary).join('\n'), 'Now:'] : []),
    (after ?? before).result.map(summary).join('\n'),
    'Attention by the size of a head: vector registers / spilled registers / CPU milliseconds to compile, the worst of its forms in use.',
    table(['kernel and head', ...columns], rows),
    ...(after
      ? [
          'Linears of many rows, in the tiles that large shapes get: vector registers / subgroups that a SIMD holds, on navi23 and gfx1100, and ' +
            'the bytes that 1,000 multiply-adds ask for, counted from the tile: of global memory (before, each thread’s own reads through the ' +
            'caches), and of workgroup memory.',
          productTable(before.result, after.result),
        ]
      : []),
  ];
}
