/** What demonstrations over several seeds of the bundled agents share. Each seed draws its own questions, debate and training. */

/** @import {Report} from '../lib/product' */
/** @import {Spread} from './hypotheses.mjs' */
/** @import {Run, Tools} from './pad.mjs' */

export const sizes = '--train-questions 800 --validation-questions 64 --test-questions 400';
/** One training a strategy, and the backend that repeats to the byte anywhere. */
export const plain = '--distil-seeds 1 --backend cpu';
export const quiet = `--self-check false ${plain}`;
/** Strategy and control by which the demonstrations tell debates apart. */
export const student = 'distilled:rsft';
export const control = 'control:self-consistency';

/** @param {Pick<Report, 'arms'> | undefined} report @param {string} name @returns {number} */
export const accuracyOf = (report, name) => report?.arms.find((arm) => arm.name === name)?.accuracy ?? NaN;

/**
 * What stays of a run in a result file. `items`: by arm a figure for each test question in the run's order, 1 where it is right.
 * @param {Run} run
 */
export function brief({ report, seconds, command }) {
  const arms = report.arms.map(({ name, n, correct, accuracy, ci }) => ({ name, n, correct, accuracy, ci }));
  const items = Object.fromEntries(
    arms.map(({ name }) => [
      name,
      report.items.map(({ verdicts }) => Number(verdicts[name]?.correct ?? false)).join(''),
    ]),
  );
  return { command, seconds, seed: report.seed, arms, items };
}

/** @typedef {ReturnType<typeof seedTools>} SeedTools */

/** @param {Pick<Tools, 'distil' | 'meanInterval'>} tools */
export function seedTools({ distil, meanInterval }) {
  /** Mean of the seeds with Student's 95 % interval. @param {readonly number[]} values @returns {Spread} */
  const overSeeds = (values) => ({ mean: NaN, ci: [], ...meanInterval(values), values });
  /** @param {string} name @param {string} flags */
  const run = (name, flags) => distil(name, flags.split(' '));
  return {
    overSeeds,
    run,
    /** In points. @param {readonly Run[]} runs @param {string} a @param {string} b */
    contrast: (runs, a, b) =>
      overSeeds(runs.map(({ report }) => 100 * (accuracyOf(report, a) - accuracyOf(report, b)))),
    /** In percent. @param {readonly Run[]} runs @param {string} arm */
    level: (runs, arm) => overSeeds(runs.map(({ report }) => 100 * accuracyOf(report, arm))),
    /** The debate of a seed, whose stored turns other demonstrations train on. @param {number} seed */
    debate: (seed) =>
      run(
        `debate-${seed}`,
        `--n-agents 3 --rounds 2 ${sizes} --seed ${seed} --strategy rsft,da --controls self-consistency,single-teacher ${quiet}`,
      ),
    /** Three copies of one agent. @param {number} seed */
    copies: (seed) =>
      run(
        `overlap-100-${seed}`,
        `--agents agent-a --n-agents 3 --rounds 2 ${sizes} --seed ${seed} --strategy rsft --controls self-consistency ${quiet}`,
      ),
  };
}
