/**
 * The reward head [2, hidden] (row 0 = bad, row 1 = good) over the final norm's output at step-end tokens, its losses
 * and their gradients, in f64 on the host: a few hundred rows a step.
 */

export interface StepBatch {
  /** [rows, hidden] */
  readonly final: ArrayLike<number>;
  readonly hidden: number;
  /** Share of good, 0 to 1. */
  readonly labels: readonly number[];
  /** Who wrote each step's trace. */
  readonly agents: readonly string[];
}

export interface HeadLoss {
  readonly loss: number;
  /** Rows whose likelier class is the label's. */
  readonly right: number;
  readonly gradHead: Float64Array;
  /** [rows, hidden] */
  readonly gradFinal: Float64Array;
}

/** p(good) of each row. */
export function scoreRows(final: ArrayLike<number>, head: ArrayLike<number>, hidden: number): number[] {
  const rows = final.length / hidden;
  return Array.from({ length: rows }, (_, row) => {
    let difference = 0;
    for (let h = 0; h < hidden; h++) difference += final[row * hidden + h]! * (head[hidden + h]! - head[h]!);
    return 1 / (1 + Math.exp(-difference));
  });
}

/** Weight of the bad and of the good class that makes both count alike: n / (2 n_class). */
export function classWeights(labels: readonly number[]): readonly [number, number] {
  const good = labels.reduce((sum, label) => sum + label, 0);
  const bad = labels.length - good;
  return good === 0 || bad === 0 ? [1, 1] : [labels.length / (2 * bad), labels.length / (2 * good)];
}

/** Two-class cross-entropy, -sum w_c y_c log p_c / sum w_c y_c; with hard labels torch's, class weights included. */
export function headCrossEntropy(
  batch: StepBatch,
  head: ArrayLike<number>,
  weights: readonly [number, number],
): HeadLoss {
  const { final, hidden, labels } = batch;
  const gradHead = new Float64Array(2 * hidden);
  const gradFinal = new Float64Array(labels.length * hidden);
  const total = labels.reduce((sum, label) => sum + weights[1] * label + weights[0] * (1 - label), 0);
  let [loss, right] = [0, 0];
  labels.forEach((label, row) => {
    const start = row * hidden;
    let difference = 0;
    for (let h = 0; h < hidden; h++) difference += final[start + h]! * (head[hidden + h]! - head[h]!);
    const good = 1 / (1 + Math.exp(-difference));
    if (good >= 0.5 === label >= 0.5) right++;
    const [onGood, onBad] = [weights[1] * label, weights[0] * (1 - label)];
    loss += onGood * softplus(-difference) + onBad * softplus(difference);
    const slope = ((onGood + onBad) * good - onGood) / total;
    for (let h = 0; h < hidden; h++) {
      const x = final[start + h]!;
      gradHead[h]! -= slope * x;
      gradHead[hidden + h]! += slope * x;
      gradFinal[start + h] = slope * (head[hidden + h]! - head[h]!);
    }
  });
  return { loss: loss / total, right, gradHead, gradFinal };
}

/**
 * The contrastive term (AgentArk; the form is InfoNCE with several positives, arXiv 2004.11362 eq. 2): anchors are good
 * steps; their positives the other good steps, their negatives the bad steps of other agents; similarity is the cosine.
 * Mean over the anchors that have both; 0 without any.
 */
export function contrastiveLoss(
  batch: StepBatch,
  temperature: number,
): { loss: number; anchors: number; gradFinal: Float64Array } {
  const { final, hidden, labels, agents } = batch;
  const rows = labels.length;
  const unit = new Float64Array(rows * hidden);
  const norms = labels.map((_, row) => {
    let squares = 0;
    for (let h = 0; h < hidden; h++) squares += final[row * hidden + h]! ** 2;
    const norm = Math.max(Math.sqrt(squares), 1e-12);
    for (let h = 0; h < hidden; h++) unit[row * hidden + h] = final[row * hidden + h]! / norm;
    return norm;
  });
  const good = labels.flatMap((label, row) => (label >= 0.5 ? row : []));
  const bad = labels.flatMap((label, row) => (label < 0.5 ? row : []));
  const gradUnit = new Float64Array(rows * hidden);
  let loss = 0;
  const sets = good
    .map((anchor) => ({
      anchor,
      positives: good.filter((row) => row !== anchor),
      negatives: bad.filter((row) => agents[row] !== agents[anchor]),
    }))
    .filter(({ positives, negatives }) => positives.length > 0 && negatives.length > 0);
  for (const { anchor, positives, negatives } of sets) {
    const others = [...positives, ...negatives];
    const scores = others.map((row) => dot(unit, anchor, row, hidden) / temperature);
    const most = Math.max(...scores);
    const weights = scores.map((score) => Math.exp(score - most));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    const logTotal = most + Math.log(total);
    others.forEach((row, i) => {
      const positive = i < positives.length;
      if (positive) loss += (logTotal - scores[i]!) / positives.length / sets.length;
      const slope = (weights[i]! / total - (positive ? 1 / positives.length : 0)) / temperature / sets.length;
      for (let h = 0; h < hidden; h++) {
        gradUnit[anchor * hidden + h]! += slope * unit[row * hidden + h]!;
        gradUnit[row * hidden + h]! += slope * unit[anchor * hidden + h]!;
      }
    });
  }
  // Through u = x / |x|: dx = (du - u (u . du)) / |x|.
  const gradFinal = new Float64Array(rows * hidden);
  for (let row = 0; row < rows; row++) {
    let along = 0;
    for (let h = 0; h < hidden; h++) along += unit[row * hidden + h]! * gradUnit[row * hidden + h]!;
    for (let h = 0; h < hidden; h++) {
      const at = row * hidden + h;
      gradFinal[at] = (gradUnit[at]! - unit[at]! * along) / norms[row]!;
    }
  }
  return { loss, anchors: sets.length, gradFinal };
}

function dot(unit: Float64Array, a: number, b: number, hidden: number): number {
  let total = 0;
  for (let h = 0; h < hidden; h++) total += unit[a * hidden + h]! * unit[b * hidden + h]!;
  return total;
}

/** log(1 + e^x) */
function softplus(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}
