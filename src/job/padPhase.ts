/** The two trainings of PAD: the process reward model, and group RL of the student with it. */
import type { PadReport, PadRewardModel, PadRun, PadTrace } from '../records/padRecords';
import type { Turn } from '../records/records';
import type { Question } from '../records/records';
import type { RunConfig } from '../settings/config';
import { rewardModelName } from '../records/trainings';
import { hashKey } from '../core/rng';
import { turnMessages } from '../debate/prompts';
import type { LabelledTrace } from '../distil/pad/rewardData';
import { countLabels } from '../distil/pad/labels';
import { auc, baselinesFrom } from '../distil/pad/rewardMetrics';
import { partQuestions } from '../distil/pad/rlShare';
import { defaultRewardOptions } from '../distil/pad/rewardOptions';
import { spokenTraces } from '../distil/rewardTraces';
import { boundedSteps } from '../settings/boundedSteps';
import { valueAt, type Path } from '../settings/config';
import { endsInRl, sharesQuestions } from '../settings/strategy';
import { extraQuestions } from '../tasks/extraQuestions';
import type { TrainingNote } from '../wire/progress';
import type { Job } from './job';
import { labelTraces } from './padLabels';
import type { AdapterFiles } from '../engine/padProtocol';
import {
  groupRlStage,
  loraOf,
  note,
  noteFile,
  readNote,
  rlQuestion,
  updates,
  type RewardNote,
} from './groupRlStage';
import { hasTraining, trainingInputs } from './trainingInputs';
import { openTrainingRecord } from './trainingRecord';

/** Held-out traces that are kept with their scores for reading. */
const shownTraces = 24;

/** Settings that the labels of a reward model's traces depend on, beside the generated traces. */
const judging = [
  'seed',
  'maxTokens',
  'pad.rl.temperature',
  'pad.reward.ownSamples',
  'pad.reward.heldOutAgents',
  'pad.reward.labels',
  'pad.reward.continuations',
  'pad.reward.labelForm',
  'pad.reward.afterError',
] as const satisfies readonly Path[];

/** Training data of the reward model, without the student's own samples and continuations: they follow from it. */
function judgedTraces({ questions, config, studentStyle: style }: Job, turns: readonly Turn[]) {
  const asked = questions.filter(({ split }) => split === 'train' || split === 'validation');
  return {
    questions: asked,
    prompts: asked.map((question) => turnMessages({ style, question, own: [], peers: [] })),
    traces: spokenTraces({ questions: asked, turns, protocol: config.protocol }).map(
      ({ key, turn: { model, agent, reply, answer, correct } }) => ({
        key,
        model,
        agent,
        reply,
        answer,
        correct,
      }),
    ),
    settings: Object.fromEntries(judging.map((path) => [path, valueAt(config, path)])),
  };
}

/** Steps of the reward model on the traces that the agents generated; the student's own samples come on top. */
export function rewardSteps(
  config: RunConfig,
  questions: readonly Question[],
  turns: readonly Turn[],
): number {
  const asked = questions.filter(({ split }) => split === 'train');
  const heldOut = new Set(config.pad.reward.heldOutAgents);
  const spoken = spokenTraces({ questions: asked, turns, protocol: config.protocol });
  const traces = spoken.filter(({ turn }) => !heldOut.has(turn.agent)).length;
  return boundedSteps(config.pad.reward.steps, config, traces);
}

/**
 * Trains the reward model of one distillation seed, from the adapter of stage `after`, and measures it on held-out traces; false
 * where a training on the same inputs is stored.
 */
export async function rewardStage(
  job: Job,
  turns: readonly Turn[],
  { seed, after }: { readonly seed: number; readonly after: string | null },
  { onStep, onLabels }: { onStep: (step: number) => void; onLabels: (note: TrainingNote) => void },
): Promise<boolean> {
  const { config, engine, runId, student } = job;
  const { splitter, contrastive, lr, afterError } = config.pad.reward;
  const steps = rewardSteps(config, job.questions, turns);
  const id = { runId, strategy: rewardModelName, seed };
  const init = after === null ? null : await job.store.getAdapter({ runId, strategy: after, seed });
  const options = {
    ...defaultRewardOptions,
    splitter,
    contrastive: contrastive > 0 ? { weight: contrastive, temperature: 0.1 } : null,
    steps,
    batch: config.batch,
    lr,
    warmup: Math.min(config.warmup, steps),
    lora: loraOf(job),
    seed: hashKey(config.seed, rewardModelName, seed),
    evalEvery: Math.max(1, Math.ceil(steps / 10)),
    saveEvery: Math.max(1, Math.min(50, Math.ceil(steps / 4))),
  };
  const inputs = await trainingInputs(job, {
    kind: 'reward',
    adapters: { init },
    data: { ...judgedTraces(job, turns), options },
  });
  if (await hasTraining(job, id, inputs)) return false;
  const { train, heldOut, kind, continuationTokens, ownSampleTokens } = await labelTraces(
    job,
    turns,
    onLabels,
  );
  const record = await openTrainingRecord(job, id, inputs);
  await record.finish(async (checkpoint) => {
    const { files, metrics } = await engine.pad(
      'trainReward',
      {
        model: student.id,
        traces: train,
        heldOut,
        init,
        options,
        recompute: job.config.recompute,
        checkpoint,
      },
      { signal: record.signal, onProgress: updates(record, onStep) },
    );
    const scored = await score(job, files, heldOut);
    const baselines = baselinesFrom(train, splitter);
    const trained = new Set(train.map(({ agent }) => agent));
    const { none, ...judged } = countLabels(train.map(({ labels }) => labels));
    const rewardModel: PadRewardModel = {
      seed,
      auc: metrics.stepAuc,
      n: metrics.steps,
      traceAuc: metrics.traceAuc,
      brier: metrics.brier,
      calibration: metrics.calibration,
      bestOfN: metrics.bestOfN,
      baselines: baselines(heldOut),
      byAgent: byAgent(scored).map((row) => ({
        ...row,
        trained: trained.has(row.agent),
        baselines: baselines(heldOut.filter(({ agent }) => agent === row.agent)),
      })),
      labels: {
        kind,
        judged: judged.good + judged.bad + judged.soft,
        skipped: none,
        afterError,
        ...judged,
        continuationTokens,
        ownSampleTokens,
      },
    };
    return { ...files, [noteFile]: note({ rewardModel, traces: shown(scored) }) };
  });
  return true;
}

interface Scored {
  readonly trace: LabelledTrace;
  readonly shown: PadTrace;
}

async function score(
  { engine, student, signal }: Job,
  rewardModel: AdapterFiles,
  traces: readonly LabelledTrace[],
): Promise<readonly Scored[]> {
  const steps = await engine.pad(
    'scoreSteps',
    { model: student.id, rewardModel, items: traces.map(({ messages, reply }) => ({ messages, reply })) },
    { signal },
  );
  return traces.map((trace, i) => ({
    trace,
    shown: {
      questionId: trace.questionId,
      by: trace.agent,
      reply: trace.reply,
      answer: trace.answer,
      correct: trace.correct,
      steps: (steps[i] ?? []).map(({ text, start, end, good }, j) => ({
        text,
        start,
        end,
        good,
        label: trace.labels[j] ?? null,
      })),
    },
  }));
}

function byAgent(scored: readonly Scored[]): { agent: string; auc: number | null; n: number }[] {
  const agents = [...new Set(scored.map(({ trace }) => trace.agent))].sort();
  return agents.map((agent) => {
    const steps = scored
      .filter(({ trace }) => trace.agent === agent)
      .flatMap(({ shown: { steps: all } }) => all)
      .flatMap(({ good, label }) => (label === null || label === undefined ? [] : [{ good, label }]));
    return {
      agent,
      auc: auc(
        steps.map(({ good }) => good),
        steps.map(({ label }) => label >= 0.5),
      ),
      n: steps.length,
    };
  });
}

/** Wrong and right traces in turn, agents and the student, so that there is something to look at. */
function shown(scored: readonly Scored[]): PadTrace[] {
  const traces = scored.map((one) => one.shown).filter(({ steps }) => steps.length > 0);
  const wrong = traces.filter(({ correct }) => !correct);
  const right = traces.filter(({ correct }) => correct);
  const spread = (list: readonly PadTrace[], count: number): PadTrace[] =>
    Array.from(
      { length: Math.min(count, list.length) },
      (_, i) => list[Math.floor((i * list.length) / Math.min(count, list.length))],
    ).filter((trace) => trace !== undefined);
  return [...spread(wrong, (2 * shownTraces) / 3), ...spread(right, shownTraces / 3)];
}

/** Group RL from the adapter of stage `after` (null: the student as it is); false where one on the same inputs is stored. */
export async function rlStage(
  job: Job,
  { strategy, after }: { readonly strategy: string; readonly after: string | null },
  seed: number,
  onStep: (step: number) => void,
): Promise<boolean> {
  const { config, runId, store, studentStyle: style } = job;
  const { reward, updates: planned } = config.pad.rl;
  const judge =
    reward === 'verifiable' ? null : await store.getAdapter({ runId, strategy: rewardModelName, seed });
  const ask = (questions: readonly Question[]) =>
    questions.map((question) => rlQuestion(question, turnMessages({ style, question, own: [], peers: [] })));
  const of = (split: 'train' | 'validation') => job.questions.filter((question) => question.split === split);
  const learnt = of('train');
  const extra = extraQuestions(config, job.questions);
  const share = sharesQuestions(strategy, config.pad.rl) ? config.pad.rl.share : 0;
  const parts = partQuestions(learnt, share, config.seed);
  const practised = extra.length > 0 ? extra : parts.practised;
  const both = new Set(after === null ? [] : parts.taught);
  return groupRlStage(
    job,
    { strategy, after, seed },
    {
      questions: ask(practised),
      heldOut: ask(of('validation')),
      judge,
      reward,
      updates: planned,
      learnt: practised.filter((question) => both.has(question)).length,
    },
    onStep,
  );
}

/** Results of PAD's finished trainings; null before the first. */
export async function readPadReport(job: Job): Promise<PadReport | null> {
  const { store, runId } = job;
  const logs = await store.getLogs(runId);
  const rewardModels: PadRewardModel[] = [];
  const runs: PadRun[] = [];
  let traces: readonly PadTrace[] = [];
  const trained = logs.filter(({ strategy }) => strategy === rewardModelName || endsInRl(strategy));
  for (const { strategy, seed } of [...trained].sort((a, b) => a.seed - b.seed)) {
    const id = { runId, strategy, seed };
    if (strategy === rewardModelName) {
      const found = await readNote<RewardNote>(job, id);
      if (!found) continue;
      rewardModels.push(found.rewardModel);
      if (seed === 0) traces = found.traces;
    } else {
      const run = await readNote<PadRun>(job, id);
      if (run) runs.push(run);
    }
  }
  if (rewardModels.length === 0 && runs.length === 0) return null;
  const first = runs[0];
  return {
    rewardModel: rewardModels[0] ?? null,
    rewardModels,
    log: logs.find(({ strategy, seed }) => strategy === first?.strategy && seed === first.seed)?.steps ?? [],
    runs,
    traces,
  };
}
