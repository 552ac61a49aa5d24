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

/** `clean-traces`: DA beside RSFT over five seeds, with steps checked. */
export const cleanTraces = {
  daMinusRsftAtLeast: -2,
  wrongStepShare: 0,
};

/** `self-correction`: after minus before the check, over five seeds; the control has the same number of steps on plain rows. */
export const selfCorrection = {
  temperature1Above: 0,
  greedyAtLeast: -1,
  controlBelow: 0,
};

/** `pad-after-rsft`: rsft+pad minus rsft over five seeds. */
export const padAfterRsft = {
  meanAtLeast: 0,
  lowerAbove: -1,
};
