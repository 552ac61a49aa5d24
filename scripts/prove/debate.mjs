/**
 * Demonstrations of what a debate is worth, on the bundled agents: `npm run prove -- --only debate,scaling,self-correction,pad-after-rsft`.
 * Their bounds are in hypotheses.mjs. Each seed draws its own questions, debate and training; statistics over seeds are Student's.
 */
import { loadavg } from 'node:os';
import * as bounds from './hypotheses.mjs';

/** @import {Report} from '../lib/product' */
/** @import {Demonstration, Run, Tools} from './pad.mjs' */

/** 97.5 % quantiles of Student's t by degrees of freedom (1 to 9). */
const quantiles = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262];

/**
 * Mean of values of several seeds with Student's 95 % interval.
 * @param {readonly number[]} values
 */
export function overSeeds(values) {
  const n = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1));
  const half = ((quantiles[n - 2] ?? NaN) * deviation) / Math.sqrt(n);
  return { mean, ci: [mean - half, mean + half], values };
}

/** @typedef {ReturnType<typeof overSeeds>} Spread */

/** @param {Report} report @param {string} name @returns {number} */
const accuracyOf = (report, name) => report.arms.find((arm) => arm.name === name)?.accuracy ?? NaN;

/** In points. @param {readonly Run[]} runs @param {string} a @param {string} b */
const contrast = (runs, a, b) =>
  overSeeds(runs.map(({ report }) => 100 * (accuracyOf(report, a) - accuracyOf(report, b))));

/** In percent. @param {readonly Run[]} runs @param {string} arm */
const level = (runs, arm) => overSeeds(runs.map(({ report }) => 100 * accuracyOf(report, arm)));

/** What stays of a run in a result file. @param {Run} run */
const brief = ({ report, seconds, command }) => ({
  command,
  seconds,
  seed: report.seed,
  arms: report.arms.map(({ name, n, correct, accuracy, ci }) => ({ name, n, correct, accuracy, ci })),
});

/**
 * Says which bounds are missed.
 * @param {readonly (readonly [boolean, string])[]} checks whether it holds, and what it says if not
 */
const missed = (checks) => checks.flatMap(([holds, what]) => (holds ? [] : [what]));

const sizes = '--train-questions 800 --validation-questions 64 --test-questions 400';
const quiet = '--self-check false --distil-seeds 1 --backend cpu';

/**
 * @param {Pick<Tools, 'distil'>} tools
 * @returns {Record<string, Demonstration>}
 */
export function debateDemonstrations({ distil }) {
  /** @param {string} name @param {string} flags */
  const run = (name, flags) => distil(name, flags.split(' '));
  /** The debate of a seed, with what every other demonstration takes up. @param {number} seed */
  const debate = (seed) =>
    run(
      `debate-${seed}`,
      `--n-agents 3 --rounds 2 ${sizes} --seed ${seed} --strategy rsft,da --controls self-consistency,single-teacher ${quiet}`,
    );

  return {
    debate: () => {
      const { seeds } = bounds.debate;
      const gold = seeds.map(debate);
      const consensus = seeds.map((seed, i) =>
        run(
          `consensus-${seed}`,
          `--from ${gold[i]?.out} --labels consensus --strategy rsft --controls self-consistency ${quiet}`,
        ),
      );
      const shared = seeds.map((seed) =>
        run(
          `overlap-100-${seed}`,
          `--agents agent-a --n-agents 3 --rounds 2 ${sizes} --seed ${seed} --strategy rsft --controls self-consistency ${quiet}`,
        ),
      );
      const student = 'distilled:rsft';
      const control = 'control:self-consistency';
      const result = {
        accuracy: Object.fromEntries(
          [
            'base',
            'single-greedy',
            'vote-greedy:3',
            'vote:3',
            'vote-equal-tokens',
            'vote-equal-total-tokens',
            'debate',
            student,
            'distilled:da',
            control,
            'control:single-teacher',
          ].map((arm) => [arm, level(gold, arm)]),
        ),
        goldContrast: contrast(gold, student, control),
        consensusContrast: contrast(consensus, student, control),
        studentOverAgent: contrast(gold, student, 'single-greedy'),
        consensusStudentOverAgent: contrast(consensus, student, 'single-greedy'),
        debateOverVote: contrast(gold, 'debate', 'vote-equal-total-tokens'),
        daMinusRsft: contrast(gold, 'distilled:da', student),
        teacher: contrast(gold, student, 'control:single-teacher'),
        fullOverlap: {
          debateGain: contrast(shared, 'debate', 'vote:3'),
          goldContrast: contrast(shared, student, control),
          studentOverAgent: contrast(shared, student, 'single-greedy'),
        },
      };
      const expected = bounds.debate;
      const { accuracy, fullOverlap } = result;
      const lower = (/** @type {Spread | undefined} */ spread) => spread?.ci[0] ?? NaN;
      const mean = (/** @type {string} */ arm) => accuracy[arm]?.mean ?? NaN;
      const [low, high] = fullOverlap.goldContrast.ci;
      const misses = missed([
        [
          mean('single-greedy') <= expected.singleGreedyAtMost,
          `the greedy best agent has ${mean('single-greedy')} %`,
        ],
        [
          mean('vote-equal-total-tokens') <= expected.voteAtMost,
          `the vote has ${mean('vote-equal-total-tokens')} %`,
        ],
        [mean('debate') >= expected.debateAtLeast, `the debate has ${mean('debate')} %`],
        [
          lower(result.goldContrast) > expected.goldContrastAbove,
          `the contrast with gold labels is above ${lower(result.goldContrast)} only`,
        ],
        [
          lower(result.consensusContrast) > expected.consensusContrastAbove,
          `the contrast by consensus is above ${lower(result.consensusContrast)} only`,
        ],
        [
          lower(result.studentOverAgent) > expected.studentOverAgentAbove,
          `the student is above the agent by ${lower(result.studentOverAgent)} only`,
        ],
        [
          (fullOverlap.debateGain.ci[1] ?? NaN) < expected.fullOverlapGainBelow,
          `at full overlap the debate gains up to ${fullOverlap.debateGain.ci[1]}`,
        ],
        [
          ((low ?? NaN) <= 0 && (high ?? NaN) >= 0) ||
            Math.abs(fullOverlap.goldContrast.mean) < expected.fullOverlapContrastWithin,
          `at full overlap the contrast is ${fullOverlap.goldContrast.mean}`,
        ],
      ]);
      return {
        result: {
          ...result,
          load: loadavg(),
          environment: gold[0]?.report.environment,
          runs: [...gold, ...consensus, ...shared].map(brief),
        },
        misses,
      };
    },

    /** Agents, exchanges, training questions and the overlap of the gaps, one at a time, on one seed. */
    scaling: () => {
      const plain = `${sizes} --seed 0 --strategy rsft --controls self-consistency ${quiet}`;
      const sets = {
        agents: [1, 3, 5, 10].map((n) => ({
          at: n,
          run: run(
            `agents-${n}`,
            `--n-agents ${n} --rounds 2 ${n > 5 ? '--visibility random --random-peers 4 ' : ''}${plain}`,
          ),
        })),
        exchanges: [0, 1, 2, 3].map((n) => ({
          at: n,
          run: run(`exchanges-${n}`, `--n-agents 3 --rounds ${n} ${plain}`),
        })),
        questions: [100, 200, 400, 800, 1600, 3200].map((n) => ({
          at: n,
          run: run(
            `questions-${n}`,
            `--n-agents 3 --rounds 2 ${plain.replace('--train-questions 800', `--train-questions ${n}`)}`,
          ),
        })),
        overlap: [0, 20, 50, 80, 100].map((percent) => ({
          at: percent,
          run: run(
            `overlap-${percent}`,
            `--agents ${
              percent === 100
                ? 'agent-a'
                : percent === 0
                  ? 'agent-a,agent-b,agent-c'
                  : `agent-a,agent-b-${percent},agent-c-${percent}`
            } --n-agents 3 --rounds 2 ${plain}`,
          ),
        })),
      };
      const curves = Object.fromEntries(
        Object.entries(sets).map(([name, points]) => [
          name,
          points.map(({ at, run: one }) => ({ at, ...brief(one) })),
        ]),
      );
      const environment = sets.agents[0]?.run.report.environment;
      return { result: { ...curves, environment, load: loadavg() }, misses: [] };
    },
  };
}
