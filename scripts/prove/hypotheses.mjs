/**
 * What the demonstrations must show, written before they are run: bounds in points (100 x the difference of shares) unless said.
 * A bound that is missed is reported as missed in docs/results.md.
 */

/** `debate`: new agents, gold and consensus labels, five debate seeds (each its own questions, debate and training). */
export const debate = {
  seeds: [0, 1, 2, 3, 4],
  /** Mean accuracy over the seeds, in percent. */
  singleGreedyAtMost: 60,
  /** The vote of independent samples at the debate's prompt and generated tokens: over ten times those of one answer. */
  voteAtMost: 65,
  debateAtLeast: 90,
  /** Lower bounds of 95 % t intervals over the seeds: RSFT on the debate's traces minus RSFT on self-consistency's. */
  goldContrastAbove: 5,
  consensusContrastAbove: 20,
  /** Student (RSFT, gold) minus the greedy best agent, lower bound. */
  studentOverAgentAbove: 0,
  /** At full overlap (three copies of one agent): the upper bound of the debate minus its own first vote is below this ... */
  fullOverlapGainBelow: 2,
  /** ... and the interval of the gold contrast holds 0 or its absolute mean is under this. */
  fullOverlapContrastWithin: 2,
};

/**
 * Levels in percent and differences in points, over the seeds.
 * @typedef {{readonly mean: number, readonly ci: readonly number[], readonly values: readonly number[]}} Spread
 *
 * @typedef {object} Worth what `debate` measures, as far as the bounds read it
 * @property {Readonly<Record<string, Spread>>} accuracy by arm
 * @property {Spread} goldContrast
 * @property {Spread} consensusContrast
 * @property {Spread} studentOverAgent
 * @property {{readonly debateGain: Spread, readonly goldContrast: Spread}} fullOverlap
 *
 * @typedef {object} Bound
 * @property {string} what
 * @property {string} wanted
 * @property {Spread} measured
 * @property {'level' | 'gap' | 'count'} kind
 * @property {boolean} holds
 */

/** @param {string} what @param {Spread} measured @param {string} wanted @param {(mean: number) => boolean} holds @returns {Bound} */
const level = (what, measured, wanted, holds) => ({
  what,
  wanted,
  measured,
  kind: 'level',
  holds: holds(measured.mean),
});

/** @param {string} what @param {Spread} measured @param {string} wanted @param {(low: number, high: number) => boolean} holds @returns {Bound} */
function gap(what, measured, wanted, holds) {
  const [low = NaN, high = NaN] = measured.ci;
  return { what, wanted, measured, kind: 'gap', holds: holds(low, high) };
}

/** @param {string} what @param {Spread} measured @param {number} bound */
const above = (what, measured, bound) =>
  gap(what, measured, `lower end above ${bound}`, (low) => low > bound);

/**
 * What a demonstration missed.
 * @param {readonly Bound[]} bounds
 */
export const missesOf = (bounds) =>
  bounds.flatMap(({ what, wanted, measured, holds }) =>
    holds ? [] : [`${what} is ${measured.mean} [${measured.ci.join(', ')}], not ${wanted}`],
  );

/**
 * The bounds of `debate` beside what was measured.
 * @param {Worth} worth
 * @returns {readonly Bound[]}
 */
export function debateBounds({ accuracy, goldContrast, consensusContrast, studentOverAgent, fullOverlap }) {
  /** @param {string} arm */
  const of = (arm) => accuracy[arm] ?? { mean: NaN, ci: [], values: [] };
  const shared = fullOverlap.goldContrast;
  return [
    level(
      'best agent alone, greedy',
      of('single-greedy'),
      `at most ${debate.singleGreedyAtMost} %`,
      (mean) => mean <= debate.singleGreedyAtMost,
    ),
    level(
      "vote of independent answers at the debate's prompt and generated tokens",
      of('vote-equal-total-tokens'),
      `at most ${debate.voteAtMost} %`,
      (mean) => mean <= debate.voteAtMost,
    ),
    level(
      'debate',
      of('debate'),
      `at least ${debate.debateAtLeast} %`,
      (mean) => mean >= debate.debateAtLeast,
    ),
    above(
      'RSFT on the debate minus RSFT on self-consistency, right answers as labels',
      goldContrast,
      debate.goldContrastAbove,
    ),
    above('the same, labels by consensus', consensusContrast, debate.consensusContrastAbove),
    above('student minus the best agent, both greedy', studentOverAgent, debate.studentOverAgentAbove),
    gap(
      'full overlap: debate minus its own first vote',
      fullOverlap.debateGain,
      `upper end below ${debate.fullOverlapGainBelow}`,
      (_, high) => high < debate.fullOverlapGainBelow,
    ),
    gap(
      'full overlap: RSFT on the debate minus RSFT on self-consistency',
      shared,
      `interval holds 0, or mean within ${debate.fullOverlapContrastWithin}`,
      (low, high) => (low <= 0 && high >= 0) || Math.abs(shared.mean) < debate.fullOverlapContrastWithin,
    ),
  ];
}

/**
 * `few-questions`: written after four of the five seeds of `debate` had put the gold contrast at 800 questions near +5 points, below its
 * bound, and one seed of `scaling` at +14 (100 questions) and +21 (200). Why: independent samples of all agents show each kind of step
 * in some question that they solve, so with many questions their student learns all kinds and composes them. With few questions it
 * sees too few. A new prediction, on seeds that were not looked at.
 */
export const fewQuestions = {
  seeds: [5, 6, 7, 8, 10],
  questions: 200,
  goldContrastAbove: 5,
  studentOverAgentAbove: 0,
};

/** @param {{readonly goldContrast: Spread, readonly studentOverAgent: Spread}} measured @returns {readonly Bound[]} */
export const fewQuestionsBounds = ({ goldContrast, studentOverAgent }) => [
  above(
    'RSFT on the debate minus RSFT on self-consistency, right answers as labels',
    goldContrast,
    fewQuestions.goldContrastAbove,
  ),
  above('student minus the best agent, both greedy', studentOverAgent, fewQuestions.studentOverAgentAbove),
];

/**
 * `clean-traces`: DA beside RSFT on the debates of `debate`, steps checked; the same without the step filter is measured beside it
 * and has no bound.
 */
export const cleanTraces = {
  seeds: debate.seeds,
  daMinusRsftAtLeast: -2,
  wrongStepShare: 0,
};

/** @param {{readonly daMinusRsft: Spread, readonly wrongStepShare: Spread}} measured @returns {readonly Bound[]} */
export const cleanTracesBounds = ({ daMinusRsft, wrongStepShare }) => [
  gap(
    'DA minus RSFT',
    daMinusRsft,
    `mean at least ${cleanTraces.daMinusRsftAtLeast}`,
    () => daMinusRsft.mean >= cleanTraces.daMinusRsftAtLeast,
  ),
  level(
    'kept traces with a wrong step',
    wrongStepShare,
    `${cleanTraces.wrongStepShare} %`,
    (mean) => mean === cleanTraces.wrongStepShare,
  ),
];

/**
 * `self-correction`: share right after minus before the check, over five seeds. The control has the same number of steps on RSFT's
 * own rows. Pilots on another seed (9): on questions that RSFT had seen, the checked answers were known by heart and greedy answers
 * were spoilt (-3 to -6 points); on 40 % kept apart, with 400 steps, greedy -1.3 and temperature 1 +5.3.
 */
export const selfCorrection = {
  seeds: debate.seeds,
  arm: 'distilled:rsft+correct',
  control: 'control:equal-steps',
  temperature1Above: 0,
  greedyAtLeast: -1,
  controlBelow: 0,
};

/** @param {{readonly sampled: Spread, readonly greedy: Spread, readonly control: Spread}} measured @returns {readonly Bound[]} */
export const selfCorrectionBounds = ({ sampled, greedy, control }) => [
  above('first answer at temperature 1: after minus before', sampled, selfCorrection.temperature1Above),
  gap(
    'greedy first answer: after minus before',
    greedy,
    `mean at least ${selfCorrection.greedyAtLeast}`,
    () => greedy.mean >= selfCorrection.greedyAtLeast,
  ),
  gap(
    'control with as many steps, greedy: after minus before',
    control,
    `mean below ${selfCorrection.controlBelow}`,
    () => control.mean < selfCorrection.controlBelow,
  ),
];

/**
 * `pad-after-rsft`: rsft+pad minus rsft over five seeds. With a quarter of the questions kept apart for RL and the usual rate (2e-4), seeds 0
 * to 2 gave -1.75, -1.5 and -1.5 points: RL took its start up by two validation questions of 64, but RSFT on 600 of the 800 questions
 * began below RSFT on all. Pilots on another seed (9) with a tenth kept apart: 0.0 at 2e-4, +0.5 at 5e-5. So a tenth, and 5e-5: over the
 * five seeds that gave -0.2 [-3.8, 3.3], the spread being that of two RSFT trainings on unlike questions. Now RL starts from the very
 * RSFT that it is compared with and practises on 200 extra problems that nobody debated, as many as the preset's share would keep.
 */
export const padAfterRsft = {
  seeds: debate.seeds,
  meanAtLeast: 0,
  lowerAbove: -1,
};

/** @param {Spread} difference @returns {readonly Bound[]} */
export const padAfterRsftBounds = (difference) => [
  gap(
    'RSFT, then PAD, minus RSFT',
    difference,
    `mean at least ${padAfterRsft.meanAtLeast}`,
    () => difference.mean >= padAfterRsft.meanAtLeast,
  ),
  above('the same', difference, padAfterRsft.lowerAbove),
];

/** `transfer`: how far the effect reaches is measured; nothing was written down before. */
export const transfer = { seeds: [0, 1, 2] };

/**
 * `specialists`: SmolLM2-135M-Instruct on easy problems of 27 templates. Three adapters learn worked solutions of one kind each (sums,
 * groups, shares; six templates), without overlap: where one is taught, the others are not, so their gaps are systematic and a vote
 * cannot close them, and on every question of a taught template one agent has something to follow. None is taught to follow: whether
 * a model of this size does so by itself is what is measured. Agents and union are the same for all seeds, as the bundled agents are in
 * `debate`; each seed has its own questions, debate and trainings. Student, control, specialists and union take equal steps.
 */
export const specialists = {
  seeds: [0, 1, 2],
  /** Of the problems of all sets. */
  drawSeed: 14,
  /**
   * Worked solutions for each specialist; of a seed, questions debated for the student, tested on taught and on held-out templates;
   * optimiser steps and their batch. About an hour of one core: a row of training takes 1.7 to 2 seconds.
   */
  sizes: { each: 36, train: 18, test: 18, heldOut: 9, steps: 20, batch: 4 },
  /** Lower bounds of 95 % t intervals over the seeds, in points. A specialist on its own kind of template minus on the others, greedy: */
  ownOverOtherKindsAbove: 0,
  /** The debate minus a vote of independent answers at its prompt and generated tokens. */
  debateOverVoteAbove: 0,
  studentOverBaseAbove: 0,
  /** RSFT on the debate minus RSFT on self-consistency, and minus worked solutions of all specialists' questions. */
  studentOverControlAbove: 0,
  studentOverUnionAbove: 0,
  /** On templates that nobody was taught. */
  heldOutStudentOverBaseAbove: 0,
};

/**
 * @typedef {object} Specialists what `specialists` measures, as far as the bounds read it
 * @property {readonly Readonly<Record<string, number>>[]} leaks of each seed, by what is shared
 * @property {Spread} ownOverOtherKinds
 * @property {Spread} debateOverVote
 * @property {Spread} studentOverBase
 * @property {Spread} studentOverControl
 * @property {Spread} studentOverUnion
 * @property {Spread} heldOutStudentOverBase
 */

/**
 * The bounds of `specialists` beside what was measured.
 * @param {Specialists} found
 * @returns {readonly Bound[]}
 */
export function specialistBounds(found) {
  const shared = found.leaks.map((one) => Object.values(one).reduce((sum, count) => sum + count, 0));
  const leak = Math.max(...shared);
  return [
    {
      what: 'test questions that share text, numbers of a template or a held-out template with training',
      wanted: '0',
      measured: { mean: leak, ci: [leak, leak], values: shared },
      kind: 'count',
      holds: leak === 0,
    },
    above(
      'a specialist on its own kind minus on the others',
      found.ownOverOtherKinds,
      specialists.ownOverOtherKindsAbove,
    ),
    above(
      'debate minus vote at equal prompt and generated tokens',
      found.debateOverVote,
      specialists.debateOverVoteAbove,
    ),
    above('student minus base', found.studentOverBase, specialists.studentOverBaseAbove),
    above(
      'student minus RSFT on self-consistency',
      found.studentOverControl,
      specialists.studentOverControlAbove,
    ),
    above(
      "student minus the union of the specialists' training",
      found.studentOverUnion,
      specialists.studentOverUnionAbove,
    ),
    above(
      'held-out templates: student minus base',
      found.heldOutStudentOverBase,
      specialists.heldOutStudentOverBaseAbove,
    ),
  ];
}

/**
 * `bench-before`: these sources against an earlier commit, each round one after the other. On the software adapter no work may be slower
 * by more than 5 %; a product of 512^3 on the CPU is to take at most 1/1.4 of the time.
 */
export const benchBefore = {
  commit: '1e4e7a5',
  /** Parts of names of works, with their rounds. */
  works: [
    { name: 'matmul-512x512x512', rounds: 9 },
    { name: 'matmul-2048x96x288', rounds: 9 },
    { name: 'matmul-2048x288x96', rounds: 9 },
    { name: 'matmul-512x576x1536', rounds: 9 },
    { name: 'lora-step-bundled', rounds: 9 },
    { name: 'decode-bundled-1', rounds: 9 },
    { name: 'decode-bundled-8', rounds: 9 },
    { name: 'decode-bundled-64', rounds: 9 },
    { name: 'decode-smollm2-1', rounds: 5 },
    { name: 'decode-smollm2-8', rounds: 5 },
    { name: 'lora-step-smollm2', rounds: 3 },
  ],
  gpuAtLeast: 0.95,
  cpuProduct: { work: 'matmul-512x512x512', atLeast: 1.4 },
};

/**
 * @param {readonly {readonly work: string, readonly contender: string, readonly ratio: number, readonly ratios: readonly number[]}[]} rows
 * @returns {readonly Bound[]}
 */
export function benchBeforeBounds(rows) {
  const { gpuAtLeast, cpuProduct } = benchBefore;
  /** @param {typeof rows[number]} row @param {number} least */
  const bound = ({ work, contender, ratio, ratios }, least) =>
    level(
      `${work}, ${contender}: speed over ${benchBefore.commit}`,
      { mean: ratio, ci: [Math.min(...ratios), Math.max(...ratios)], values: ratios },
      `median at least ${least}`,
      (median) => median >= least,
    );
  return [
    ...rows.filter(({ contender }) => contender === 'arklet').map((row) => bound(row, gpuAtLeast)),
    ...rows
      .filter(({ contender, work }) => contender === 'arklet-cpu' && work === cpuProduct.work)
      .map((row) => bound(row, cpuProduct.atLeast)),
  ];
}
