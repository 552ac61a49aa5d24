/** A supervised training of the student: a stage of a strategy, or a control. */
import type { Dataset, Question } from '../records/records';
import { hashKey } from '../core/rng';
import { studentThinking, studentTokens } from '../settings/thinking';
import { judge } from '../debate/judge';
import { turnMessages } from '../debate/prompts';
import { linearNames } from '../lm/types';
import type { EvalSamplePlan, TrainUpdate } from '../engine/engineProtocol';
import type { TrainingNote } from '../wire/progress';
import type { Job } from './job';
import { nothingToLearn } from './nothingToLearn';
import { hasTraining, trainingInputs } from './trainingInputs';
import { openTrainingRecord } from './trainingRecord';

export interface StageHooks {
  readonly onStep: (step: number) => void;
  /** Work between steps. */
  readonly onNote: (note: TrainingNote) => void;
}

/** Steps between two checkpoints. */
export function checkpointEvery(steps: number): number {
  return Math.max(1, Math.min(25, Math.ceil(steps / 4)));
}

/** Most tokens of an answer to a probe question: it is asked often, so a long one would hold the training up. */
const probeTokens = 64;
const probeQuestions = 4;

/** Held-out questions that the student is asked while it learns, about ten times. */
function probesOf(
  { config, questions, studentStyle: style }: Job,
  steps: number,
): {
  readonly asked: readonly Question[];
  readonly plan: EvalSamplePlan | null;
} {
  const asked = questions.filter(({ split }) => split === 'validation').slice(0, probeQuestions);
  if (asked.length === 0) return { asked, plan: null };
  const prompts = asked.map((question) => turnMessages({ style, question, own: [], peers: [] }));
  const every = Math.max(1, Math.ceil(steps / 10));
  const maxTokens = Math.min(config.maxTokens, probeTokens) + studentTokens(config) - config.maxTokens;
  return { asked, plan: { prompts, every, maxTokens } };
}

/**
 * Trains from the last checkpoint where there is one; false where a training on the same inputs is stored. Throws
 * NothingToLearnError.
 */
export async function supervisedStage(
  job: Job,
  stage: {
    readonly strategy: string;
    readonly dataset: Dataset;
    readonly after: string | null;
    readonly steps: number;
  },
  seed: number,
  { onStep, onNote }: StageHooks,
): Promise<boolean> {
  const { config, runId, store, engine, student, studentStyle: style } = job;
  const { strategy, dataset, after, steps } = stage;
  if (dataset.traces.length === 0) {
    throw nothingToLearn(strategy, dataset, job.questions.filter(({ split }) => split === 'train').length);
  }
  const id = { runId, strategy, seed };
  const { asked, plan } = probesOf(job, steps);
  const { thinking } = studentThinking(config);
  const init = after === null ? null : await store.getAdapter({ runId, strategy: after, seed });
  const held = job.questions.filter(
    ({ split, solution }) => split === 'validation' && solution !== undefined,
  );
  const data = {
    rows: dataset.traces.map(({ messages, target, weight }) => ({
      messages,
      target,
      ...(weight !== undefined && { weight }),
    })),
    evalRows: held.slice(0, config.batch).map((question) => ({
      messages: turnMessages({ style, question, own: [], peers: [] }),
      target: question.solution ?? '',
    })),
    settings: {
      steps,
      batch: config.batch,
      lr: config.lr,
      warmup: config.warmup,
      rank: config.rank,
      alpha: config.alpha,
      targets: linearNames,
      maxLength: config.maxLength,
      seed: hashKey(config.seed, 'train', strategy, seed),
      // Left out where it is off: what was trained before it existed is the same training.
      ...(config.patience > 0 && { patience: config.patience }),
    },
    probes: plan,
    // Left out where the student does not think, as before there was a choice.
    ...(thinking && { thinking }),
  };
  const inputs = await trainingInputs(job, { kind: 'sft', adapters: { init }, data });
  if (await hasTraining(job, id, inputs)) return false;
  const record = await openTrainingRecord(job, id, inputs);
  const onUpdate = (update: TrainUpdate): void => {
    switch (update.type) {
      case 'checkpoint':
        return record.save(update.step, update.bytes);
      case 'rows':
        return record.rows(update.rows);
      case 'tuning':
        return onNote({ kind: 'tuning' });
      case 'log':
        record.log(update.log);
        return onStep(update.log.step);
      case 'probe': {
        const answers = asked.map((question, i) => {
          const reply = update.replies[i] ?? '';
          const { answer, correct } = judge(question, reply);
          return { questionId: question.id, reply, answer, correct };
        });
        return record.probe({ step: update.step, answers });
      }
      default:
        update satisfies never;
    }
  };
  await record.finish((checkpoint) =>
    engine.train(
      {
        model: student.id,
        ...data,
        init,
        checkpoint,
        checkpointEvery: checkpointEvery(steps),
        recompute: config.recompute,
      },
      { signal: record.signal, onUpdate },
    ),
  );
  return true;
}
