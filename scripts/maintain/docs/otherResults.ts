/** The sections of docs/results.md on speed, on the page, and on other engines and browsers. */
import type { ArmResult } from '../../../src/records/records';
import type { Result, Results } from './results';
import { count, duration, origin, table } from './words';

interface Bench {
  readonly command: string;
  readonly device: string;
  readonly rounds: number;
  readonly matmulRounds?: number;
  readonly dispatchesPerStep?: number;
  readonly peakBytes?: Readonly<Record<string, Readonly<Record<'decode' | 'train', number>>>>;
  readonly rows: readonly {
    readonly work: string;
    readonly contender: string;
    readonly unit: string;
    readonly better: 'higher' | 'lower';
    readonly median: number;
  }[];
}

const figure = (value: number): string => (value >= 1000 ? count(value) : String(value));

function benchTable({ rows }: Bench): string {
  const contenders = [...new Set(rows.map(({ contender }) => contender))];
  const works = [...new Set(rows.map(({ work }) => work))];
  return table(
    ['work', 'unit', ...contenders.map((name) => `\`${name}\``)],
    works.map((work) => {
      const own = rows.filter((row) => row.work === work);
      const [{ unit, better } = { unit: '', better: 'higher' }] = own;
      const values = contenders.map((name) => {
        const found = own.find(({ contender }) => contender === name);
        return found ? figure(found.median) : '';
      });
      return [`\`${work}\``, better === 'lower' ? `${unit} (lower is better)` : unit, ...values];
    }),
  );
}

/** A result that another command than `npm run prove` makes. */
function made(result: Result<unknown>, command: string, what: string, device?: string): string {
  const text = origin(result, { command, what, ...(device !== undefined && { device }) });
  return text.split('\n').slice(1).join('\n');
}

function speed(results: Results): string[] {
  const bundled = results.read<Bench>('bench');
  const smollm2 = results.read<Bench>('bench-smollm2');
  const peaks = Object.entries(smollm2.result.peakBytes ?? {}).map(
    ([name, { decode, train }]) =>
      `\`${name}\` ${count(decode / 1e6)} MB decoding and ${count(train / 1e6)} MB training`,
  );
  const { rounds, matmulRounds, dispatchesPerStep, command, device } = bundled.result;
  return [
    '## Speed',
    made(bundled, command, `${rounds} rounds, matmul ${matmulRounds}`, device),
    bundled.note ?? '',
    benchTable(bundled.result),
    `A LoRA step of the bundled size (32 x 80 tokens) takes ${dispatchesPerStep} dispatches.`,
    '## Speed with SmolLM2-135M',
    made(
      smollm2,
      smollm2.result.command,
      `${smollm2.result.rounds} rounds; a LoRA step has 2 x 64 tokens`,
      smollm2.result.device,
    ),
    smollm2.note ?? '',
    benchTable(smollm2.result),
    `Peak bytes of our backends: ${peaks.join('; ')}.`,
  ];
}

function page(results: Results): string[] {
  interface Delay {
    readonly ratio: number;
    readonly ratios: readonly number[];
    readonly bound: number;
  }
  interface Perf {
    readonly command: string;
    readonly firstPaint: {
      readonly median: number;
      readonly bound: number;
      readonly values: readonly number[];
    };
    readonly firstTurn: {
      readonly median: number;
      readonly bound: number;
      readonly values: readonly number[];
    };
    readonly delay: Delay;
    readonly training: Delay;
    readonly scroll: Delay;
  }
  const result = results.read<Perf>('perf');
  const { command, firstPaint, firstTurn, delay, training, scroll } = result.result;
  const range = (values: readonly number[], digits: number): string =>
    `${Math.min(...values).toFixed(digits)} to ${Math.max(...values).toFixed(digits)}`;
  const seconds = { 'first paint, s': firstPaint, 'first turn of a run, s': firstTurn };
  const delays = { scrolling: scroll, training, 'the debate': delay };
  return [
    '## How the page feels',
    origin(result, {
      command,
      what: 'engine on one of 2 cores; n = 5 rounds beside an empty virtual list under the same job',
    }),
    table(
      ['figure', 'median', 'rounds', 'bound'],
      [
        ...Object.entries(seconds).map(([name, { median, values, bound }]) => [
          name,
          median.toFixed(1),
          range(values, 1),
          String(bound),
        ]),
        ...Object.entries(delays).map(([name, { ratio, ratios, bound }]) => [
          `main-thread delay, ${name}, times the empty list's`,
          ratio.toFixed(2),
          range(ratios, 2),
          String(bound),
        ]),
      ],
    ),
    'Debates are shown five times a second and counts twice, and nothing on the page blinks by an animation: a caret that did kept every frame busy.',
  ];
}

function elsewhere(results: Results): string[] {
  interface Webllm {
    readonly command: string;
    readonly seconds: number;
    readonly version: string;
    readonly device: string;
    readonly turns: number;
    readonly pass: boolean;
  }
  interface Firefox {
    readonly command: string;
    readonly browser: string;
    readonly tests: number;
    readonly failed: readonly unknown[];
    readonly job: {
      readonly seconds: number;
      readonly backend: string;
      readonly arms: readonly Pick<ArmResult, 'name' | 'correct' | 'n'>[];
    };
  }
  interface Kit {
    readonly command: string;
    readonly files: number;
    readonly bytes: number;
    readonly seconds: number;
  }
  const webllm = results.read<Webllm>('check-webllm');
  const firefox = results.read<Firefox>('firefox-webgpu');
  const kit = results.read<Kit>('kit');
  const { job, browser, tests, failed } = firefox.result;
  const arms = job.arms.map(({ name, correct, n }) => `\`${name}\` ${correct} of ${n}`);
  return [
    '## WebLLM',
    made(
      webllm,
      webllm.result.command,
      `n = ${webllm.result.turns} turns; ${duration(webllm.result.seconds)}`,
      webllm.result.device,
    ),
    `The whole chain ${webllm.result.pass ? 'passed' : 'FAILED'} with the real WebLLM ${webllm.result.version} and its compiled Qwen2-0.5B library on the software adapter, with noise weights.`,
    '## Firefox',
    origin(firefox, {
      command: 'npm run prove -- --only firefox-webgpu',
      what: `every kernel, and a job of ${job.arms[0]?.n ?? 0} test questions (${duration(job.seconds)}, ${job.backend})`,
      device: browser,
    }),
    `${tests - failed.length} of ${tests} kernels pass. The job: ${arms.join(', ')}; it shows that it runs.`,
    '## The kit',
    origin(kit, {
      command: kit.result.command,
      what: `a folder of ${kit.result.files} files, ${count(kit.result.bytes / 1e6)} MB`,
    }),
    `The small job runs from the folder with every other address blocked (${duration(kit.result.seconds)}), and a changed byte is named.`,
  ];
}

export function otherSections(results: Results): string[] {
  return [...speed(results), ...page(results), ...elsewhere(results)];
}
