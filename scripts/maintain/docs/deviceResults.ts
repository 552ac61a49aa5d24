/** The section of docs/results.md on what the engine asks of a GPU, as counted without one. */
import type { CountsReport, StepCounts } from '../../counts';
import type { Results } from './results';
import { count, origin, table } from './words';

interface Counted {
  readonly command: string;
  readonly before: CountsReport & { readonly commit: string };
  readonly after: CountsReport;
}

const steps = {
  decode: 'a token',
  decode64: 'a step of 64 sequences',
  train: 'a training step of 4 x 128',
} as const;

export function deviceSections(results: Results): string[] {
  const counted = results.read<Counted>('counts');
  const { command, before, after } = counted.result;
  const both = (pick: (report: CountsReport) => number | undefined): string[] =>
    [before, after].map((report) => {
      const value = pick(report);
      return value === undefined ? '' : value >= 1000 ? count(value) : String(value);
    });
  const change = (pick: (report: CountsReport) => number | undefined): string => {
    const [old = '', now = ''] = both(pick);
    return old === now ? now : `${old} to ${now}`;
  };
  const of = (name: string, work: keyof typeof steps, key: keyof StepCounts) => (report: CountsReport) =>
    report.models.find((model) => model.name === name)?.[work][key];
  return [
    '## What a GPU is asked for',
    // No demonstration of `npm run prove`: its first line is left out.
    origin(counted, { command, what: `a count, not a measurement; before = commit ${before.commit}` })
      .split('\n')
      .slice(1)
      .join('\n'),
    counted.note ?? '',
    table(
      ['model', 'work', 'dispatches', 'submits', 'reads', 'bytes read', 'ms of JavaScript'],
      after.models.flatMap(({ name, format }) =>
        (Object.keys(steps) as (keyof typeof steps)[]).map((work) => [
          `${name} ${format}`,
          steps[work],
          ...(['dispatches', 'submits', 'reads', 'bytesRead', 'jsMs'] as const).map((key) =>
            change(of(name, work, key)),
          ),
        ]),
      ),
    ),
    'The longest submit on a virtual device of a given effective speed, where each dispatch takes the time of its operations; a submit cannot be interrupted, and Windows ends a device after two seconds:',
    table(
      ['GFLOP/s', 'work', 'before, ms', 'after, ms'],
      after.longestSubmitMs.map(({ gflops, work, ms }) => [
        count(gflops),
        work,
        String(before.longestSubmitMs.find((one) => one.gflops === gflops && one.work === work)?.ms ?? ''),
        String(ms),
      ]),
    ),
  ];
}
