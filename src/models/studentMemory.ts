/** What the student takes in a run: each training, and the comparison. */
import type { MemoryItem } from './memoryPlan';
import { canHalve } from '../lm/cache';
import type { Recomputation } from '../lm/recompute';
import type { RunConfig } from '../settings/config';
import { evaluationQuestions } from '../settings/evalSets';
import { stacksPad, usesCorrection, usesPad, usesSecondTurnRl } from '../settings/strategy';
import { studentTokens } from '../settings/thinking';
import {
  adapterElements,
  cacheBound,
  generationBytes,
  scoringMemory,
  trainingMemory,
  type Sizer,
  type TrainingUse,
} from './engineMemory';
import type { MachineFacts } from './memoryPlan';
import type { ModelShape } from './modelShape';

/** An agent's model: our engine's, another library's with its own figure, or none on this machine (an endpoint). */
export type PlannedAgent =
  | {
      readonly type: 'engine';
      readonly model: string;
      readonly shape: ModelShape;
      readonly compact: boolean;
      /** Agents that are adapters on it: they share its weights. */
      readonly adapters?: number;
    }
  | {
      readonly type: 'library';
      readonly model: string;
      readonly bytes: number;
      readonly features: readonly string[];
    }
  | { readonly type: 'remote'; readonly model: string };

export interface PlanInput {
  readonly config: RunConfig;
  readonly machine: MachineFacts;
  /** Distinct models of the agents. */
  readonly agents: readonly PlannedAgent[];
  readonly student: { readonly model: string; readonly shape: ModelShape; readonly compact: boolean } | null;
  /** Names whose sizes could not be had. */
  readonly unknown: readonly string[];
  readonly threads: number;
  /** Of the student's trainings; off where nothing is said. */
  readonly recompute?: Recomputation;
}

/** Whether a model's keys and values are kept as f16 in this run. */
export function halfCache({ config, machine }: PlanInput, shape: ModelShape): boolean {
  return config.kvCache === 'f16' && machine.backend === 'webgpu' && canHalve(shape);
}

export function sum(items: readonly MemoryItem[]): number {
  return items.reduce((total, { bytes }) => total + bytes, 0);
}

/**
 * Tokens of a question and of a reply, somewhat above the usual. The bundled word problems have a vocabulary of their own in
 * which a question takes 34 tokens (52 at most) and a reply 24 (44 at most); text in English takes more, and a chat template
 * comes on top.
 */
export function textTokens(config: RunConfig, compact: boolean): { question: number; reply: number } {
  return compact
    ? { question: 36, reply: Math.min(26, config.maxTokens) }
    : { question: 120, reply: Math.ceil(0.75 * studentTokens(config)) };
}

/** The largest of a run's batches beside the mean one: texts differ by a fifth, and few of them even out less. */
function largestBatch(documents: number): number {
  return 1 + 0.7 / Math.sqrt(Math.max(1, documents));
}

/** Most rows of one pass over a rollout or over traces to be scored. */
const rowsPerPass = 4096;
/** Replies of a rollout that are sampled at once. */
const rolloutSequences = 128;

/** The trainings of a run, one after another: the one that holds most. */
export function training(input: PlanInput, sizer: Sizer): MemoryItem[] {
  const { config, student } = input;
  if (!student) return [];
  const { question, reply } = textTokens(config, student.compact);
  const factor = largestBatch(config.batch);
  // Half of self-correction's rows hold an answer of one's own too; a batch may hold more of them.
  const asked = question + (usesCorrection(config) ? reply : 0);
  const supervised: MemoryItem[] = [
    ...learning(input, sizer, {
      rank: config.rank,
      rows: Math.ceil(factor * config.batch * (asked + reply)),
      targets: Math.ceil(factor * config.batch * (reply + 1)),
    }),
    ...(config.validationQuestions > 0 ? answering(input, sizer, probes) : []),
  ];
  const stages = [supervised, ...(usesPad(config) || usesSecondTurnRl(config) ? pad(input, sizer) : [])];
  return stages.reduce((most, one) => (sum(one) > sum(most) ? one : most));
}

/** Questions that the student is asked every few steps. */
const probes = 4;

/** An adapter, its optimiser and everything that backward reads. */
function learning({ student, recompute }: PlanInput, sizer: Sizer, use: TrainingUse): MemoryItem[] {
  if (!student) return [];
  const { model, shape } = student;
  const parts = trainingMemory(shape, sizer, use, recompute);
  return [
    { kind: 'adapter', model, bytes: parts.adapter },
    { kind: 'optimiser', model, bytes: parts.optimiser },
    { kind: 'training', model, bytes: parts.activations },
  ];
}

/** The student's cache once it has answered so many questions at once. */
function answering(input: PlanInput, sizer: Sizer, sequences: number): MemoryItem[] {
  const { config, student } = input;
  if (!student) return [];
  const { model, shape, compact } = student;
  const { question } = textTokens(config, compact);
  const half = halfCache(input, shape);
  const { bytes, spare } = cacheBound(shape, sizer, {
    half,
    sequences,
    tokens: question + studentTokens(config),
  });
  return [
    { kind: 'cache', model, bytes },
    { kind: 'spare', model, bytes: spare },
  ];
}

/** What group RL takes: PAD's reward model, which is measured while it is there, and the student's trainings. */
function pad(input: PlanInput, sizer: Sizer): MemoryItem[][] {
  const { config, student } = input;
  if (!student) return [];
  const { model, shape, compact } = student;
  const { rank, maxTokens } = config;
  const { question, reply } = textTokens(config, compact);
  const adapter = sizer.tensor(adapterElements(shape, rank));
  const head = 3 * sizer.tensor(2 * shape.hidden);
  // What the student samples for it is as long as it likes.
  const longest = question + maxTokens;
  const fullPass = { rank, rows: rowsPerPass, targets: rowsPerPass };
  const judged = scoringMemory(shape, sizer, { ...fullPass, targets: rowsPerPass / 4 });
  // It makes room for its longest traces, whatever the batch draws.
  const rows = Math.ceil(1.6 * config.batch * Math.min(longest, question + 1.5 * reply));
  const targets = Math.ceil(config.batch * (reply + 1));
  const reward: MemoryItem[] = [
    ...learning(input, sizer, { rank, rows, targets }),
    { kind: 'reward', model, bytes: judged + head + sizer.tensor(targets * shape.hidden) },
    ...answering(input, sizer, Infinity),
  ];
  const judges = config.pad.rl.reward !== 'verifiable';
  const padStages = usesPad(config)
    ? [
        ...(judges ? [reward] : []),
        practice(input, sizer, {
          prompt: question,
          judge: judges ? adapter + head : 0,
          start: stacksPad(config),
          heldOut: config.validationQuestions,
        }),
      ]
    : [];
  // RL on the second answer reads the first one as well.
  const second = usesSecondTurnRl(config)
    ? [
        practice(input, sizer, {
          prompt: question + reply,
          judge: 0,
          start: true,
          heldOut: 2 * config.validationQuestions,
        }),
      ]
    : [];
  return [...padStages, ...second];
}

/** A group RL: `judge` is what the reward model holds beside its scoring, 0 without one; `start`: the adapter it starts from stays. */
function practice(
  input: PlanInput,
  sizer: Sizer,
  {
    prompt,
    judge,
    start,
    heldOut,
  }: {
    readonly prompt: number;
    readonly judge: number;
    readonly start: boolean;
    readonly heldOut: number;
  },
): MemoryItem[] {
  const { config, student } = input;
  if (!student) return [];
  const { model, shape, compact } = student;
  const { rank, maxTokens } = config;
  const { reply } = textTokens(config, compact);
  const fullPass = { rank, rows: rowsPerPass, targets: rowsPerPass };
  const replies = config.pad.rl.questions * config.pad.rl.samples;
  const all = Math.ceil(replies * largestBatch(config.pad.rl.questions) * (prompt + reply));
  const pass = Math.min(rowsPerPass, all);
  const cache = cacheBound(shape, sizer, {
    half: halfCache(input, shape),
    sequences: Math.max(replies, heldOut),
    tokens: prompt + maxTokens,
    atOnce: rolloutSequences,
  });
  const scored =
    judge === 0 ? 0 : scoringMemory(shape, sizer, { ...fullPass, rows: pass, targets: pass / 4 });
  return [
    ...learning(input, sizer, {
      rank,
      rows: pass,
      targets: Math.min(pass, Math.ceil((pass * (reply + 1)) / prompt)),
    }),
    ...(start
      ? [{ kind: 'adapter' as const, model, bytes: sizer.tensor(adapterElements(shape, rank)) }]
      : []),
    { kind: 'activations', model, bytes: generationBytes(shape, sizer, rank, rolloutSequences) },
    { kind: 'cache', model, bytes: cache.bytes },
    { kind: 'spare', model, bytes: cache.spare },
    ...(judge === 0 ? [] : [{ kind: 'reward' as const, model, bytes: judge + scored }]),
    // The cache that own samples and continuations, or the evaluation of an earlier strategy, left.
    ...answering(input, sizer, Infinity),
  ];
}

export function evaluation(input: PlanInput, sizer: Sizer): MemoryItem[] {
  const { config, student } = input;
  if (!student) return [];
  const { model, shape, compact } = student;
  const { question, reply } = textTokens(config, compact);
  const alone = question + reply;
  // The longest turn may be the one in which it sees its own answer and checks it.
  const checked = config.selfCheck ? alone + question + reply : 0;
  const cache = cacheBound(shape, sizer, {
    half: halfCache(input, shape),
    sequences: config.testQuestions + evaluationQuestions(config),
    tokens: Math.max(alone + config.shots * (question + reply), checked),
  });
  return [
    { kind: 'adapter', model, bytes: sizer.tensor(adapterElements(shape, config.rank)) },
    { kind: 'activations', model, bytes: sizer.tensor(320 * 3 * config.rank) },
    { kind: 'cache', model, bytes: cache.bytes },
    { kind: 'spare', model, bytes: cache.spare },
  ];
}
