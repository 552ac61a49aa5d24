/** Step labels of traces: by the task's checker, or by continuations that are stored as they come. */
import { ConfigError } from '../core/errors';
import type { Question, Turn } from '../core/records';
import { hashKey } from '../core/rng';
import type { StepLabel } from '../distill/pad/labels';
import { continuationLabels, type ContinuationRecord } from '../distill/pad/monteCarlo';
import type { LabelledTrace } from '../distill/pad/rewardData';
import { checkedLabels, labelledTrace, spokenTraces, type UnlabelledTrace } from '../distill/rewardTraces';
import { turnMessages } from '../debate/prompts';
import type { Job } from './job';

export interface LabelledSplit {
  readonly train: readonly LabelledTrace[];
  readonly heldOut: readonly LabelledTrace[];
  readonly kind: 'exact' | 'monte-carlo';
}

/** Below this share of steps that the checker can judge, `auto` asks for continuations. */
const enough = 0.5;
/** Continuations between two writes of what came so far. */
const saveEvery = 64;

function share(labels: readonly (readonly StepLabel[])[]): number {
  const all = labels.flat();
  return all.length === 0 ? 0 : all.filter((label) => label !== null).length / all.length;
}

/** Labels of the debate's traces on training and validation questions. Throws ConfigError without a trace. */
export async function labelTraces(
  job: Job,
  turns: readonly Turn[],
  onProgress: (done: number, total: number) => void,
): Promise<LabelledSplit> {
  const { config, studentStyle: style } = job;
  const input = (split: 'train' | 'validation') => ({
    questions: job.questions.filter((question) => question.split === split),
    turns,
    protocol: config.protocol,
    prompt: (question: Question) => turnMessages({ style, question, own: [], peers: [] }),
  });
  const train = spokenTraces(input('train'));
  const heldOut = spokenTraces(input('validation'));
  if (train.length === 0) {
    throw new ConfigError(
      'The reward model has no trace to learn from.',
      'Ask for more training questions, or use agents that answer.',
    );
  }
  const all = [...train, ...heldOut];
  let labels = all.map(checkedLabels);
  const byChecker = config.padLabels === 'exact' || (config.padLabels === 'auto' && share(labels) >= enough);
  if (!byChecker) labels = await continued(job, all, onProgress);
  const labelled = all.map((trace, i) => labelledTrace(input('train'), trace, labels[i] ?? []));
  return {
    train: labelled.slice(0, train.length),
    heldOut: labelled.slice(train.length),
    kind: byChecker ? 'exact' : 'monte-carlo',
  };
}

/** Monte-Carlo labels; records are kept in the store until the run is removed, for every seed and strategy. */
async function continued(
  job: Job,
  traces: readonly UnlabelledTrace[],
  onProgress: (done: number, total: number) => void,
): Promise<StepLabel[][]> {
  const { store, runId, config, studentStyle: style } = job;
  const id = { runId, strategy: 'pad-labels', seed: 0 };
  const kept = await store.getCheckpoint(id);
  const records: ContinuationRecord[] = kept
    ? (JSON.parse(new TextDecoder().decode(kept.bytes)) as ContinuationRecord[])
    : [];
  let writing = Promise.resolve();
  const save = (): void => {
    const bytes = new TextEncoder().encode(JSON.stringify(records));
    const count = records.length;
    writing = writing.then(() => store.putCheckpoint(id, count, bytes));
    // A failed write is thrown below, where it is awaited.
    writing.catch(() => undefined);
  };
  const total = traces.reduce((sum, trace) => sum + checkedLabels(trace).length, 0);
  const all = await job.engine
    .pad(
      'continueSteps',
      {
        model: job.student.id,
        traces: traces.map(({ key, question, turn }) => ({
          key,
          messages: turnMessages({ style, question, own: [], peers: [] }),
          reply: turn.reply.trim(),
          gold: question.gold,
          answerType: question.answerType,
        })),
        k: config.padContinuations,
        temperature: config.padTemperature,
        maxTokens: config.maxTokens,
        seed: hashKey(config.seed, 'pad-labels'),
        done: [...records],
      },
      {
        signal: job.signal,
        onProgress: (record) => {
          records.push(record);
          onProgress(records.length, total);
          if (records.length % saveEvery === 0) save();
        },
      },
    )
    .finally(() => {
      save();
      return writing;
    });
  return traces.map(({ key }) => continuationLabels(all, key, 'soft'));
}
