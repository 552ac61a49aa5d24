/** A run's debate as the files of one format. Training sets hold training questions, and validation questions in a file of their own. */
import { ExportError } from '../core/errors';
import type { DatasetFormat } from './formats';
import { LeftOut, type LeftOutCounts } from './leftOut';
import { sampleLogs } from './lmEvalSamples';
import { preferenceRows } from './preference';
import { agentArkRows, promptRows } from './prompts';
import {
  answeredQuestions,
  trainingSplits,
  type Answered,
  type ExportedRun,
  type TrainingSplit,
} from './source';
import { stepwiseRows } from './stepwise';
import { messagesRows, sftRows, taughtStrategies, tracesOf } from './supervised';

export interface DatasetOptions {
  /** Whose traces `trl-sft` and `messages` hold; null: the first strategy's. */
  readonly strategy: string | null;
}

/** What came of an export, as the command prints it. */
export interface DatasetCounts {
  readonly format: DatasetFormat;
  /** Of `trl-sft` and `messages`: whose traces they are. */
  readonly strategy: string | null;
  readonly files: readonly { readonly path: string; readonly rows: number }[];
  readonly leftOut: LeftOutCounts;
}

export interface DatasetExport {
  readonly counts: DatasetCounts;
  /** Path to text: JSON Lines. */
  readonly files: ReadonlyMap<string, string>;
}

type TrainingFormat = Exclude<DatasetFormat, 'lm-eval'>;

/** Names by which datasets (the library), MLX-LM and Axolotl find the splits. */
const fileOf: Readonly<Record<TrainingSplit, string>> = { train: 'train.jsonl', validation: 'valid.jsonl' };

const lines = (rows: readonly object[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join('');

/** Why a format has no row. */
function nothing(format: DatasetFormat, name: string): ExportError {
  switch (format) {
    case 'trl-sft':
    case 'messages':
      return new ExportError(
        `${name} has no right and clean turn about a training question.`,
        'Let more agents debate, or allow traces with wrong steps in the settings.',
      );
    case 'preference':
      return new ExportError(
        `In ${name} no agent was both right and wrong on one training question: there is no pair.`,
        'Hold a debate of more rounds, or sample at a higher temperature.',
      );
    case 'prm':
      return new ExportError(
        `No turn of ${name} about a training question has a step that can be checked.`,
        'Steps are checked where they compute: use questions whose answers are worked out in equations.',
      );
    case 'grpo':
      return new ExportError(
        `No training question of ${name} has a right answer.`,
        'Use questions with answers, or labels by consensus.',
      );
    case 'agentark':
      return new ExportError(
        `${name} has no turn about a training question with a right answer.`,
        'Let the debate of its training questions end first.',
      );
    case 'lm-eval':
      return new ExportError(
        `${name} holds no answer of a student to a test question.`,
        'Let the run reach its evaluation first.',
      );
    default:
      return format satisfies never;
  }
}

/** The files of one format. Throws ExportError where the run has nothing for it, in words. */
export async function exportDataset(
  archive: ExportedRun,
  format: DatasetFormat,
  { strategy }: DatasetOptions = { strategy: null },
): Promise<DatasetExport> {
  const left = new LeftOut();
  const sets =
    format === 'lm-eval'
      ? await evaluationSets(archive, left)
      : trainingSets(archive, format, strategy, left).map(
          ({ split, rows }) => ({ path: fileOf[split], rows }) as const,
        );
  const kept = sets.filter(({ rows }) => rows.length > 0);
  if (kept[0]?.path !== sets[0]?.path || kept.length === 0) throw nothing(format, archive.run.name);
  const taught = format === 'trl-sft' || format === 'messages';
  return {
    counts: {
      format,
      strategy: taught ? (strategy ?? taughtStrategies(archive)[0] ?? 'rsft') : null,
      files: kept.map(({ path, rows }) => ({ path, rows: rows.length })),
      leftOut: left.counts,
    },
    files: new Map(kept.map(({ path, rows }) => [path, lines(rows)])),
  };
}

interface FileRows {
  readonly path: string;
  readonly rows: readonly object[];
}

async function evaluationSets(archive: ExportedRun, left: LeftOut): Promise<readonly FileRows[]> {
  const logs = await sampleLogs(archive);
  const arms = new Set(logs.map(({ arm }) => arm));
  left.add('no-student', (archive.report?.arms ?? []).filter(({ name }) => !arms.has(name)).length);
  const date = new Date(archive.run.createdAt).toISOString().replaceAll(':', '-').replace('Z', '000');
  return logs.map(({ arm, split, rows }) => ({
    path: `${arm.replace(/[^\w+-]+/g, '_')}/samples_arklet_${split}_${date}.jsonl`,
    rows,
  }));
}

/** The rows of both splits, those of training questions first. */
function trainingSets(
  archive: ExportedRun,
  format: TrainingFormat,
  strategy: string | null,
  left: LeftOut,
): readonly { readonly split: TrainingSplit; readonly rows: readonly object[] }[] {
  return trainingSplits.map((split) => {
    const answered = (): readonly Answered[] => {
      const found = answeredQuestions(archive, split);
      left.add('no-answer', found.without);
      return found.answered;
    };
    switch (format) {
      case 'trl-sft':
        return { split, rows: sftRows(tracesOf(archive, split, strategy, left)) };
      case 'messages':
        return { split, rows: messagesRows(tracesOf(archive, split, strategy, left)) };
      case 'preference':
        return { split, rows: preferenceRows(answered(), left) };
      case 'prm':
        return { split, rows: stepwiseRows(answered(), archive.run.config, left) };
      case 'grpo':
        return { split, rows: promptRows(answered()) };
      case 'agentark':
        return { split, rows: agentArkRows(answered(), left) };
      default:
        return format satisfies never;
    }
  });
}
