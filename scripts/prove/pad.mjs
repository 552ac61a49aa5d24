/**
 * Demonstrations of process-aware distillation (PAD): `npm run prove -- --only quick-pad,pad,pad-judge,pad-hacking,pad-smollm2`.
 */
import { readFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { parseJson } from '../lib/json.mjs';
import { accuracyOf } from './seeds.mjs';

/** @import {Report, Statistics, Turn} from '../lib/product' */

/**
 * @typedef {{report: Report, out: string, seconds: number, command: string}} Run of the headless job
 * @typedef {{result: unknown, misses: string[]}} Outcome `misses` says what did not hold
 * @typedef {() => Outcome | Promise<Outcome>} Demonstration
 * @typedef {Readonly<Record<string, string | number | boolean>>} Flags
 *
 * @typedef {object} Tools
 * @property {(name: string, flags: readonly string[]) => Run} distil runs the headless job
 * @property {(run: Run) => object} summary of a run, for the result file
 * @property {(name: string, count: number, seed: number) => string} questionFile writes easy problems, gives the path
 * @property {(name: string, rows: readonly object[]) => string} rowsFile writes rows as JSON lines, gives the path
 * @property {() => void} fetchSmolLm2
 * @property {string} smollm2 its folder
 * @property {Statistics['meanInterval']} meanInterval of src/eval/statistics.ts
 */

/** @param {Report} report @param {string} a @param {string} b */
const pairOf = (report, a, b) => report.pairs.find((pair) => pair.a === a && pair.b === b) ?? null;

/**
 * The turns that a run left in its folder.
 * @param {string} out
 * @returns {Turn[]}
 */
export const turnsOf = (out) =>
  readFileSync(join(out, 'trajectories.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => parseJson(line));

/**
 * Tokens that the debate on the training questions took.
 * @param {string} out
 */
function debateTokens(out) {
  const turns = turnsOf(out).filter(({ split }) => split === 'train');
  return turns.reduce((sum, { usage }) => sum + usage.completion, 0);
}

/**
 * Arms of two runs on the same test questions: the difference with its paired-bootstrap interval (10,000 draws, seeded)
 * over the first seed's items, and the difference of each training's seed.
 * @param {Run} a
 * @param {Run} b
 * @param {string} armA
 */
function paired(a, b, armA, armB = armA) {
  const other = new Map(b.report.items.map(({ id, verdicts }) => [id, verdicts[armB]]));
  const differences = a.report.items.map(
    ({ id, verdicts }) => Number(verdicts[armA]?.correct) - Number(other.get(id)?.correct),
  );
  const n = differences.length;
  let state = 1;
  const draw = () => {
    // Numerical Recipes' linear congruential generator.
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
  const means = Array.from({ length: 10_000 }, () => {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += differences[draw()] ?? NaN;
    return sum / n;
  }).sort((x, y) => x - y);
  /** @param {Run} run */
  const seedsOf = ({ report }) => [report, ...report.seeds];
  const bySeed = seedsOf(a).map((one, i) => accuracyOf(one, armA) - accuracyOf(seedsOf(b)[i], armB));
  return {
    n,
    difference: differences.reduce((sum, value) => sum + value, 0) / n,
    ci: [means[249], means[9749]],
    bySeed,
  };
}

/** @param {Flags} settings */
const flagsOf = (settings) =>
  Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);

/**
 * What a run says of PAD: the log thinned to 40 rows, traces left out.
 * @param {Report} report
 */
function padOf({ pad }) {
  if (!pad) return null;
  const stride = Math.max(1, Math.ceil(pad.log.length / 40));
  return {
    rewardModel: pad.rewardModel,
    rewardModels: pad.rewardModels.map(({ seed, auc, n }) => ({ seed, auc, n })),
    runs: pad.runs,
    log: pad.log.filter((_, i) => i % stride === 0 || i === pad.log.length - 1),
  };
}

/** @param {Tools} tools @returns {Readonly<Record<string, Demonstration>>} */
export function padDemonstrations({ distil, summary, questionFile, fetchSmolLm2, smollm2, meanInterval }) {
  /** With Student's interval over the seeds. @param {Run} a @param {Run} b @param {string} armA @param {string} [armB] */
  const between = (a, b, armA, armB) => {
    const found = paired(a, b, armA, armB);
    return { ...found, overSeeds: meanInterval(found.bySeed) ?? { mean: found.bySeed[0], ci: null } };
  };
  /** @param {Run} run */
  const full = (run) => ({ ...summary(run), pad: padOf(run.report), loadAverage: loadavg()[0] });

  return {
    'quick-pad': () => {
      const run = distil('quick-pad', ['--strategy', 'pad', '--backend', 'auto']);
      const misses = [];
      if (run.seconds >= 480)
        misses.push(
          `took ${Math.round(run.seconds)} s, not under 480 (load average ${loadavg()[0]?.toFixed(1)})`,
        );
      const pair = pairOf(run.report, 'distilled:pad', 'base');
      if (!(pair && pair.ci[0] > 0)) misses.push(`lower bound of distilled:pad - base is ${pair?.ci[0]}`);
      const auc = run.report.pad?.rewardModel?.auc ?? NaN;
      if (!(auc >= 0.9)) misses.push(`step AUC is ${auc}, below 0.9`);
      return { result: full(run), misses };
    },

    // Three reward modes from base and from the RSFT adapter: the same debate, samples and updates. What a mode does not
    // change (RSFT, the reward model) is taken over from the run before, not trained again.
    pad: () => {
      const common = {
        'distil-seeds': 5,
        'pad-updates': 40,
        'pad-stop-on-hacking': false,
        'self-check': false,
      };
      const sizes = { 'test-questions': 1000, 'validation-questions': 128, backend: 'auto' };
      const debate = distil('pad-debate', flagsOf({ ...sizes, ...common, strategy: 'rsft,da,rsft+da' }));
      /** @param {string} name @param {Run} from @param {string} strategy */
      const mode = (name, from, strategy) =>
        distil(`pad-${name}`, [
          '--from',
          from.out,
          ...flagsOf({ ...common, backend: 'auto', strategy, 'pad-reward': name }),
        ]);
      const both = mode('both', debate, 'rsft,pad,rsft+pad,pad+da');
      const process = mode('process', both, 'rsft,pad,rsft+pad');
      const verifiable = mode('verifiable', both, 'rsft,pad,rsft+pad');
      const runs = { both, process, verifiable };
      const fewer = [100, 250].map((count) =>
        distil(
          `pad-fewer-${count}`,
          flagsOf({
            ...sizes,
            'train-questions': count,
            'self-check': false,
            strategy: 'rsft,da,rsft+da',
          }),
        ),
      );
      const misses = [];
      const gain = pairOf(both.report, 'distilled:pad', 'base');
      if (!(gain && gain.difference >= 0.1)) misses.push(`both gains ${gain?.difference}, not 0.1`);
      const comparisons = {
        'both - verifiable, from base': between(both, verifiable, 'distilled:pad'),
        'both - process, from base': between(both, process, 'distilled:pad'),
        'both - verifiable, from RSFT': between(both, verifiable, 'distilled:rsft+pad'),
        'both - process, from RSFT': between(both, process, 'distilled:rsft+pad'),
        ...Object.fromEntries(
          Object.entries(runs).map(([name, run]) => [
            `rsft+pad - rsft, ${name}`,
            between(run, run, 'distilled:rsft+pad', 'distilled:rsft'),
          ]),
        ),
      };
      const ownSampleTokens = both.report.pad?.rewardModel?.labels.ownSampleTokens;
      const spent = { debateTokens: debateTokens(both.out), ownSampleTokens };
      const curve = {
        unit: 'tokens generated for training, accuracy on the test questions (PAD in training: on 128 validation questions)',
        supervised: [...fewer, debate].flatMap(({ out, report }) =>
          ['rsft', 'da', 'rsft+da'].map((strategy) => ({
            strategy,
            tokens: debateTokens(out),
            accuracy: accuracyOf(report, `distilled:${strategy}`),
          })),
        ),
        // PAD then DA continues from PAD's adapter: its tokens are PAD's.
        pad: [
          { strategy: 'pad', samples: 'pad' },
          { strategy: 'rsft+pad', samples: 'rsft+pad' },
          { strategy: 'pad+da', samples: 'pad' },
        ].map(({ strategy, samples }) => {
          const found = both.report.pad?.runs.find((run) => run.strategy === samples && run.seed === 0);
          return {
            strategy,
            ...spent,
            generatedTokens: found?.generatedTokens,
            accuracy: accuracyOf(both.report, `distilled:${strategy}`),
            ...(samples === strategy && { evaluations: found?.evaluations }),
          };
        }),
      };
      const results = Object.fromEntries(Object.entries(runs).map(([name, run]) => [name, full(run)]));
      return { result: { comparisons, curve, supervised: full(debate), modes: results }, misses };
    },

    // Step AUC on the traces of an agent on which neither the reward model nor its start was trained: with the preset's
    // questions, and with four times as many, for which the bound stands.
    'pad-judge': () => {
      const shared = { strategy: 'pad', 'pad-updates': 1, 'test-questions': 50, 'self-check': false };
      /** @param {string} name @param {Flags} sizes */
      const folds = (name, sizes) => {
        const debate = distil(name, flagsOf({ ...shared, ...sizes, strategy: 'rsft', backend: 'auto' }));
        return [2, 1, 0].map((agent) => {
          const run = distil(`${name}-${agent}`, [
            '--from',
            debate.out,
            ...flagsOf({ ...shared, 'pad-held-out-agents': agent, backend: 'auto' }),
          ]);
          const rewardModel = run.report.pad?.rewardModel;
          const heldOut = rewardModel?.byAgent.find(({ trained }) => !trained);
          return { heldOut, rewardModel, command: run.command, environment: run.report.environment };
        });
      };
      const preset = folds('pad-judge', {});
      const more = folds('pad-judge-more', { 'train-questions': 3200, 'validation-questions': 200 });
      const misses = more
        .filter(({ heldOut }) => !((heldOut?.auc ?? NaN) >= 0.9))
        .map(({ heldOut }) => `step AUC on ${heldOut?.agent} is ${heldOut?.auc}, below 0.9`);
      return { result: { preset, more }, misses };
    },

    // A reward model of 40 steps alone, with nothing to hold the student near its base, is pleased rather than obeyed. With the
    // verdict beside it and the preset's KL weight and rate it is not, nor is one trained as the preset has it. The verdict
    // alone, without KL, is reported and has no bound.
    'pad-hacking': () => {
      const sizes = { 'train-questions': 400, 'validation-questions': 128, 'test-questions': 100 };
      const shared = { strategy: 'pad', 'pad-updates': 60, backend: 'auto' };
      const feeble = {
        ...shared,
        'pad-reward-start': 'base',
        'pad-reward-steps': 40,
        'pad-own-samples': 0,
      };
      const free = { ...feeble, 'pad-kl': 0, 'pad-lr': 2e-3 };
      const weak = distil('pad-weak', flagsOf({ ...sizes, ...free, 'pad-reward': 'process' }));
      /** @param {string} name @param {Flags} flags */
      const on = (name, flags) => distil(name, ['--from', weak.out, ...flagsOf(flags)]);
      const weakMixedFree = on('pad-weak-mixed', { ...free, 'pad-reward': 'both' });
      const weakMixed = on('pad-weak-mixed-kl', { ...feeble, 'pad-reward': 'both' });
      const mixed = on('pad-mixed', shared);
      /** @param {Run} run */
      const stopped = ({ report }) => Boolean(report.pad?.runs[0]?.stopped);
      const misses = [];
      if (!stopped(weak)) misses.push('the detector did not fire on the weak reward model');
      if (stopped(weakMixed)) misses.push('the detector fired on the weak reward model with verdict and KL');
      if (stopped(mixed)) misses.push('the detector fired on the mixed reward');
      const runs = { weak, weakMixedFree, weakMixed, mixed };
      const result = Object.fromEntries(Object.entries(runs).map(([name, run]) => [name, full(run)]));
      return { result, misses };
    },

    'pad-smollm2': () => smolLm2('auto', 10),
    'pad-smollm2-webgpu': () => smolLm2('webgpu', 1),
  };

  /**
   * Some updates of 2 questions x 4 samples of 16 tokens, its reward model trained for 2 steps before.
   * @param {string} backend
   * @param {number} updates
   */
  function smolLm2(backend, updates) {
    fetchSmolLm2();
    const flags = flagsOf({
      agents: smollm2,
      student: smollm2,
      questions: questionFile('pad-smollm2', 8, 13),
      'train-questions': 4,
      'validation-questions': 1,
      'test-questions': 2,
      'n-agents': 2,
      rounds: 0,
      protocol: 'self-consistency',
      'max-tokens': 16,
      strategy: 'pad',
      'pad-questions': 2,
      'pad-group': 4,
      'pad-own-samples': 0,
      'pad-reward-start': 'base',
      'pad-reward-steps': 2,
      'pad-labels': 'exact',
      batch: 2,
      rank: 8,
    });
    const run = distil(`pad-smollm2-${backend}`, [...flags, ...flagsOf({ 'pad-updates': updates, backend })]);
    const made = (run.report.pad?.log ?? []).filter(({ step }) => step > 0);
    const moved = made.filter((row) => (row.learning_rate ?? 0) > 0 && (row.grad_norm ?? 0) > 0).length;
    const misses = [];
    if (made.length !== updates) misses.push(`${made.length} of ${updates} updates were made`);
    if (moved === 0) misses.push('no update changed the adapter');
    return { result: full(run), misses };
  }
}
