/** Step labels of traces: by the task's checker, or by continuations that are stored as they come. */
import { NothingToLearnError } from '../core/errors';
import type { Question, Turn } from '../records/records';
import { hashKey } from '../core/rng';
import type { StepLabel } from '../distil/pad/labels';
import type { ContinuationRecord } from '../records/padRecords';
import { continuationLabels } from '../distil/pad/monteCarlo';
import type { LabelledTrace } from '../distil/pad/rewardData';
import { splitReply } from '../distil/pad/textSteps';
import {
  checkedLabels,
  labelledTrace,
  ownProtocol,
  spokenTraces,
  type UnlabelledTrace,
} from '../distil/rewardTraces';
import { turnMessages } from '../debate/prompts';
import type { TrainingNote } from '../wire/progress';
import type { Job } from './job';
import { studentAnswers } from './studentAnswers';

export interface LabelledSplit {
  readonly train: readonly LabelledTrace[];
  readonly heldOut: readonly LabelledTrace[];
  readonly kind: 'exact' | 'monte-carlo';
  /** Tokens generated for labels, and for the student's own samples. */
  readonly continuationTokens: number;
  readonly ownSampleTokens: number;
}

/** Below this share of steps that the checker can judge, `auto` asks for continuations. */
const enough = 0.5;
/** Continuations between two writes of what came so far. */
const saveEvery = 64;

function share(labels: readonly (readonly StepLabel[])[]): number {
  const all = labels.flat();
  return all.length === 0 ? 0 : all.filter((label) => label !== null).length / all.length;
}

/**
 * Labels of the debate's traces and of the student's own samples, on training and validation questions. Throws
 * NothingToLearnError without a trace.
 */
export async function labelTraces(
  job: Job,
  turns: readonly Turn[],
  onNote: (note: TrainingNote) => void,
): Promise<LabelledSplit> {
  const { config, studentStyle: style } = job;
  const prompt = (question: Question) => turnMessages({ style, question, own: [], peers: [] });
  let ownSampleTokens = 0;
  const traces = async (split: 'train' | 'validation', samples: number): Promise<UnlabelledTrace[]> => {
    const questions = job.questions.filter((question) => question.split === split);
    const own = samples === 0 ? [] : await ownTurns(job, questions, samples, onNote);
    ownSampleTokens += own.reduce((sum, { usage }) => sum + usage.completion, 0);
    const heldOutAgents = new Set(split === 'train' ? config.pad.reward.heldOutAgents : []);
    return [
      ...spokenTraces({ questions, turns, protocol: config.protocol, heldOutAgents }),
      ...spokenTraces({ questions, turns: own, protocol: ownProtocol }),
    ];
  };
  const train = await traces('train', config.pad.reward.ownSamples);
  const heldOut = await traces('validation', Math.max(1, config.pad.reward.ownSamples));
  if (train.length === 0) {
    throw new NothingToLearnError(
      'The reward model has no trace to learn from: no agent answered any training question.',
      'Use stronger agents or more training questions.',
    );
  }
  const all = [...train, ...heldOut];
  const rules = {
    splitter: config.pad.reward.splitter,
    afterFirstError: config.pad.reward.afterError,
  } as const;
  let labels = all.map((trace) => checkedLabels(trace, rules));
  const byChecker =
    config.pad.reward.labels === 'exact' || (config.pad.reward.labels === 'auto' && share(labels) >= enough);
  let continuationTokens = 0;
  if (!byChecker) {
    const records = await continued(job, all, onNote);
    labels = all.map(({ key }) => continuationLabels(records, key, config.pad.reward.labelForm));
    continuationTokens = records.reduce((sum, { tokens }) => sum + tokens, 0);
  }
  const labelled = all.map((trace, i) => labelledTrace({ prompt }, trace, labels[i] ?? []));
  return {
    train: labelled.slice(0, train.length),
    heldOut: labelled.slice(train.length),
    kind: byChecker ? 'exact' : 'monte-carlo',
    continuationTokens,
    ownSampleTokens,
  };
}

/** Samples of the student as it is: the traces that the reward model will be asked about are its own. */
function ownTurns(
  job: Job,
  questions: readonly Question[],
  samples: number,
  onNote: (note: TrainingNote) => void,
): Promise<readonly Turn[]> {
  const { config } = job;
  return studentAnswers(
    job,
    {
      protocol: ownProtocol,
      seed: hashKey(config.seed, 'pad-student'),
      adapter: null,
      questions,
      samples,
      temperature: config.pad.rl.temperature,
    },
    onNote,
  );
}

/** Continuations of every step's prefix; records are kept in the store until the run is removed, for every seed and strategy. */
async function continued(
  job: Job,
  traces: readonly UnlabelledTrace[],
  onNote: (note: TrainingNote) => void,
): Promise<readonly ContinuationRecord[]> {
  const { store, runId, config, studentStyle: style } = job;
  const records: ContinuationRecord[] = [...(await store.getContinuations(runId))];
  let writing = Promise.resolve();
  const save = (): void => {
    const sofar = [...records];
    writing = writing.then(() => store.putContinuations(runId, sofar));
    // A failed write is thrown below, where it is awaited.
    writing.catch(() => undefined);
  };
  const { splitter } = config.pad.reward;
  const total = traces.reduce((sum, { turn }) => sum + splitReply(turn.reply.trim(), splitter).length, 0);
  return job.engine
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
          ...(question.options && { options: question.options }),
        })),
        splitter,
        k: config.pad.reward.continuations,
        temperature: config.pad.rl.temperature,
        maxTokens: config.maxTokens,
        seed: hashKey(config.seed, 'pad-labels'),
        done: [...records],
      },
      {
        signal: job.signal,
        onProgress: (record) => {
          records.push(record);
          onNote({ kind: 'judging-steps', done: records.length, total });
          if (records.length % saveEvery === 0) save();
        },
      },
    )
    .finally(() => {
      save();
      return writing;
    });
}
