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
  ];
}
