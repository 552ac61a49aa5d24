/** Traces for supervised fine-tuning: prompt and completion (TRL), or whole conversations (MLX-LM, Axolotl, Unsloth). */
import { ExportError } from '../core/errors';
import { rsft } from '../distil/rsft';
import type { Dataset, Trace } from '../records/records';
import { inTrainingOrder } from '../records/trainings';
import type { LeftOut } from './leftOut';
import type { MessagesRow, SftRow } from './rows';
import { distilInput, type ExportedRun, type TrainingSplit } from './source';

/** What a reward model learns from holds wrong replies too. */
const isJudged = ({ strategy }: Dataset): boolean => /(^|-|\+)pad$|^reward-/.test(strategy);

/** Names of the run's data sets for supervised fine-tuning, its own strategies first. */
export function taughtStrategies({ run, datasets }: ExportedRun): readonly string[] {
  const taught = datasets.filter((one) => one.traces.length > 0 && !isJudged(one));
  return inTrainingOrder(taught, run.config).map(({ strategy }) => strategy);
}

/**
 * The traces of a split. Of training questions: those that the strategy was trained on or, where the run has none, what RSFT takes of
 * its turns; of validation questions always that. Throws ExportError for a strategy that the run has not.
 */
export function tracesOf(
  archive: ExportedRun,
  split: TrainingSplit,
  strategy: string | null,
  left: LeftOut,
): readonly Trace[] {
  const names = taughtStrategies(archive);
  if (strategy !== null && !names.includes(strategy))
    throw new ExportError(
      `${archive.run.name} has no traces of "${strategy}".`,
      names.length === 0 ? 'It has no data set of a strategy.' : `It has those of ${names.join(', ')}.`,
    );
  const input = distilInput(archive, split);
  const stored = archive.datasets.find((one) => one.strategy === (strategy ?? names[0]));
  const known = new Set(input.questions.map(({ id }) => id));
  const traces = split === 'train' && stored ? stored.traces : rsft(input).traces;
  const kept = traces.filter(({ questionId }) => known.has(questionId));
  left.add('no-trace', known.size - new Set(kept.map(({ questionId }) => questionId)).size);
  return kept;
}

const said = (trace: Trace): { role: 'assistant'; content: string } => ({
  role: 'assistant',
  content: trace.target,
});

export function sftRows(traces: readonly Trace[]): SftRow[] {
  return traces.map((trace) => ({
    prompt: [...trace.messages],
    completion: [said(trace)],
    question_id: trace.questionId,
  }));
}

export function messagesRows(traces: readonly Trace[]): MessagesRow[] {
  return traces.map((trace) => ({
    messages: [...trace.messages, said(trace)],
    question_id: trace.questionId,
    ...(trace.weight !== undefined && { weight: trace.weight }),
  }));
}
