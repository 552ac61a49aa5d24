/**
 * How long a whole run takes, from what one of the same models took: each phase's time goes with its units of work. While a run
 * works, what its own phase shows of the machine's speed corrects what is still to come.
 */
import { evaluationQuestions } from '../../settings/evalSets';
import { hasSettings } from '../runs/runFacts';
import type { Phase } from '../../records/records';
import type { RunConfig } from '../../settings/config';
import { equalStepsName } from '../../records/trainings';
import { endsInRl, practisesSecond, storedStages, usesCorrection } from '../../settings/strategy';

/** A finished run, which was timed. */
export interface Timed {
  readonly config: RunConfig;
  readonly timings: Readonly<Record<string, number>>;
}

const phases = ['load', 'debate', 'distil', 'evaluate'] as const;
type Work = Readonly<Record<(typeof phases)[number], number>>;

/**
 * A step of the reward model and an update of group RL beside a supervised step of 32 traces: scripts/prove/results/quick-pad.json
 * took 202 s for 3,000 and 80 of them, and quick.json 20 s for 200 steps.
 */
const rewardStep = 0.5;
const rlUpdate = 6.5;

/** Units of each phase: turns, steps of 32 traces, answers. */
export function workOf(config: RunConfig): Work {
  const { trainQuestions, validationQuestions, testQuestions } = config;
  const { nAgents, strategies, controls, distilSeeds } = config;
  const compared = testQuestions + evaluationQuestions(config);
  const all = trainQuestions + validationQuestions + compared;
  const debated = config.protocol === 'debate';
  const exchanges = debated ? config.rounds : 0;
  const sampled = testQuestions + (controls.includes('self-consistency') ? trainQuestions : 0);
  const single = validationQuestions * nAgents + compared;
  // Stages that strategies share are trained once.
  const stages = [
    ...new Set(
      strategies.flatMap((strategy) => storedStages(strategy, config.pad.rl).map(({ name }) => name)),
    ),
  ];
  const second = stages.filter(practisesSecond).length;
  const pad = stages.filter(endsInRl).length - second;
  const supervised = stages.length - pad - second + controls.length;
  const step = config.batch / 32;
  const trained = strategies.length + controls.length;
  const checking = 1 + strategies.length + Number(controls.includes(equalStepsName));
  // A greedy first answer stands there already; a sampled one is asked for where the student learns to check it.
  const checks = config.selfCheck ? testQuestions * checking * (usesCorrection(config) ? 3 : 1) : 0;
  return {
    load: 1,
    debate:
      all * nAgents * (1 + exchanges) +
      sampled * nAgents * exchanges +
      testQuestions * config.zeroShotVote +
      single,
    distil:
      distilSeeds *
      (supervised * config.steps * step +
        (pad > 0 ? config.pad.reward.steps * rewardStep : 0) +
        (pad * config.pad.rl.updates + second * config.correct.rlUpdates) * rlUpdate),
    evaluate:
      compared * ((config.shots > 0 ? 2 : 1) + trained) +
      testQuestions * trained * (distilSeeds - 1) +
      checks,
  };
}

function sameModels(a: RunConfig, b: RunConfig): boolean {
  const of = ({ agents, student, personas, maxTokens, rank }: RunConfig): string =>
    JSON.stringify([agents, student, personas ?? [], maxTokens, rank > 32]);
  return of(a) === of(b);
}

/** Seconds by phase; null where no run of the same models was timed. */
function expected(config: RunConfig, known: Timed | null): Work | null {
  if (known === null || !sameModels(config, known.config)) return null;
  const [work, done] = [workOf(config), workOf(known.config)];
  const seconds = phases.map((phase) => {
    const took = known.timings[phase];
    return [phase, took === undefined ? null : (took * work[phase]) / Math.max(1, done[phase])] as const;
  });
  // Runs of older versions lack settings.
  if (seconds.some(([, value]) => value === null || !Number.isFinite(value))) return null;
  return Object.fromEntries(seconds) as Work;
}

/** Seconds that a run of these settings takes; null where nothing was measured. */
export function secondsOf(config: RunConfig, known: Timed | null): number | null {
  const seconds = expected(config, known);
  return seconds && phases.reduce((sum, phase) => sum + seconds[phase], 0);
}

/** The newest finished run of the same models, else `otherwise` (the recorded run) where that is of them. */
export function timedLike(
  config: RunConfig,
  runs: readonly { readonly id: string; readonly config: RunConfig; readonly createdAt: number }[],
  results: Readonly<Record<string, { readonly timings: Timed['timings'] }>>,
): Timed | null {
  const like = runs
    .filter((run) => hasSettings(run) && results[run.id]?.timings['distil'] !== undefined)
    .filter((run) => sameModels(run.config, config))
    .sort((a, b) => b.createdAt - a.createdAt)[0];
  const result = like && results[like.id];
  return like && result ? { config: like.config, timings: result.timings } : null;
}

export interface Going {
  readonly phase: Phase;
  readonly done: number;
  readonly total: number;
  readonly secondsLeft: number | null;
}

/** Seconds to the end of a run that works. */
export class RunTime {
  /** How much slower this run is than expected, by the last phase that showed it. */
  #slower = 1;

  /** Null where later phases cannot be estimated: then only the phase's own time is known. */
  left(job: Going, config: RunConfig, known: Timed | null): number | null {
    const seconds = expected(config, known);
    if (seconds === null) return null;
    const at = phases.findIndex((phase) => phase === job.phase);
    if (at < 0) return 0;
    const phase = phases[at] ?? 'load';
    const open = job.total > 0 ? 1 - Math.min(1, job.done / job.total) : 1;
    // Too early in a phase to measure its speed.
    if (job.secondsLeft !== null && open > 0 && open < 0.98 && seconds[phase] > 0)
      this.#slower = Math.min(100, Math.max(0.01, job.secondsLeft / open / seconds[phase]));
    const own = job.secondsLeft ?? open * seconds[phase] * this.#slower;
    const later = phases.slice(at + 1).reduce((sum, name) => sum + seconds[name], 0);
    return own + later * this.#slower;
  }
}
