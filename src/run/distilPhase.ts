/** From turns to adapters: a dataset per strategy and control, a training per stage and distillation seed. */
import type { Dataset, Probe, Question, RunConfig, TrainLog, Turn } from '../core/records';
import { hashKey } from '../core/rng';
import { judge } from '../debate/judge';
import { turnMessages } from '../debate/prompts';
import { controlDataset, strategyDatasets } from '../distill/datasets';
import type { DistillInput } from '../distill/source';
import { linearNames } from '../lm/types';
import { ConfigError } from '../core/errors';
import type { ProbePlan, TrainUpdate } from './engineProtocol';
import type { Job } from './job';

/** A trained student. */
export interface Trained {
  /** distilled:NAME or control:NAME */
  readonly arm: string;
  /** Name under which adapter and log are stored. */
  readonly strategy: string;
  /** Index of the distillation seed. */
  readonly seed: number;
  /** What its last stage learnt from. */
  readonly dataset: Dataset;
}

/** One training: a stage of a strategy, or a control. */
interface Stage {
  readonly strategy: string;
  readonly dataset: Dataset;
  /** Stage whose adapter it goes on with. */
  readonly after: string | null;
}

/** Steps between two checkpoints. */
export function checkpointEvery(steps: number): number {
  return Math.max(1, Math.min(25, Math.ceil(steps / 4)));
}

function inputOf(job: Job, turns: readonly Turn[], seed: number): DistillInput {
  const { config, studentStyle: style } = job;
  return {
    questions: job.questions.filter(({ split }) => split === 'train'),
    turns,
    protocol: config.protocol,
    prompt: (question: Question) => turnMessages({ style, question, own: [], peers: [] }),
    seed: hashKey(config.seed, 'distil', seed),
    accept: config.accept,
    exclude: new Set(config.exclude),
  };
}

/** All stages of one distillation seed, and which arm each last stage is. */
function plan(config: RunConfig, input: DistillInput): { stages: Stage[]; arms: Map<string, string> } {
  const stages = new Map<string, Stage>();
  const arms = new Map<string, string>();
  for (const strategy of config.strategies) {
    const names = strategy.split('+');
    strategyDatasets(strategy, input).forEach((dataset, i) => {
      const name = names.slice(0, i + 1).join('+');
      const after = i === 0 ? null : names.slice(0, i).join('+');
      stages.set(name, stages.get(name) ?? { strategy: name, dataset, after });
    });
    arms.set(strategy, `distilled:${strategy}`);
  }
  for (const control of config.controls) {
    stages.set(control, { strategy: control, dataset: controlDataset(control, input), after: null });
    arms.set(control, `control:${control}`);
  }
  return { stages: [...stages.values()], arms };
}

/** Most tokens of an answer to a probe question: it is asked often, so a long one would hold the training up. */
const probeTokens = 64;
const probeQuestions = 4;

/** Held-out questions that the student is asked while it learns, about ten times. */
function probesOf({ config, questions, studentStyle: style }: Job): {
  readonly asked: readonly Question[];
  readonly plan: ProbePlan | null;
} {
  const asked = questions.filter(({ split }) => split === 'validation').slice(0, probeQuestions);
  if (asked.length === 0) return { asked, plan: null };
  const prompts = asked.map((question) => turnMessages({ style, question, own: [], peers: [] }));
  const every = Math.max(1, Math.ceil(config.steps / 10));
  return { asked, plan: { prompts, every, maxTokens: Math.min(config.maxTokens, probeTokens) } };
}

/** Trains what is not trained yet. Throws ConfigError when a dataset is empty, and what training throws. */
export async function distilPhase(job: Job, turns: readonly Turn[]): Promise<readonly Trained[]> {
  const { config, runId, store } = job;
  const plans = Array.from({ length: config.distilSeeds }, (_, seed) => ({
    seed,
    ...plan(config, inputOf(job, turns, seed)),
  }));
  const total = plans.reduce((sum, { stages }) => sum + stages.length, 0) * config.steps;
  let done = 0;
  const trained: Trained[] = [];
  for (const { seed, stages, arms } of plans) {
    for (const stage of stages) {
      const { strategy, dataset } = stage;
      if (seed === 0) {
        await store.putDataset(runId, strategy, dataset);
        const { traces: _, ...summary } = dataset;
        job.emit({ type: 'dataset', runId, dataset: summary });
      }
      if (!(await store.getAdapter({ runId, strategy, seed }))) {
        const name =
          config.distilSeeds === 1 ? strategy : `${strategy}, seed ${seed + 1} of ${config.distilSeeds}`;
        const show = (step: number, detail: string): void =>
          job.progress('distil', { done: done + step, total, detail });
        await trainStage(job, stage, seed, {
          onStep: (step) => show(step, name),
          onTuning: () => show(0, `${name}: choosing the fastest kernels, 2 s at most`),
        });
      }
      done += config.steps;
      job.progress('distil', { done, total, detail: strategy });
      const arm = arms.get(strategy);
      if (arm !== undefined) trained.push({ arm, strategy, seed, dataset });
    }
  }
  return trained;
}

/** One training, from its last checkpoint where there is one. */
async function trainStage(
  job: Job,
  { strategy, dataset, after }: Stage,
  seed: number,
  { onStep, onTuning }: { onStep: (step: number) => void; onTuning: () => void },
): Promise<void> {
  const { config, runId, store, engine, student, signal } = job;
  if (dataset.traces.length === 0) {
    throw new ConfigError(
      `${strategy} has no trace to learn from: ${JSON.stringify(dataset.dropped)}.`,
      'Ask for more training questions, use better agents, or accept any trace (--accept any).',
    );
  }
  const id = { runId, strategy, seed };
  const checkpoint = await store.getCheckpoint(id);
  const before = (await store.getLogs(runId)).find((log) => log.strategy === strategy && log.seed === seed);
  const reached = checkpoint?.step ?? 0;
  const logs: TrainLog[] = (before?.steps ?? []).filter(({ step }) => step <= reached);
  const probes: Probe[] = checkpoint ? (before?.probes ?? []).filter(({ step }) => step <= reached) : [];
  const { asked, plan: probePlan } = probesOf(job);
  const init = after === null ? null : await store.getAdapter({ runId, strategy: after, seed });
  // Writes follow one another; a failed one ends the training with its error.
  let writing = Promise.resolve();
  let failed: unknown = null;
  const stop = new AbortController();
  const write = (work: () => Promise<void>): void => {
    writing = writing.then(work).catch((thrown: unknown) => {
      failed ??= thrown;
      stop.abort();
    });
  };
  const onUpdate = (update: TrainUpdate): void => {
    if (update.type === 'log') {
      logs.push(update.log);
      onStep(update.log.step);
      job.emit({ type: 'train', runId, strategy, seed, log: update.log });
      return;
    }
    if (update.type === 'tuning') {
      onTuning();
      return;
    }
    if (update.type === 'probe') {
      const answers = asked.map((question, i) => {
        const reply = update.replies[i] ?? '';
        const { answer, correct } = judge(question, reply);
        return { questionId: question.id, reply, answer, correct };
      });
      const probe: Probe = { step: update.step, answers };
      // A resumed training asks again at the step that it goes on from.
      while ((probes.at(-1)?.step ?? -1) >= probe.step) probes.pop();
      probes.push(probe);
      job.emit({ type: 'probe', runId, strategy, seed, probe });
      return;
    }
    const steps = [...logs];
    const answered = [...probes];
    write(async () => {
      await store.putLog({ ...id, steps, probes: answered });
      await store.putCheckpoint(id, update.step, update.bytes);
    });
  };
  try {
    const held = job.questions.filter(
      ({ split, solution }) => split === 'validation' && solution !== undefined,
    );
    const { studentStyle: style } = job;
    const files = await engine.train(
      {
        model: student.id,
        rows: dataset.traces.map(({ messages, target }) => ({ messages, target })),
        evalRows: held.slice(0, config.batch).map((question) => ({
          messages: turnMessages({ style, question, own: [], peers: [] }),
          target: question.solution ?? '',
        })),
        settings: {
          steps: config.steps,
          batch: config.batch,
          lr: config.lr,
          warmup: config.warmup,
          rank: config.rank,
          alpha: config.alpha,
          targets: linearNames,
          maxLength: 1024,
          seed: hashKey(config.seed, 'train', strategy, seed),
        },
        init,
        checkpoint: checkpoint?.bytes ?? null,
        checkpointEvery: checkpointEvery(config.steps),
        probes: probePlan,
      },
      { signal: AbortSignal.any([signal, stop.signal]), onUpdate },
    );
    await writing;
    await store.putLog({ ...id, steps: logs, probes });
    await store.putAdapter(id, files);
    await store.removeCheckpoint(id);
  } catch (thrown) {
    await writing;
    throw failed ?? thrown;
  }
  if (failed) throw failed as Error;
}
