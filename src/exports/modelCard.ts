/** README.md of an adapter: what it was taught, with which seed, what it reached, and on which base. As the hub reads model cards. */
import { armLabel, trainingOf } from '../eval/arm';
import { percent, table } from '../eval/markdownTable';
import type { Report } from '../records/records';
import type { RunRecord } from '../records/runRecords';
import { readSpec } from '../specs/spec';

export interface CardOf {
  readonly run: Pick<RunRecord, 'id' | 'name' | 'config'>;
  /** Null where the run has none yet. */
  readonly report: Report | null;
  readonly strategy: string;
  /** Index of the distillation seed. */
  readonly seed: number;
}

/** The base on the hub, and its commit or revision; null for a model from elsewhere. */
function hubBase(student: string, report: Report | null): { repo: string; revision: string } | null {
  const spec = readSpec(student);
  if (spec?.runtime !== 'engine' || spec.place !== 'hub') return null;
  return { repo: spec.repo, revision: report?.commits?.[student] ?? spec.revision };
}

/** Arms that say what a student is worth: it, its base, the best agent and the debate. */
function figures({ strategy, seed, report }: CardOf): string | null {
  if (!report) return null;
  const arms =
    seed === 0
      ? report.arms
      : [
          ...report.arms.filter(({ name }) => trainingOf(name) === null),
          ...(report.seeds.find((one) => one.seed === seed)?.arms ?? []),
        ];
  const wanted = ['base', 'single', 'single-greedy', 'debate'];
  const rows = arms
    .filter(({ name }) => wanted.includes(name) || trainingOf(name) === strategy)
    .map(({ name, accuracy, ci: [lo, hi], n }) => [
      armLabel(name),
      percent(accuracy),
      `${percent(lo)} to ${percent(hi)}`,
      String(n),
    ]);
  if (rows.length === 0) return null;
  return table(['arm', 'accuracy on the test questions', '95 % interval (Wilson)', 'n'], rows);
}

function training({ run: { config }, report, strategy }: CardOf): readonly string[] {
  const data = Object.entries(report?.datasets ?? {}).find(([arm]) => trainingOf(arm) === strategy)?.[1];
  const questions = config.trainFile ?? config.questions;
  return [
    `- Traces: ${data ? data.kept : 'not counted'}, of strategy ${strategy}, labels ${config.labels}, from a ${config.protocol} of ${config.nAgents} agents (${config.agents.join(', ')}).`,
    `- Questions: ${questions ?? 'generated word problems'}${report ? `, ${report.splits['train'] ?? 0} for training and ${report.splits['test'] ?? 0} for the test` : ''}.`,
    `- LoRA: rank ${config.rank}, alpha ${config.alpha}; ${config.steps} steps at most of ${config.batch} rows, learning rate ${config.lr}, ${config.warmup} of warm-up.`,
  ];
}

export function modelCard(card: CardOf): string {
  const { run, report, strategy, seed } = card;
  const { config } = run;
  const base = hubBase(config.student, report);
  const head = [
    '---',
    ...(base ? [`base_model: ${base.repo}`] : []),
    'library_name: peft',
    'pipeline_tag: text-generation',
    'tags:',
    '- lora',
    '- distillation',
    '---',
  ];
  const reached = figures(card);
  return `${[
    ...head,
    '',
    `# ${run.name}: ${strategy}, seed ${seed}`,
    '',
    `A LoRA adapter on ${base ? `[${base.repo}](https://huggingface.co/${base.repo}), revision \`${base.revision}\`` : `\`${config.student}\``}, distilled from a debate with Arklet${report ? ` ${report.environment.arklet}` : ''}.`,
    '',
    '## Training',
    '',
    ...training(card),
    `- Seed of the run: ${config.seed}; distillation seed: ${seed}; run: ${run.id}.`,
    '',
    '## Figures',
    '',
    reached ?? 'The run has not been evaluated.',
    '',
    ...(report ? [`Measured with ${deviceOf(report.environment)} (${report.environment.backend}).`, ''] : []),
    'It was trained to answer such questions in the asked-for form, and for nothing else.',
  ].join('\n')}\n`;
}

/** Without the number of threads, which a machine may choose differently in the next run. */
function deviceOf({ device }: { readonly device: string }): string {
  return device.replace(/, \d+ threads?\b/, '');
}
