/**
 * Demonstrations of what a debate is worth, on the bundled agents: `npm run prove -- --only debate,scaling`.
 * Their bounds are in hypotheses.mjs. Each seed draws its own questions, debate and training; statistics over seeds are Student's.
 */
import { loadavg } from 'node:os';
import { debate as bounds, debateBounds } from './hypotheses.mjs';

/** @import {Report} from '../lib/product' */
/** @import {Spread} from './hypotheses.mjs' */
/** @import {Demonstration, Run, Tools} from './pad.mjs' */

/** @param {Report} report @param {string} name @returns {number} */
const accuracyOf = (report, name) => report.arms.find((arm) => arm.name === name)?.accuracy ?? NaN;

/** What stays of a run in a result file. @param {Run} run */
const brief = ({ report, seconds, command }) => ({
  command,
  seconds,
  seed: report.seed,
  arms: report.arms.map(({ name, n, correct, accuracy, ci }) => ({ name, n, correct, accuracy, ci })),
});

const sizes = '--train-questions 800 --validation-questions 64 --test-questions 400';
const quiet = '--self-check false --distil-seeds 1 --backend cpu';

/**
 * @param {Pick<Tools, 'distil' | 'meanInterval'>} tools
 * @returns {Record<string, Demonstration>}
 */
export function debateDemonstrations({ distil, meanInterval }) {
  /** @param {readonly number[]} values @returns {Spread} */
  const overSeeds = (values) => ({ mean: NaN, ci: [], ...meanInterval(values), values });
  /** In points. @param {readonly Run[]} runs @param {string} a @param {string} b */
  const contrast = (runs, a, b) =>
    overSeeds(runs.map(({ report }) => 100 * (accuracyOf(report, a) - accuracyOf(report, b))));
  /** In percent. @param {readonly Run[]} runs @param {string} arm */
  const level = (runs, arm) => overSeeds(runs.map(({ report }) => 100 * accuracyOf(report, arm)));
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
      const { seeds } = bounds;
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
      const misses = debateBounds(result).flatMap(({ what, wanted, measured, holds }) =>
        holds ? [] : [`${what} is ${measured.mean} [${measured.ci.join(', ')}], not ${wanted}`],
      );
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
