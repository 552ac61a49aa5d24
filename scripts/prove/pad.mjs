// Demonstrations of process-aware distillation (PAD): `npm run prove -- --only quick-pad,pad,pad-hacking,pad-smollm2`.
import { loadavg } from 'node:os';

/**
 * @typedef {{report: any, out: string, seconds: number, command: string}} Run
 * @typedef {object} Tools
 * @property {(name: string, flags: string[]) => Run} distil runs the headless job
 * @property {(run: Run) => object} summary of a run, for the result file
 * @property {(name: string, count: number, seed: number) => string} questionFile writes easy problems, gives the path
 * @property {() => void} fetchSmolLm2
 * @property {string} smollm2 its folder
 */

const pairOf = (report, a, b) => report.pairs.find((pair) => pair.a === a && pair.b === b) ?? null;
const flagsOf = (settings) =>
  Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);

/** What a run says of PAD: the log thinned to 40 rows, traces left out. */
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

/** @param {Tools} tools */
export function padDemonstrations({ distil, summary, questionFile, fetchSmolLm2, smollm2 }) {
  const full = (run) => ({ ...summary(run), pad: padOf(run.report), loadAverage: loadavg()[0] });

  return {
    'quick-pad': () => {
      const run = distil('quick-pad', ['--strategy', 'pad', '--backend', 'auto']);
      const misses = [];
      if (run.seconds >= 480)
        misses.push(
          `took ${Math.round(run.seconds)} s, not under 480 (load average ${loadavg()[0].toFixed(1)})`,
        );
      const pair = pairOf(run.report, 'distilled:pad', 'base');
      if (!(pair?.ci[0] > 0)) misses.push(`lower bound of distilled:pad - base is ${pair?.ci[0]}`);
      const auc = run.report.pad.rewardModel?.auc;
      if (!(auc >= 0.9)) misses.push(`step AUC is ${auc}, below 0.9`);
      return { result: full(run), misses };
    },

    // Three reward modes from base and from the RSFT adapter: the same debate, samples and updates.
    pad: () => {
      const sizes = { 'test-questions': 1000, 'distil-seeds': 5, backend: 'auto' };
      const debate = distil('pad-debate', flagsOf({ ...sizes, strategy: 'rsft,da,rsft+da' }));
      const modes = ['verifiable', 'process', 'both'].map((mode) =>
        distil(`pad-${mode}`, [
          '--from',
          debate.out,
          ...flagsOf({
            strategy: mode === 'both' ? 'pad,rsft+pad,pad+da' : 'pad,rsft+pad',
            'distil-seeds': 5,
            'pad-reward': mode,
            'pad-stop-on-hacking': false,
          }),
        ]),
      );
      const misses = [];
      const gain = pairOf(modes[2].report, 'distilled:pad', 'base');
      if (!(gain?.difference >= 0.1)) misses.push(`both gains ${gain?.difference}, not 0.1`);
      return { result: { supervised: full(debate), modes: modes.map(full) }, misses };
    },

    // A reward model of 40 steps alone is pleased rather than obeyed; with the verdict beside it and a trained one it is not.
    'pad-hacking': () => {
      const sizes = { 'train-questions': 400, 'validation-questions': 128, 'test-questions': 100 };
      const shared = { strategy: 'pad', 'pad-updates': 60, backend: 'auto' };
      const weak = distil(
        'pad-weak',
        flagsOf({
          ...sizes,
          ...shared,
          'pad-reward': 'process',
          'pad-reward-steps': 40,
          'pad-own-samples': 0,
          'pad-lr': 2e-3,
        }),
      );
      const mixed = distil('pad-mixed', ['--from', weak.out, ...flagsOf(shared)]);
      const misses = [];
      if (!weak.report.pad.runs[0].stopped) misses.push('the detector did not fire on the weak reward model');
      if (mixed.report.pad.runs[0].stopped) misses.push('the detector fired on the mixed reward');
      return { result: { weak: full(weak), mixed: full(mixed) }, misses };
    },

    'pad-smollm2': () => smolLm2('auto', 10),
    'pad-smollm2-webgpu': () => smolLm2('webgpu', 1),
  };

  /** Some updates of 2 questions x 4 samples of 16 tokens, its reward model trained for 2 steps before. */
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
      'pad-reward-steps': 2,
      'pad-labels': 'exact',
      batch: 2,
      rank: 8,
    });
    const run = distil(`pad-smollm2-${backend}`, [...flags, ...flagsOf({ 'pad-updates': updates, backend })]);
    const made = run.report.pad.log.filter(({ step }) => step > 0).length;
    return { result: full(run), misses: made === updates ? [] : [`${made} of ${updates} updates were made`] };
  }
}
