/**
 * Demonstrations of what a debate is worth, on the bundled agents: `npm run prove -- --only debate,few-questions,scaling`.
 * Their bounds are in hypotheses.mjs.
 */
import { loadavg } from 'node:os';
import { debate as bounds, debateBounds, fewQuestions, fewQuestionsBounds, missesOf } from './hypotheses.mjs';
import { brief, control, quiet, seedTools, sizes, student } from './seeds.mjs';

/** @import {Demonstration, Run, Tools} from './pad.mjs' */

/**
 * @param {Pick<Tools, 'distil' | 'meanInterval'>} tools
 * @returns {Record<string, Demonstration>}
 */
export function debateDemonstrations(tools) {
  const { run, contrast, level, debate, copies, overSeeds } = seedTools(tools);
  /** What an arm was trained on. @param {readonly Run[]} runs @param {string} arm */
  const tracesOf = (runs, arm) => {
    const audits = runs.map(({ report }) => report.datasets[arm]?.audit);
    return {
      kept: overSeeds(audits.map((audit) => audit?.kept.traces ?? NaN)),
      corrective: overSeeds(audits.map((audit) => audit?.kept.corrective ?? NaN)),
      coverage: overSeeds(audits.map((audit) => 100 * (audit?.coverage ?? NaN))),
    };
  };

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
      const shared = seeds.map(copies);
      const arms = [
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
      ];
      const result = {
        accuracy: Object.fromEntries(arms.map((arm) => [arm, level(gold, arm)])),
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
          traces: Object.fromEntries([student, control].map((arm) => [arm, tracesOf(shared, arm)])),
        },
        traces: Object.fromEntries([student, control].map((arm) => [arm, tracesOf(gold, arm)])),
      };
      return {
        result: {
          ...result,
          load: loadavg(),
          environment: gold[0]?.report.environment,
          runs: [...gold, ...consensus, ...shared].map(brief),
        },
        misses: missesOf(debateBounds(result)),
      };
    },

    'few-questions': () => {
      const { seeds, questions } = fewQuestions;
      const few = sizes.replace('--train-questions 800', `--train-questions ${questions}`);
      const runs = seeds.map((seed) =>
        run(
          `few-questions-${seed}`,
          `--n-agents 3 --rounds 2 ${few} --seed ${seed} --strategy rsft --controls self-consistency ${quiet}`,
        ),
      );
      const arms = ['base', 'single-greedy', 'vote-equal-total-tokens', 'debate', student, control];
      const result = {
        accuracy: Object.fromEntries(arms.map((arm) => [arm, level(runs, arm)])),
        goldContrast: contrast(runs, student, control),
        studentOverAgent: contrast(runs, student, 'single-greedy'),
      };
      return {
        result: {
          ...result,
          load: loadavg(),
          environment: runs[0]?.report.environment,
          runs: runs.map(brief),
        },
        misses: missesOf(fewQuestionsBounds(result)),
      };
    },

    /** Agents, exchanges, training questions and the overlap of the gaps, one at a time, on one seed. */
    scaling: () => {
      const flags = `${sizes} --seed 0 --strategy rsft --controls self-consistency ${quiet}`;
      // Where the four dials meet: the debate of three different agents, two exchanges, 800 questions.
      const meet = debate(0);
      const sets = {
        agents: [1, 3, 5, 10].map((n) => ({
          at: n,
          run:
            n === 3
              ? meet
              : run(
                  `agents-${n}`,
                  `--n-agents ${n} --rounds 2 ${n > 5 ? '--visibility random --random-peers 4 ' : ''}${flags}`,
                ),
        })),
        exchanges: [0, 1, 2, 3].map((n) => ({
          at: n,
          run: n === 2 ? meet : run(`exchanges-${n}`, `--n-agents 3 --rounds ${n} ${flags}`),
        })),
        questions: [100, 200, 400, 800, 1600, 3200].map((n) => ({
          at: n,
          run:
            n === 800
              ? meet
              : run(
                  `questions-${n}`,
                  `--n-agents 3 --rounds 2 ${flags.replace('--train-questions 800', `--train-questions ${n}`)}`,
                ),
        })),
        overlap: [0, 20, 50, 80, 100].map((percent) => ({
          at: percent,
          run:
            percent === 0
              ? meet
              : percent === 100
                ? copies(0)
                : run(
                    `overlap-${percent}`,
                    `--agents agent-a,agent-b-${percent},agent-c-${percent} --n-agents 3 --rounds 2 ${flags}`,
                  ),
        })),
      };
      const curves = Object.fromEntries(
        Object.entries(sets).map(([name, points]) => [
          name,
          points.map(({ at, run: one }) => ({ at, ...brief(one) })),
        ]),
      );
      return { result: { ...curves, environment: meet.report.environment, load: loadavg() }, misses: [] };
    },
  };
}
