/** From turns to adapters: a dataset per strategy and control, a training per stage and distillation seed. */
import type { Dataset, Question, Turn } from '../records/records';
import type { RunConfig } from '../settings/config';
import {
  equalSteps,
  practisesSecond,
  startsWithPad,
  storedStages,
  usesPad,
  usesSecondTurnRl,
} from '../settings/strategy';
import { equalStepsName, rewardModelName, rewardStartName } from '../records/trainings';
import { hashKey } from '../core/rng';
import { turnMessages } from '../debate/prompts';
import { controlDataset, strategyDatasets } from '../distil/datasets';
import { relabelled } from '../distil/labels';
import { hasSingleTeacher } from '../distil/singleTeacher';
import { partQuestions } from '../distil/pad/rlShare';
import type { DistillInput } from '../distil/source';
import { boundedSteps } from '../settings/boundedSteps';
import type { ProgressDetail } from '../wire/progress';
import type { Arm } from '../eval/arm';
import type { Job } from './job';
import { readPadReport, rewardStage, rewardSteps, rlStage } from './padPhase';
import { correctionDataset } from './correctStage';
import { secondTurnStage } from './secondTurnStage';
import { StageEta, type StageKind } from './stageEta';
import { supervisedStage, type StageHooks } from './supervisedStage';

/** A trained student. */
export interface Trained {
  readonly arm: Arm;
  /** Name under which adapter and log are stored. */
  readonly strategy: string;
  /** Index of the distillation seed. */
  readonly seed: number;
  /** Training data of its last stage. */
  readonly dataset: Dataset;
  /** It was trained just now: what it answered before was another one's. */
  readonly fresh: boolean;
}

/** What came of the strategies and controls. */
export interface Distilled {
  readonly trained: readonly Trained[];
  /** Controls of the first distillation seed that found no trace of their kind: a student is compared without them. */
  readonly untaught: readonly Pick<Trained, 'arm' | 'dataset'>[];
}

/** The students of the first distillation seed, controls left out. */
export function firstStudents(trained: readonly Trained[]): readonly Trained[] {
  return trained.filter(({ arm, seed }) => seed === 0 && arm.kind === 'distilled');
}

/** One training: a stage of a strategy, or a control. PAD takes two: its reward model, then the student's. */
interface Stage {
  readonly kind: StageKind;
  readonly strategy: string;
  /** What it learns from; a student's group RL has the reward model's. */
  readonly dataset: Dataset;
  /** Stage whose adapter it continues from. */
  readonly after: string | null;
  /** Its dataset is made from what the student answers after that stage. */
  readonly corrects?: boolean;
  /** Takes as many steps as that stage did. */
  readonly stepsOf?: string | null;
}

function inputOf(job: Job, turns: readonly Turn[], seed: number): DistillInput {
  const { config, studentStyle: style } = job;
  return {
    questions: job.questions.filter(({ split }) => split === 'train'),
    turns,
    protocol: config.protocol,
    prompt: (question: Question) => turnMessages({ style, question, own: [], peers: [] }),
    seed: hashKey(config.seed, 'distil', seed),
    labels: config.labels,
    minAgreement: config.minAgreement,
    stepFilter: config.stepFilter,
    peerMentions: config.peerMentions,
    tracesPerQuestion: config.tracesPerQuestion,
    thoughts: config.trainThoughts,
    exclude: new Set(config.exclude),
    heldOutAgents: new Set(config.pad.reward.heldOutAgents),
  };
}

/**
 * What the reward model's LoRA learns before it judges, as a stage; null where it starts from nothing. It is RSFT's own
 * stage, unless agents are held out: then theirs must not be among its traces.
 */
function rewardStart(config: RunConfig, input: DistillInput): Stage | null {
  const { start } = config.pad.reward;
  if (start === 'base' || (start === 'auto' && startsWithPad(config))) return null;
  const heldOut = input.heldOutAgents ?? new Set();
  const turns = input.turns.filter(({ agent }) => !heldOut.has(agent));
  const [dataset] = strategyDatasets('rsft', { ...input, turns });
  if (!dataset || dataset.kept === 0) return null;
  const strategy = heldOut.size === 0 ? 'rsft' : rewardStartName;
  return { kind: 'sft', strategy, dataset: { ...dataset, strategy }, after: null };
}

/** All stages of one distillation seed, and which arm each last stage is. */
function plan(config: RunConfig, input: DistillInput): { stages: Stage[]; arms: Map<string, Arm> } {
  const stages = new Map<string, Stage>();
  const arms = new Map<string, Arm>();
  const add = (stage: Stage): void => {
    if (!stages.has(stage.strategy)) stages.set(stage.strategy, stage);
  };
  const { taught } = partQuestions(input.questions, config.pad.rl.share, config.seed);
  for (const strategy of config.strategies) {
    const whole = strategyDatasets(strategy, input);
    const stored = storedStages(strategy, config.pad.rl);
    const parts = stored.some(({ partly }) => partly)
      ? strategyDatasets(strategy, { ...input, questions: taught })
      : whole;
    stored.forEach(({ kind, name, after, partly }, i) => {
      const dataset = partly ? { ...parts[i]!, strategy: name } : whole[i]!;
      const pad = kind === 'pad';
      if (pad && config.pad.rl.reward !== 'verifiable') {
        const start = rewardStart(config, input);
        if (start) add(start);
        add({ kind: 'reward', strategy: rewardModelName, dataset, after: start?.strategy ?? null });
      }
      const practises = pad || kind === 'rl';
      add({
        kind: practises ? 'rl' : 'sft',
        strategy: name,
        dataset,
        after,
        ...(kind === 'correct' && { corrects: true }),
      });
    });
    arms.set(strategy, { kind: 'distilled', strategy });
  }
  for (const control of config.controls) {
    // A recording and an imported debate need not hold what an agent says greedily.
    if (control === 'single-teacher' && !hasSingleTeacher(input)) continue;
    const dataset = controlDataset(control, input);
    if (control === equalStepsName) {
      const { after, stepsOf } = equalSteps(config.strategies);
      if (after === 'rsft' || after === 'da')
        add({ kind: 'sft', strategy: after, dataset: strategyDatasets(after, input)[0]!, after: null });
      add({ kind: 'sft', strategy: control, dataset, after, stepsOf });
    } else add({ kind: 'sft', strategy: control, dataset, after: null });
    arms.set(control, { kind: 'control', control });
  }
  return { stages: [...stages.values()], arms };
}

/** Steps of a stage, at most: a training may stop early. */
function stepsOf(
  { config, questions }: Job,
  { kind, strategy, dataset, corrects = false }: Stage,
  turns: readonly Turn[],
): number {
  switch (kind) {
    case 'sft':
      return corrects ? config.steps : boundedSteps(config.steps, config, dataset.traces.length);
    case 'reward':
      return rewardSteps(config, questions, turns);
    case 'rl':
      return practisesSecond(strategy) ? config.correct.rlUpdates : config.pad.rl.updates;
    default:
      return kind satisfies never;
  }
}

/** What rewards are given for: the job and its turns as if every label were the right answer. */
function rewarded(job: Job, turns: readonly Turn[]): { readonly job: Job; readonly turns: readonly Turn[] } {
  const { config, questions } = job;
  const labelled = relabelled(questions, turns, config.protocol, config);
  return { job: { ...job, questions: labelled.questions }, turns: labelled.turns };
}

/** Trains what is not trained yet. Throws NothingToLearnError when a strategy's dataset is empty, and what training throws. */
export async function distilPhase(job: Job, turns: readonly Turn[]): Promise<Distilled> {
  const { config, runId, store } = job;
  const plans = Array.from({ length: config.distilSeeds }, (_, seed) => {
    const input = inputOf(job, turns, seed);
    return { seed, input, ...plan(config, input) };
  });
  const pace = new StageEta(
    plans.flatMap(({ stages }) =>
      stages.map((stage) => ({ kind: stage.kind, steps: stepsOf(job, stage, turns) })),
    ),
  );
  const judged = usesPad(config) || usesSecondTurnRl(config) ? rewarded(job, turns) : { job, turns };
  const trained: Trained[] = [];
  const untaught: Distilled['untaught'][number][] = [];
  for (const { seed, input, stages, arms } of plans) {
    const taken = new Map<string, number>();
    const made = new Map<string, Dataset>();
    for (const stage of stages) {
      const { strategy } = stage;
      const training = { kind: 'training', strategy, seed, seeds: config.distilSeeds } as const;
      const show = (detail: ProgressDetail): void => job.progress('distil', { ...pace.progress(), detail });
      const hooks: StageHooks = {
        onStep: (step) => {
          pace.step(step);
          show(training);
        },
        onNote: (note) => show({ ...training, note }),
      };
      const dataset = stage.corrects
        ? await correctionDataset(job, input, { strategy, after: stage.after, seed }, hooks.onNote)
        : practisesSecond(strategy)
          ? (made.get(stage.after ?? '') ?? stage.dataset)
          : stage.dataset;
      made.set(strategy, dataset);
      if (seed === 0 && stage.kind !== 'rl') {
        // By the whole name of its stage: a stack's last stage is not the strategy of that name.
        const named = { ...dataset, strategy };
        await store.putDataset(runId, strategy, named);
        const { traces: _, ...summary } = named;
        job.emit({ type: 'dataset', runId, dataset: summary });
      }
      const arm = arms.get(strategy);
      if (arm?.kind === 'control' && config.strategies.length > 0 && dataset.traces.length === 0) {
        if (seed === 0) untaught.push({ arm, dataset });
        pace.next();
        continue;
      }
      const steps =
        taken.get(stage.stepsOf ?? '') ?? boundedSteps(config.steps, config, dataset.traces.length);
      taken.set(strategy, steps);
      const fresh = await train(job, { ...stage, dataset, steps }, seed, judged, hooks);
      if (fresh && stage.kind !== 'sft') {
        const pad = await readPadReport(job);
        if (pad) job.emit({ type: 'pad', runId, pad });
      }
      pace.next();
      show(training);
      if (arm !== undefined) trained.push({ arm, strategy, seed, dataset, fresh });
    }
  }
  return { trained, untaught };
}

/** One training, from its last checkpoint where there is one; false where it is stored already. */
function train(
  job: Job,
  stage: Stage & { readonly steps: number },
  seed: number,
  judged: { readonly job: Job; readonly turns: readonly Turn[] },
  hooks: StageHooks,
): Promise<boolean> {
  switch (stage.kind) {
    case 'sft':
      return supervisedStage(job, stage, seed, hooks);
    case 'reward':
      return rewardStage(
        judged.job,
        judged.turns,
        { seed, after: stage.after },
        {
          onStep: hooks.onStep,
          onLabels: hooks.onNote,
        },
      );
    case 'rl':
      return practisesSecond(stage.strategy)
        ? secondTurnStage(job, judged.job, stage, seed, hooks)
        : rlStage(judged.job, stage, seed, hooks.onStep);
    default:
      return stage.kind satisfies never;
  }
}
