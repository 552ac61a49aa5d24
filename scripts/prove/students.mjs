/**
 * Demonstrations of what students learn from the debates of `debate`:
 * `npm run prove -- --only clean-traces,self-correction,pad-after-rsft,transfer`. Their bounds are in hypotheses.mjs.
 */
import { loadavg } from 'node:os';
import * as bounds from './hypotheses.mjs';
import { accuracyOf, brief, plain, quiet, seedTools, sizes, student } from './seeds.mjs';

/** @import {Demonstration, Run, Tools} from './pad.mjs' */

/**
 * Of a report's self-correction, after minus before the check, in points.
 * @param {Run} run
 * @param {string} arm
 * @param {number} temperature of the first answer
 */
function corrected({ report }, arm, temperature) {
  const row = report.selfCorrection.find((one) => one.arm === arm && (one.temperature ?? 0) === temperature);
  return row ? (100 * (row.after - row.before)) / row.n : NaN;
}

/**
 * Kept traces with a wrong step, of those that a checker can judge, in percent.
 * @param {Run} run
 * @param {string} arm
 */
function wrongSteps({ report }, arm) {
  const kept = report.datasets[arm]?.audit?.kept;
  return kept ? (100 * kept.wrongStep) / kept.checked : NaN;
}

/**
 * @param {Pick<Tools, 'distil' | 'meanInterval'>} tools
 * @returns {Record<string, Demonstration>}
 */
export function studentDemonstrations(tools) {
  const { run, contrast, level, debate, overSeeds } = seedTools(tools);
  const da = 'distilled:da';
  /** @param {string} name @param {number} seed @param {string} flags */
  const on = (name, seed, flags) => run(`${name}-${seed}`, `--from ${debate(seed).out} ${flags}`);
  /** @param {readonly Run[]} runs @param {readonly number[]} seeds */
  const made = (runs, seeds) => ({
    environment: runs[0]?.report.environment,
    load: loadavg(),
    runs: [...seeds.map(debate), ...runs].map(brief),
  });

  return {
    'clean-traces': () => {
      const { seeds } = bounds.cleanTraces;
      const clean = seeds.map(debate);
      const raw = seeds.map((seed) =>
        on('unfiltered', seed, `--step-filter off --strategy rsft,da --controls=, ${quiet}`),
      );
      const shares = (/** @type {readonly Run[]} */ runs) =>
        overSeeds(runs.flatMap((one) => [wrongSteps(one, student), wrongSteps(one, da)]));
      const result = {
        daMinusRsft: contrast(clean, da, student),
        wrongStepShare: shares(clean),
        unfiltered: { daMinusRsft: contrast(raw, da, student), wrongStepShare: shares(raw) },
        filterGain: Object.fromEntries(
          [student, da].map((arm) => [
            arm,
            overSeeds(
              clean.map((one, i) => {
                return 100 * (accuracyOf(one.report, arm) - accuracyOf(raw[i]?.report, arm));
              }),
            ),
          ]),
        ),
      };
      return {
        result: { ...result, ...made(raw, seeds) },
        misses: bounds.missesOf(bounds.cleanTracesBounds(result)),
      };
    },

    'self-correction': () => {
      const { seeds, arm, control } = bounds.selfCorrection;
      const flags =
        '--strategy rsft,rsft+correct --controls equal-steps --rl-share 0.4 --correct-samples 6 --steps 600';
      const taught = seeds.map((seed) => on('correct', seed, `${flags} ${quiet}`));
      // The same trainings are taken over, and everybody checks the own answers.
      const runs = taught.map(({ out }, i) =>
        run(`checked-${seeds[i]}`, `--from ${out} ${flags} --self-check true ${plain}`),
      );
      /** @param {string} name @param {number} temperature */
      const change = (name, temperature) => overSeeds(runs.map((one) => corrected(one, name, temperature)));
      const arms = [student, arm, control];
      const result = {
        sampled: change(arm, 1),
        greedy: change(arm, 0),
        control: change(control, 0),
        arms: Object.fromEntries(
          arms.map((name) => [
            name,
            { accuracy: level(runs, name), greedy: change(name, 0), sampled: change(name, 1) },
          ]),
        ),
        counts: runs.map(({ report }) => report.selfCorrection),
      };
      return {
        result: { ...result, ...made([...taught, ...runs], []) },
        misses: bounds.missesOf(bounds.selfCorrectionBounds(result)),
      };
    },

    'pad-after-rsft': () => {
      const { seeds } = bounds.padAfterRsft;
      const runs = seeds.map((seed) =>
        on(
          'pad-extra',
          seed,
          `--strategy rsft,rsft+pad --controls=, --rl-extra-questions 200 --pad-lr 5e-5 --pad-stop-on-hacking false ${quiet}`,
        ),
      );
      const difference = contrast(runs, 'distilled:rsft+pad', student);
      return {
        result: {
          difference,
          accuracy: Object.fromEntries([student, 'distilled:rsft+pad'].map((arm) => [arm, level(runs, arm)])),
          rewardModels: runs.map(({ report }) => report.pad?.rewardModel?.auc ?? null),
          ...made(runs, []),
        },
        misses: bounds.missesOf(bounds.padAfterRsftBounds(difference)),
      };
    },

    /** Base, student and ensemble on sets that nobody was trained on. */
    transfer: () => {
      const { seeds } = bounds.transfer;
      const runs = seeds.map((seed) =>
        run(
          `transfer-${seed}`,
          `--n-agents 3 --rounds 2 ${sizes} --ood-questions 200 --robust-questions 200 --eval steps --eval vehicles --eval money --eval-questions 200 ` +
            `--seed ${seed} --strategy rsft,da --controls self-consistency ${quiet}`,
        ),
      );
      /** @param {Run} one @returns {Record<string, Run['report']['arms']>} */
      const setsOf = ({ report }) => ({
        test: report.arms,
        ood: report.ood?.arms ?? [],
        robust: report.robust?.arms ?? [],
        ...Object.fromEntries((report.evalSets ?? []).map(({ name, arms }) => [name, arms])),
      });
      const first = runs[0];
      const sets = Object.fromEntries(
        Object.entries(first ? setsOf(first) : {}).map(([set, arms]) => [
          set,
          Object.fromEntries(
            arms.map(({ name }) => [
              name,
              overSeeds(runs.map((one) => 100 * accuracyOf({ arms: setsOf(one)[set] ?? [] }, name))),
            ]),
          ),
        ]),
      );
      return { result: { sets, ...made(runs, []) }, misses: [] };
    },
  };
}
